import { expect, test } from 'vitest'
import { createTraffic } from '../../../collector/agent/traffic.ts'

const minute = 60_000

function setUp(pods: number) {
  const now = { ms: 7 * minute + 1_234, pods }
  const traffic = createTraffic({ monotonicMs: () => now.ms }, () => now.pods)
  traffic.read()
  return {
    traffic,
    /** Time passes, with a look each half minute, as reports have it. */
    pass(ms: number) {
      for (let left = ms; left > 0; left -= 30_000) {
        now.ms += Math.min(left, 30_000)
        traffic.read()
      }
    },
    now,
  }
}

test('before the first minute there is no figure, then it is of the time since the start', () => {
  const { traffic, pass } = setUp(2)
  traffic.sent('kube', 1_000)
  expect(traffic.read()).toMatchObject({ bytes: 1_000, bytesPerPodHour: undefined, over: 'since start' })
  expect(traffic.reported()).toBeUndefined()
  pass(30 * minute)
  // Two pods for half an hour are one pod-hour.
  expect(traffic.read()).toMatchObject({ over: 'since start', overMs: 30 * minute, pods: 2 })
  expect(traffic.read().bytesPerPodHour).toBeCloseTo(1_000)
})

test('after an hour only the last hour counts, by lane', () => {
  const { traffic, pass } = setUp(10)
  traffic.sent('kube', 1_000_000)
  pass(62 * minute)
  traffic.sent('kube', 5_000)
  traffic.sent('metrics', 15_000)
  const { over, overMs, bytes, bytesPerPodHour, lanes } = traffic.read()
  expect({ over, bytes }).toEqual({ over: 'last hour', bytes: 20_000 })
  expect(overMs).toBeGreaterThanOrEqual(60 * minute)
  expect(overMs).toBeLessThan(61 * minute)
  expect(bytesPerPodHour).toBeCloseTo(20_000 / ((10 * overMs) / 3_600_000))
  expect(lanes.map(({ lane, bytes: one }) => [lane, one])).toEqual([
    ['kube', 5_000],
    ['metrics', 15_000],
  ])
})

test('pods count for as long as they were there', () => {
  const { traffic, pass, now } = setUp(100)
  pass(15 * minute)
  now.pods = 20
  traffic.read()
  pass(15 * minute)
  traffic.sent('kube', 60_000)
  // A hundred for a quarter of an hour, twenty for another.
  expect(traffic.read().bytesPerPodHour).toBeCloseTo(60_000 / 30)
})

test('a process that was asleep for hours tells of the last one', () => {
  const { traffic, pass, now } = setUp(1)
  traffic.sent('kube', 1_000)
  pass(5 * minute)
  now.ms += 10 * 60 * minute
  expect(traffic.read()).toMatchObject({ over: 'last hour', bytes: 0, bytesPerPodHour: 0 })
})

test('what is reported changes every ten minutes at most', () => {
  const { traffic, pass } = setUp(60)
  pass(minute)
  traffic.sent('kube', 1_000)
  const first = traffic.reported()
  expect(first?.bytes).toBe(1_000)
  traffic.sent('kube', 1_000)
  pass(9 * minute)
  expect(traffic.reported()).toBe(first)
  pass(minute)
  expect(traffic.reported()?.bytes).toBe(2_000)
})
