import { expect, test } from 'vitest'
import { createProgressBar } from '../../../collector/cli/progress.ts'
import { readTime } from '../../../collector/cli/rollup.ts'
import { groupMinutes, nextGeneration } from '../../../collector/service/rollup/compute-minutes.ts'
import { type PendingMinute, planRun } from '../../../collector/service/rollup/plan.ts'
import { startRollup } from '../../../collector/service/rollup/rollup.ts'
import { rollupConfig } from '../../../collector/service/rollup/rollup-config.ts'
import { createRollupRuns } from '../../../collector/service/rollup/run.ts'
import type { Query } from '../../../collector/service/store/store.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { createManualClock } from '../../support/manual-clock.ts'

const minute = 60_000
const day = 86_400_000
const nowMs = 100 * day
const row = (minuteMs: number, firstReceivedMs: number, computedMs = 0): PendingMinute => ({
  minuteMs,
  firstReceivedMs,
  computedMs,
  spans: 1,
})
const { minAgeMs, spacingMsMin, spacingMsMax } = rollupConfig
/** The end of the newest minute that is old enough. */
const oldMs = nowMs - minAgeMs

test.each([
  ['nothing pending: all that was looked at is finished', [], { now: [], finishedMs: nowMs, backlog: false }],
  [
    'at the limit: all of it, the oldest first',
    [row(oldMs - minute, 8), row(oldMs - 2 * minute, 7)],
    { now: [oldMs - 2 * minute, oldMs - minute], finishedMs: nowMs, backlog: false },
  ],
  [
    'beyond the limit: finished up to what is left, and on at once',
    [row(oldMs - 3 * minute, 7), row(oldMs - 2 * minute, 8), row(oldMs - minute, 5)],
    { now: [oldMs - 3 * minute, oldMs - 2 * minute], finishedMs: 5, backlog: true },
  ],
  [
    'minutes that were never computed come first',
    [row(oldMs - 9 * minute, 4, 5), row(oldMs - minute, 7), row(oldMs - 2 * minute, 8)],
    { now: [oldMs - 2 * minute, oldMs - minute], finishedMs: 4, backlog: true },
  ],
  [
    'a minute whose spans may still arrive waits, and so does progress',
    [row(oldMs - minute + 1, nowMs - minute)],
    { now: [], finishedMs: nowMs - minute, backlog: false },
  ],
  [
    'a minute ahead of the clock does not hold progress back for long',
    [row(nowMs + day, nowMs - minAgeMs - 2 * minute)],
    { now: [nowMs + day], finishedMs: nowMs, backlog: false },
  ],
  [
    'a minute that was computed lately is left until its age has doubled',
    [row(nowMs - 600_000, 7, nowMs - spacingMsMin - 180_000)],
    { now: [], finishedMs: 7, backlog: false },
  ],
  [
    'but not longer than the spacing at most',
    [row(nowMs - day, 7, nowMs - spacingMsMax)],
    { now: [nowMs - day], finishedMs: nowMs, backlog: false },
  ],
  [
    'raw spans may have expired: only what was never computed',
    [row(nowMs - 15 * day, 7), row(nowMs - 15 * day + minute, 7, 1)],
    { now: [nowMs - 15 * day], finishedMs: nowMs, backlog: false },
  ],
])('%s', (_name, pending, want) => {
  expect(planRun(pending, { ...rollupConfig, nowMs, scannedMs: nowMs, minutesMax: 2 })).toEqual(want)
})

test('minutes are computed together by the hour, at most ten of unknown size, and two million spans', () => {
  const hour = 3_600_000
  const many = Array.from({ length: 11 }, (_, index) => hour + index * minute)
  expect(groupMinutes([0, ...many, 59 * minute])).toEqual([
    [0, 59 * minute],
    many.slice(0, 10),
    many.slice(10),
  ])
  const sizes = [1_500_000, 500_000, 1, 5_000_000, 1]
  const five = many.slice(0, 5)
  expect(groupMinutes(five, (minuteMs) => sizes[five.indexOf(minuteMs)] ?? 0)).toEqual([
    five.slice(0, 2),
    five.slice(2, 3),
    five.slice(3, 4),
    five.slice(4, 5),
  ])
  // Touched by the other half of a call alone.
  expect(groupMinutes([hour], () => 0)).toEqual([[hour]])
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
    client: { command: () => Promise.resolve({}) } as never,
    carryOver: (statement: string) => [statement],
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

test('a rebuild shows a bar on a terminal and a line now and then in a pipe', () => {
  const written: string[] = []
  const out = (isTTY: boolean) => ({
    isTTY,
    write: (text: string | Uint8Array) => {
      written.push(String(text))
      return true
    },
  })
  let nowMs = 0
  const terminal = createProgressBar(out(true), 'minutes', () => nowMs)
  terminal.show(15, 30)
  terminal.close()
  expect(written).toEqual([
    `\r\u001b[K${'█'.repeat(15)}${'░'.repeat(15)} 15 of 30 minutes (50 %)`,
    '\r\u001b[K',
  ])
  written.length = 0
  const pipe = createProgressBar(out(false), 'minutes', () => nowMs)
  pipe.show(10, 30)
  nowMs += 2_000
  pipe.show(20, 30)
  pipe.show(30, 30)
  pipe.close()
  expect(written).toEqual(['20 of 30 minutes (66 %)\n'])
})

test('after work the job rests, by default so that it has a quarter of a core at most', async () => {
  let nowMs = Date.UTC(2026, 0, 2)
  let workedMs = 0
  let restedMs = 0
  const store = {
    query: <Row>({ sql }: Query): Promise<Row[]> => {
      const pending = { minuteMs: nowMs - 600_000, firstReceivedMs: 1, computedMs: 0, spans: 1, late: 0 }
      const rows = sql.includes('AS late')
        ? [{ ...pending, computedUntilMs: 0 }]
        : sql.includes('AS firstMs')
          ? [{ firstMs: pending.minuteMs }]
          : []
      return Promise.resolve(rows as Row[])
    },
    carryOver: (statement: string) => [statement],
    client: {
      command: () => {
        nowMs += 500
        workedMs += 500
        return Promise.resolve({})
      },
    } as never,
  }
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: (ms: number) => {
      restedMs += ms
      return Promise.resolve()
    },
  }
  expect((await createRollupRuns({ store, clock }, rollupConfig).next()).minutes).toBe(1)
  expect(workedMs).toBeGreaterThan(2_000)
  expect(restedMs).toBe(3 * workedMs)
})
