import { describe, expect, test } from 'vitest'
import { parseList, parsePairs } from '../../../collector/service/api/list-filter.ts'
import { chartOf, minutesIn, parseRange, stepMsOf, timesOf } from '../../../collector/service/api/time.ts'

const nowMs = 1_790_000_000_000
const hour = 3_600_000
const minute = (ms: number) => Math.floor(ms / 60_000) * 60_000

describe('time ranges', () => {
  const cases: [query: { from?: string; to?: string }, fromMs: number, toMs: number][] = [
    [{}, minute(nowMs - hour), nowMs],
    [{ from: 'now-15m' }, nowMs - 900_000, nowMs],
    [{ from: 'now-7d', to: 'now-1d' }, minute(nowMs - 168 * hour), nowMs - 24 * hour],
    [{ from: String(nowMs - hour) }, nowMs - hour, nowMs],
    [{ from: '1789990000000', to: '1789990000001' }, 1_789_990_000_000, 1_789_990_000_001],
  ]
  test.each(cases)('%o', (query, fromMs, toMs) => {
    expect(parseRange(query, nowMs)).toEqual({ fromMs, toMs })
  })
})

test('steps are round and give at most about 120 points', () => {
  for (const hours of [0.01, 0.25, 1, 3, 6, 24, 48, 168, 720, 9_600]) {
    const range = { fromMs: nowMs - hours * hour - 7, toMs: nowMs }
    const times = timesOf(range, stepMsOf(range))
    expect(times.length).toBeLessThanOrEqual(122)
    expect(times[0]).toBeLessThanOrEqual(range.fromMs)
    expect((times.at(-1) ?? 0) + stepMsOf(range)).toBeGreaterThanOrEqual(range.toMs)
  }
  expect(stepMsOf({ fromMs: nowMs - hour, toMs: nowMs })).toBe(30_000)
})

test('counts are filled with zero, levels with null; a rate knows that the first and last step are not whole', () => {
  const range = { fromMs: nowMs - hour + 10_000, toMs: nowMs - 5_000 }
  const [first = 0] = timesOf(range, 30_000)
  const chart = chartOf([{ timeMs: first + 30_000, calls: 6 }], range, [
    { name: 'calls', unit: '1/min', missing: 0, value: (row, minutes) => row.calls / minutes },
    { name: 'ms', unit: 'ms', missing: null, value: () => 5 },
  ])
  expect(chart.series[0]?.points.slice(0, 3)).toEqual([0, 12, 0])
  expect(chart.series[1]?.points.slice(0, 3)).toEqual([null, 5, null])
  const covered = chart.timesMs.map((time) => minutesIn(time, chart.stepMs, range))
  expect(covered.reduce((sum, minutes) => sum + minutes)).toBeCloseTo((range.toMs - range.fromMs) / 60_000, 9)
})

test.each([
  [8_000, 0, null],
  [20_000, 0, 18],
  [60_000, 0, 6],
  // What is said of durations needs no time.
  [8_000, 1, 5],
])('of a minute that goes on for %i ms so far', (ms, series, expected) => {
  const range = { fromMs: 0, toMs: 120_000 + ms }
  const chart = chartOf(
    [{ timeMs: 120_000, calls: 6 }],
    range,
    [
      { name: 'calls', unit: '1/min', missing: 0, value: (row, minutes) => row.calls / minutes },
      { name: 'ms', unit: 'ms', missing: null, value: () => 5 },
    ],
    60_000,
  )
  expect(chart.series[series]?.points.at(-1)).toBe(expected)
})

test('lists and pairs', () => {
  expect(parseList('a', undefined)).toEqual({ in: [], out: [] })
  expect(parseList('a', ' x , !y,,!, z')).toEqual({ in: ['x', 'z'], out: ['y'] })
  expect(parsePairs('a', 'http.route=/hw2, q=a=b ,empty=')).toEqual([
    ['http.route', '/hw2'],
    ['q', 'a=b'],
    ['empty', ''],
  ])
})
