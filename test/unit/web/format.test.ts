import { describe, expect, test } from 'vitest'
import {
  formatAge,
  formatAgo,
  formatBytes,
  formatCount,
  formatCpu,
  formatDateTime,
  formatDuration,
  formatNumber,
  formatPercent,
  formatPlural,
  formatRate,
  formatValue,
} from '../../../dashboards/web/src/format.ts'

type Case<T> = readonly [input: T, want: string]

function check<T>(format: (input: T) => string, cases: readonly Case<T>[]): void {
  test.each(cases.map(([input, want]) => ({ input, want })))('$input → $want', ({ input, want }) => {
    expect(format(input)).toBe(want)
  })
}

type Maybe = number | null | undefined

describe('numbers have three significant digits', () => {
  check<Maybe>(formatNumber, [
    [0, '0'],
    [null, '–'],
    [undefined, '–'],
    [Number.NaN, '–'],
    [0.12345, '0.123'],
    [12.345, '12.3'],
    [999.4, '999'],
    [999.6, '1 k'],
    [1234, '1.23 k'],
    [45_600_000, '45.6 M'],
    [-1234, '-1.23 k'],
    [0.0004, '< 0.001'],
  ])
})

describe('counts are written out up to 9,999', () => {
  check<Maybe>(formatCount, [
    [0, '0'],
    [81, '81'],
    [3129, '3,129'],
    [9999, '9,999'],
    [10_000, '10 k'],
    [1_234_567, '1.23 M'],
    [null, '–'],
  ])
})

describe('durations scale', () => {
  check<Maybe>(formatDuration, [
    [0, '0 ms'],
    [0.0123, '12.3 µs'],
    [0.9996, '1 ms'],
    [14.26, '14.3 ms'],
    [999.6, '1 s'],
    [1240, '1.24 s'],
    [59_940, '59.9 s'],
    [60_000, '1 min'],
    [125_000, '2 min 5 s'],
    [500_000, '8 min 20 s'],
    [3_900_000, '1 h 5 min'],
    [90_000_000, '1 d 1 h'],
    [-5, '−5 ms'],
    [null, '–'],
  ])
})

describe('ages read as kubectl says them', () => {
  check<Maybe>(formatAge, [
    [-5, '0s'],
    [45_999, '45s'],
    [305_000, '5m5s'],
    [725_000, '12m'],
    [5 * 3_600_000 + 180_000, '5h3m'],
    [26 * 3_600_000, '1d2h'],
    [30 * 86_400_000, '30d'],
  ])
})

describe('bytes use powers of 1024', () => {
  check<Maybe>(formatBytes, [
    [0, '0 B'],
    [512, '512 B'],
    [1023, '0.999 KiB'],
    [64 * 1024 ** 2, '64 MiB'],
    [1.61 * 1024 ** 3, '1.61 GiB'],
    [null, '–'],
  ])
})

describe('CPU is in millicores below one core', () => {
  check<Maybe>(formatCpu, [
    [0, '0 mCPU'],
    [250, '250 mCPU'],
    [1550, '1.55 CPU'],
  ])
})

describe('ratios become percentages', () => {
  check<Maybe>(formatPercent, [
    [0, '0 %'],
    [0.971, '97.1 %'],
    [1, '100 %'],
    [null, '–'],
  ])
})

describe('values follow the unit of their chart', () => {
  check<readonly [Maybe, string]>(
    ([value, unit]) => formatValue(value, unit),
    [
      [[46, '1'], '46'],
      [[1240, 'ms'], '1.24 s'],
      [[2, 's'], '2 s'],
      [[1024 ** 2, 'By'], '1 MiB'],
      [[12.34, '%'], '12.3 %'],
      [[120, '1/min'], '120/min'],
      [[3, 'cats'], '3 cats'],
      [[null, 'ms'], '–'],
    ],
  )
})

test('rates say per what', () => {
  expect(formatRate(120)).toBe('120/min')
  expect(formatRate(3, 'err/min')).toBe('3 err/min')
})

test('a time that never came is said so', () => {
  expect(formatAgo(0, 1000)).toBe('never')
  expect(formatAgo(null, 1000)).toBe('never')
  expect(formatAgo(10_000, 70_000)).toBe('1m ago')
  expect(formatAgo(10_000, 10_500)).toBe('now')
})

test('the date is left out today', () => {
  const now = new Date(2026, 2, 4, 15, 0, 0).getTime()
  expect(formatDateTime(new Date(2026, 2, 4, 9, 5, 7).getTime(), now)).toBe('09:05:07')
  expect(formatDateTime(new Date(2026, 2, 3, 9, 5, 7).getTime(), now)).toBe('2026-03-03 09:05:07')
  expect(formatDateTime(0, now)).toBe('–')
})

test('one is singular', () => {
  expect([formatPlural(0, 'pod'), formatPlural(1, 'pod'), formatPlural(2, 'pod')]).toEqual([
    '0 pods',
    '1 pod',
    '2 pods',
  ])
})
