import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  listOf,
  parseSearch,
  resolveRange,
  stringifySearch,
  timeSearch,
  toggleInList,
  withSearch,
} from '../../../dashboards/web/src/search-params.ts'
import { nameOfRange, parseTime } from '../../../dashboards/web/src/time.ts'

const nowMs = 1_790_000_000_000

describe('times in the URL', () => {
  const cases: readonly [text: string, want: number | undefined][] = [
    ['now', nowMs],
    ['now-15m', nowMs - 900_000],
    ['now-7d', nowMs - 604_800_000],
    ['1790000000000', nowMs],
    ['', undefined],
    ['yesterday', undefined],
    ['now-1y', undefined],
    ['-5', undefined],
    ['1e9', undefined],
  ]
  test.each(cases)('%s is read as %s', (text, want) => {
    expect(parseTime(text, nowMs)).toBe(want)
  })

  test('without one the last hour is meant', () => {
    expect(resolveRange({}, nowMs)).toEqual({
      from: 'now-1h',
      to: 'now',
      fromMs: nowMs - 3_600_000,
      toMs: nowMs,
    })
  })

  test('a malformed or reversed range in a link falls back to the last hour', () => {
    for (const search of [
      { from: 'x' },
      { to: 'x' },
      { from: 'now', to: 'now-1h' },
      { from: '5', to: '5' },
    ]) {
      expect(resolveRange(search, nowMs).from).toBe('now-1h')
    }
  })

  test('a range that ends now has a name', () => {
    expect(nameOfRange('now-30m', 'now')).toBe('Last 30 min')
    expect(nameOfRange('now-30m', 'now-5m')).toBeUndefined()
    expect(nameOfRange('1', '2')).toBeUndefined()
  })
})

describe('parameters', () => {
  test('stay text, also where they look like numbers', () => {
    expect(parseSearch('?from=1790000000000&q=017')).toEqual({ from: '1790000000000', q: '017' })
  })

  test('empty ones are left out, commas stay readable', () => {
    expect(stringifySearch({ a: '', b: undefined, namespace: 'shop,billing' })).toBe(
      '?namespace=shop,billing',
    )
    expect(stringifySearch({})).toBe('')
  })

  test('what is written is read back', () => {
    const text = fc.string({ minLength: 1, unit: 'grapheme' })
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), text), (search) => {
        expect({ ...parseSearch(stringifySearch(search)) }).toEqual({ ...search })
      }),
    )
  })

  test('links keep the time range only', () => {
    expect(timeSearch({ from: 'now-3h', to: 'now', compare: 'weekly', q: 'x', pod: 'y' })).toEqual({
      from: 'now-3h',
      to: 'now',
      compare: 'weekly',
    })
  })

  test('are added to paths with and without parameters', () => {
    expect(withSearch('/a', {})).toBe('/a')
    expect(withSearch('/a', { from: '1' })).toBe('/a?from=1')
    expect(withSearch('/a?b=2', { from: '1' })).toBe('/a?b=2&from=1')
  })
})

describe('lists in parameters', () => {
  test('a value is added, and taken away again', () => {
    expect(toggleInList(undefined, 'shop')).toBe('shop')
    expect(toggleInList('shop', 'billing')).toBe('shop,billing')
    expect(toggleInList('shop,billing', 'shop')).toBe('billing')
    expect(toggleInList('billing', 'billing')).toBeUndefined()
  })

  test('nothing chosen is an empty list', () => {
    expect(listOf(undefined)).toEqual([])
    expect(listOf(',a,,b')).toEqual(['a', 'b'])
  })
})
