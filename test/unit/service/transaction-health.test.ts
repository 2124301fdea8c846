import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Evidence, ViolationTableRow } from '../../../collector/record/violation.ts'
import { runHealthRules } from '../../../collector/service/health/health-rules.ts'
import type { RuleSet } from '../../../collector/service/health/rule-set.ts'
import { transactionFindings } from '../../../collector/service/health/transaction-findings.ts'
import { recordProgressQuery } from '../../../collector/service/rollup/progress-sql.ts'
import { systemClock } from '../../../collector/std/clock.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { type HistoryHour, seedHistory } from '../../support/seed/history.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 60_000 })
const minute = 60_000
const day = 86_400_000
/** What is rolled up is received until 10:46:20: judged are the half hour before 10:45 and the hours from ten to eleven. */
const receivedUntilMs = Date.UTC(2026, 10, 20, 10, 46, 20)
const toMs = Date.UTC(2026, 10, 20, 10, 45)
const hourMs = Date.UTC(2026, 10, 20, 10)

let clickHouse: TestClickHouse
let rules: readonly RuleSet[]
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  rules = [transactionFindings({ store: clickHouse.store, unjudged: { add() {} } })]
})
afterAll(() => clickHouse?.close())

async function rollUp(untilMs: number): Promise<void> {
  const { sql, params } = recordProgressQuery({ job: 'red_1m', untilMs })
  await clickHouse.store.client.command({ query: sql, query_params: params })
}

const run = (nowMs: number, sets = rules) =>
  runHealthRules({ store: clickHouse.store, clock: { ...systemClock, nowMs: () => nowMs } }, sets, 15_000)

interface Now {
  readonly callsPerMinute: number
  readonly meanMs: number
  /** In the whole half hour. */
  readonly errors?: number
  readonly service?: string
}

let generation = 0
/** The half hour before `untilMs` of transactions, as the rollup writes it: in two minutes of it, in two versions. */
async function seedNow(transactions: Readonly<Record<string, Now>>, untilMs = toMs): Promise<void> {
  generation++
  const times = [untilMs - 30 * minute, untilMs - minute]
  const rows = Object.entries(transactions).flatMap(([transaction, now]) =>
    times.flatMap((at) =>
      ['v1', 'v2'].map((version) => {
        const calls = (now.callsPerMinute * 30) / 4
        return {
          minute: at / 1000,
          application: 'shop',
          service: now.service ?? 'front',
          transaction,
          version,
          calls,
          errors: (now.errors ?? 0) / 4,
          duration_sum_ns: calls * now.meanMs * 1e6,
          generation,
        }
      }),
    ),
  )
  // All of its minutes are computed anew: what was there before does not count.
  const computed = Array.from({ length: 30 }, (_, back) => ({
    minute: untilMs / 1000 - 60 * (back + 1),
    generation,
  }))
  await clickHouse.store.client.insert({
    table: 'transactions_1m',
    values: [...rows, ...computed],
    format: 'JSONEachRow',
  })
}

/** The same hour of the days before: so many calls of so many ms, so many errors, each. */
const past = (operation: string, means: readonly number[], errors: readonly number[] = []): HistoryHour[] =>
  means.map((meanMs, index) => ({
    hourMs: hourMs - (index + 1) * day,
    operation,
    service: 'front',
    calls: 6_000,
    errors: errors[index] ?? 0,
    durations: [[meanMs, 6_000]],
  }))

// Mean 100 ms; squares 100 + 25 + 0 + 25 + 100 + 0 + 25 + 25 = 300, / 7: σ = 6.547 ms, 2 σ above is 113.1, 3 σ 119.6 ms.
const means = [90, 95, 100, 105, 110, 100, 95, 105]
// A minute: mean 1; squares 0.25 × 4, / 7: σ = 0.378; 2 σ above is 1.756 (52.7 in the half hour), 3 σ 2.134 (64.0).
const errors = [30, 90, 60, 30, 60, 90, 60, 60]

const usual = { callsPerMinute: 120, meanMs: 100 }
const cases: Readonly<Record<string, { now: Now; past?: HistoryHour[]; want: readonly string[] }>> = {
  'as usual': { now: usual, want: [] },
  'above 2 σ, more than 100 calls': {
    now: { callsPerMinute: 101, meanMs: 113.2 },
    want: ['response-time warning'],
  },
  'below 2 σ': { now: { callsPerMinute: 200, meanMs: 113 }, want: [] },
  'above 2 σ, 100 calls': { now: { callsPerMinute: 100, meanMs: 119 }, want: [] },
  'above 3 σ, more than 50 calls': {
    now: { callsPerMinute: 51, meanMs: 119.7 },
    want: ['response-time critical'],
  },
  'above 3 σ, 50 calls': { now: { callsPerMinute: 50, meanMs: 500 }, want: [] },
  'fails above 2 σ': { now: { ...usual, errors: 53 }, want: ['error-rate warning'] },
  'fails below 2 σ': { now: { ...usual, errors: 52 }, want: [] },
  'fails above 3 σ': { now: { ...usual, errors: 65 }, want: ['error-rate critical'] },
  'fails above 3 σ, 50 calls': { now: { callsPerMinute: 50, meanMs: 100, errors: 65 }, want: [] },
  'slow and failing': {
    now: { callsPerMinute: 51, meanMs: 200, errors: 100 },
    want: ['error-rate critical', 'response-time critical'],
  },
  'never failed before: 11 errors': {
    now: { ...usual, errors: 11 },
    past: past('never failed before: 11 errors', means),
    want: ['error-rate critical'],
  },
  'never failed before: 10 errors': {
    now: { ...usual, errors: 10 },
    past: past('never failed before: 10 errors', means),
    want: ['error-rate warning'],
  },
  'never failed before: 5 errors': {
    now: { ...usual, errors: 5 },
    past: past('never failed before: 5 errors', means),
    want: [],
  },
  'always the same, 9 % more': {
    now: { callsPerMinute: 200, meanMs: 109 },
    past: past('always the same, 9 % more', Array(8).fill(100)),
    want: [],
  },
  'always the same, 16 % more': {
    now: { callsPerMinute: 200, meanMs: 116 },
    past: past('always the same, 16 % more', Array(8).fill(100)),
    want: ['response-time critical'],
  },
  'warming up': {
    now: { callsPerMinute: 200, meanMs: 900 },
    past: past('warming up', means.slice(0, 6)),
    want: [],
  },
  'warm since today': {
    now: { callsPerMinute: 200, meanMs: 900 },
    past: past('warm since today', means.slice(0, 7)),
    want: ['response-time critical'],
  },
  'without a past': { now: { callsPerMinute: 200, meanMs: 900, errors: 900 }, past: [], want: [] },
  'All other traffic': { now: { callsPerMinute: 200, meanMs: 900 }, want: [] },
}

const told = (rows: readonly ViolationTableRow[]) =>
  rows.map((row) => `${row.entity}: ${row.rule.replace('transaction-', '')} ${row.severity}`).sort()

test('worked examples of the two rules, in one run over all transactions', async () => {
  await seedHistory(
    clickHouse.store,
    Object.entries(cases).flatMap(([name, one]) => one.past ?? past(name, means, errors)),
  )
  await seedNow(Object.fromEntries(Object.entries(cases).map(([name, { now }]) => [name, now])))
  await rollUp(receivedUntilMs)
  const opened = await run(receivedUntilMs + 5_000)
  expect(told(opened)).toEqual(
    Object.entries(cases)
      .flatMap(([name, { want }]) => want.map((one) => `${name}: ${one}`))
      .sort(),
  )
  const row = opened.find(({ entity }) => entity === 'above 3 σ, more than 50 calls')
  expect(row).toMatchObject({
    entity_kind: 'Transaction',
    application: 'shop',
    service: 'front',
    message:
      'above 3 σ, more than 50 calls of front takes 120 ms where 100 ± 6.55 are usual at this hour (8 hours), 3.01 σ above; 51 calls a minute',
  })
  expect(JSON.parse(row?.evidence ?? '') as Evidence).toEqual({
    metric: 'meanMs',
    value: expect.closeTo(119.7, 6),
    usual: { mean: 100, sigma: expect.closeTo(Math.sqrt(300 / 7), 9), hours: 8 },
    deviation: expect.closeTo(19.7 / Math.sqrt(300 / 7), 6),
    callsPerMinute: 51,
    errorRatio: 0,
    fromMs: toMs - 30 * minute,
    toMs,
  } satisfies Record<keyof Evidence, unknown>)
  const fails = opened.find(({ entity }) => entity === 'fails above 3 σ')
  expect(fails?.message).toBe(
    'fails above 3 σ of front fails: 2.17 errors a minute where 1 ± 0.378 are usual at this hour (8 hours), 3.09 σ above; 1.81 % of 120 calls a minute',
  )
})

test('what is open goes on, gets worse, and ends; while nothing more is rolled up it stays', async () => {
  const name = 'above 2 σ, more than 100 calls'
  const later = (minutes: number) => toMs + minutes * minute
  const at = async (minutes: number, now: Now) => {
    await seedNow({ [name]: now }, later(minutes))
    await rollUp(later(minutes) + 80_000)
    return (await run(later(minutes) + 90_000)).filter(({ entity }) => entity === name)
  }
  const started = await clickHouse.store.query<{ id: string }>({
    sql: `SELECT violation_id AS id FROM violations FINAL WHERE entity = {name:String}`,
    params: { name },
  })
  // Nothing is rolled up: nobody knows better.
  expect(await run(later(10))).toEqual([])
  // Too few calls to open it, but enough to go on; the others are not called any more and end.
  expect(await at(1, { callsPerMinute: 40, meanMs: 119 })).toEqual([])
  const worse = await at(2, { callsPerMinute: 120, meanMs: 150 })
  expect(worse).toMatchObject([
    { violation_id: started[0]?.id, severity: 'critical', opened_at: receivedUntilMs + 5_000, closed_at: 0 },
  ])
  // It was critical, and is told as that until it ends.
  expect(await at(3, { callsPerMinute: 120, meanMs: 114 })).toEqual([])
  // A replica that has judged nothing yet finds the same.
  expect(
    await run(later(4), [transactionFindings({ store: clickHouse.store, unjudged: { add() {} } })]),
  ).toEqual([])
  expect(await at(5, { callsPerMinute: 120, meanMs: 113 })).toMatchObject([
    { violation_id: started[0]?.id, severity: 'critical', closed_at: later(5) + 90_000 },
  ])
  expect(await at(6, { callsPerMinute: 120, meanMs: 113 })).toEqual([])
})

test('transactions of one name are told apart by their tiers', async () => {
  const again = toMs + 12 * minute
  const name = 'of two tiers'
  await seedHistory(
    clickHouse.store,
    [...past(name, means), ...past(name, means).map((one) => ({ ...one, service: 'back' }))].map((one) => ({
      ...one,
      application: 'shop',
    })),
    2,
  )
  await seedNow({ [name]: { callsPerMinute: 60, meanMs: 300, service: 'back' } }, again)
  await rollUp(again + 80_000)
  const opened = (await run(again + 90_000)).filter(({ closed_at }) => closed_at === 0)
  expect(opened.map(({ entity, service }) => [entity, service])).toEqual([[name, 'back']])
})
