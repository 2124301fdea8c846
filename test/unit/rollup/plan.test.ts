import { expect, test } from 'vitest'
import { readTime } from '../../../collector/cli/rollup.ts'
import { groupMinutes, nextGeneration } from '../../../collector/service/rollup/compute-minutes.ts'
import type { TouchedRow } from '../../../collector/service/rollup/minute-sql.ts'
import { planRun, rollupConfig, startRollup } from '../../../collector/service/rollup/rollup.ts'
import type { Query } from '../../../collector/service/store/store.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { createManualClock } from '../../support/manual-clock.ts'

const minute = 60_000
const day = 86_400_000
const nowMs = 100 * day
const row = (minuteMs: number, firstReceivedMs: number, computedMs = 0): TouchedRow => ({
  minuteMs,
  firstReceivedMs,
  computedMs,
})

test.each([
  ['nothing touched: all is finished', [], { now: [], finishedMs: nowMs, backlog: false }],
  [
    'at the limit: all of it',
    [row(nowMs - 2 * minute, 7), row(nowMs - minute, 8)],
    { now: [nowMs - 2 * minute, nowMs - minute], finishedMs: nowMs, backlog: false },
  ],
  [
    'beyond the limit: finished up to what is left, and on at once',
    [row(nowMs - 3 * minute, 7), row(nowMs - 2 * minute, 8), row(nowMs - minute, 9), row(nowMs, 5)],
    { now: [nowMs - 3 * minute, nowMs - 2 * minute], finishedMs: 5, backlog: true },
  ],
  [
    'beyond the limit with minutes that had been computed: they wait for the next run',
    [row(nowMs, 7), row(nowMs - 2 * minute, 8, 1), row(nowMs - minute, 9, 1)],
    { now: [nowMs, nowMs - 2 * minute], finishedMs: 9, backlog: false },
  ],
  [
    'raw spans may have expired: only what was never computed',
    [row(nowMs - 15 * day, 7), row(nowMs - 15 * day + minute, 7, 1)],
    { now: [nowMs - 15 * day], finishedMs: nowMs, backlog: false },
  ],
])('%s', (_name, touched, want) => {
  const bounds = { nowMs, beforeMs: nowMs, minutesMax: 2, keptMs: rollupConfig.keptMs }
  expect(planRun(touched, bounds)).toEqual(want)
})

test('minutes are computed together by the hour, at most ten', () => {
  const hour = 3_600_000
  const many = Array.from({ length: 11 }, (_, index) => hour + index * minute)
  expect(groupMinutes([0, ...many, 59 * minute])).toEqual([
    [0, 59 * minute],
    many.slice(0, 10),
    many.slice(10),
  ])
})

test('a generation is above every one before, though the clock is put back', () => {
  const none = () => 0
  const first = nextGeneration(1_000, 0n, none)
  expect(nextGeneration(1_001, first, none)).toBeGreaterThan(first)
  expect(nextGeneration(1_000, first, none)).toBeGreaterThan(first)
  expect(nextGeneration(5, first, none)).toBeGreaterThan(first)
})

test.each([
  ['1795382400000', 1_795_382_400_000],
  ['2026-11-22T20:00Z', 1_795_377_600_000],
  ['2026-11-22T20:00', 1_795_377_600_000],
  ['2026-11-22T21:00+01:00', 1_795_377_600_000],
  ['2026-11-22', 1_795_305_600_000],
])('the time %s is read', (text, want) => expect(readTime(text)).toBe(want))
test.each(['yesterday', '2026-13-01', '12', ''])('the time "%s" is refused', (text) =>
  expect(() => readTime(text)).toThrow('cannot read the time'),
)

test('a run that fails is counted and tried again after the interval; closing ends it', async () => {
  const clock = createManualClock()
  const counted: Record<string, number> = {}
  let asked = 0
  const store = {
    query: <Row>(_query: Query): Promise<Row[]> => {
      asked++
      return asked === 1 ? Promise.reject(new Error('away')) : Promise.resolve([])
    },
    client: undefined as never,
  }
  const rollup = startRollup(
    {
      store,
      clock,
      log: silentLog,
      metrics: {
        counter: (name) => ({
          add: (value) => {
            counted[name] = (counted[name] ?? 0) + value
          },
        }),
        gauge: () => {},
        histogram: () => ({ record: () => {} }),
      },
    },
    rollupConfig,
  )
  await clock.advance(rollupConfig.intervalMs - 1)
  expect([asked, counted]).toEqual([1, { rollup_run_failures: 1 }])
  await clock.advance(1)
  expect(asked).toBeGreaterThan(1)
  expect(counted).toEqual({ rollup_run_failures: 1, rollup_minutes: 0 })
  await rollup.close()
})
