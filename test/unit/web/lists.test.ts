import { describe, expect, test } from 'vitest'
import { countBy } from '../../../dashboards/web/src/clusters/count-by.ts'
import { explainExit } from '../../../dashboards/web/src/clusters/explain-exit.ts'
import { podHappenings } from '../../../dashboards/web/src/clusters/pod-happenings.ts'
import { findPlaces } from '../../../dashboards/web/src/keyboard/find-places.ts'
import { sortRows } from '../../../dashboards/web/src/parts/sort-rows.ts'

describe('sorting rows', () => {
  test('numbers by size, texts with their numbers by size', () => {
    expect(sortRows([10, 9, 100], (row) => row, false)).toEqual([9, 10, 100])
    expect(sortRows(['pod-10', 'pod-9'], (row) => row, false)).toEqual(['pod-9', 'pod-10'])
  })

  test('equal rows keep their order, both ways', () => {
    const rows = [
      { key: 1, name: 'a' },
      { key: 0, name: 'b' },
      { key: 1, name: 'c' },
    ]
    expect(sortRows(rows, (row) => row.key, true).map((row) => row.name)).toEqual(['a', 'c', 'b'])
  })

  test('the rows given stay as they are', () => {
    const rows = [2, 1]
    sortRows(rows, (row) => row, false)
    expect(rows).toEqual([2, 1])
  })
})

describe('the search for places', () => {
  const all = [
    { name: 'Home', kind: 'Page', href: '/' },
    { name: 'workshop', kind: 'Namespace in demo', href: '/w' },
    { name: 'shop', kind: 'Application', href: '/s' },
    { name: 'shop', kind: 'Namespace in demo', href: '/n' },
  ]

  test('names that begin with the text come first', () => {
    expect(findPlaces(all, 'SHOP').map((place) => place.href)).toEqual(['/s', '/n', '/w'])
  })

  test('every word must be in the name or the kind', () => {
    expect(findPlaces(all, 'shop namesp').map((place) => place.href)).toEqual(['/n', '/w'])
    expect(findPlaces(all, 'nothing like it')).toEqual([])
  })

  test('without a text all are offered, up to a screenful', () => {
    expect(findPlaces(all, ' ')).toHaveLength(4)
    expect(
      findPlaces(
        Array.from({ length: 99 }, () => all[0] ?? { name: '', kind: '', href: '' }),
        '',
      ),
    ).toHaveLength(12)
  })
})

test('values are counted, the most frequent first', () => {
  expect(countBy(['b', 'a', 'b', 'c'], (row) => row)).toEqual([
    { value: 'b', count: 2 },
    { value: 'a', count: 1 },
    { value: 'c', count: 1 },
  ])
})

test('exit codes are explained as far as they can be', () => {
  expect(explainExit(137, 'OOMKilled')).toContain('more memory than its limit')
  expect(explainExit(137, 'Error')).toContain('SIGKILL')
  expect(explainExit(134, 'Error')).toBe('Ended by signal 6.')
  expect(explainExit(1, 'Error')).toContain('itself')
})

test('events and changes of a pod are one line of time, the newest first', () => {
  const change = {
    kind: 'Pod',
    name: 'a',
    namespace: 'shop',
    from: '',
    to: '',
    previousDurationMs: 0,
    container: 'app',
    exitCode: 1,
    reason: 'Error',
    message: '',
    version: '',
  }
  const happenings = podHappenings({
    changes: [
      { ...change, timeMs: 10, change: 'restart' },
      {
        ...change,
        timeMs: 30,
        change: 'status',
        from: 'Running',
        to: 'CrashLoopBackOff',
        previousDurationMs: 12_000,
        reason: '',
      },
    ],
    events: [],
  })
  expect(happenings.map(({ timeMs, title, detail }) => ({ timeMs, title, detail }))).toEqual([
    { timeMs: 30, title: 'status: Running → CrashLoopBackOff', detail: 'was Running for 12 s' },
    { timeMs: 10, title: 'app restarted', detail: 'Error, exit code 1' },
  ])
})
