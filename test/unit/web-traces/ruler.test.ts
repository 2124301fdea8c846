import { expect, test } from 'vitest'
import { logTicks, rulerTicks } from '../../../dashboards/web/src/traces/ruler.ts'

test.each([
  [100, 5, [0, 20, 40, 60, 80]],
  [164, 5, [0, 50, 100, 150]],
  [0.7, 4, [0, 0.2, 0.4, 0.6]],
  [12_000, 6, [0, 2000, 4000, 6000, 8000, 10_000]],
  [0, 5, [0]],
])('a ruler of %d ms with at most %d ticks', (length, max, want) =>
  expect(rulerTicks(length, max)).toEqual(want),
)

test.each([
  [5, 80, [1, 3, 10, 30, 100]],
  [0.4, 9_000, [0.1, 1, 10, 100, 1000, 10_000]],
  [7, 7, [1, 3, 10]],
  [0, 0, [0.001, 0.003, 0.01]],
])('a logarithmic axis from %d to %d', (low, high, want) => expect(logTicks(low, high)).toEqual(want))
