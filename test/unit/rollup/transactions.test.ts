import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type SpanRow, spansTable } from '../../../collector/record/span.ts'
import type { TransactionSettings } from '../../../collector/record/transaction-settings.ts'
import { sumByTime } from '../../../collector/service/api/applications.ts'
import { findSnapshots } from '../../../collector/service/api/snapshot-page.ts'
import { everything, type Query } from '../../../collector/service/query/query.ts'
import { rolledUpMsOf, rolledUpToQuery } from '../../../collector/service/query/red-rollup.ts'
import type { SnapshotFilter, SnapshotPage, SnapshotRow } from '../../../collector/service/query/snapshots.ts'
import {
  type NamedCallsRow,
  recomputedMinutesQuery,
  transactionNamesQuery,
} from '../../../collector/service/query/transaction-names.ts'
import { namingOf, otherTraffic } from '../../../collector/service/query/transaction-naming.ts'
import {
  type ClosedStepsRow,
  closedStepsQuery,
  type ScorecardKind,
  type ScorecardRow,
  scorecardQuery,
  type TransactionListRow,
  type TransactionScope,
  transactionsQuery,
} from '../../../collector/service/query/transactions.ts'
import { rollupConfig as defaults } from '../../../collector/service/rollup/rollup-config.ts'
import { createRollupRuns } from '../../../collector/service/rollup/run.ts'
import {
  createTransactionSettings,
  type TransactionSettingsStore,
} from '../../../collector/service/store/transaction-settings.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { type EntrySpan, entrySpan } from '../../support/entry-span.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

const minute = 60_000
/** The minute whose calls are judged. */
const atMs = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 20 * 3_600_000 + 10 * minute
let clickHouse: TestClickHouse
let settings: TransactionSettingsStore
const ask = <Row>(query: Query) => clickHouse.store.query<Row>(query)
const clock = { nowMs: () => atMs + 30 * minute, monotonicMs: () => 0, sleep: async () => {} }

async function set(application: string, to: TransactionSettings): Promise<void> {
  const { version } = await settings.current(application)
  const saved = await settings.save({ application, version, settings: to, changedBy: 'test' })
  expect(saved.type).toBe('saved')
}

async function rollUp(): Promise<void> {
  const runs = createRollupRuns({ store: clickHouse.store, clock }, { ...defaults, restFactor: 0 })
  for (let runCount = 0; runCount < 20; runCount++) if (!(await runs.next()).backlog) return
  throw new Error('does not end')
}

let ids = 0
const callOf = (application: string, atMs: number, ms: number, over: Partial<EntrySpan> = {}): SpanRow =>
  entrySpan({
    id: `call ${ids++}`,
    atMs,
    ms,
    application,
    attributes: { 'http.request.method': 'GET', 'http.route': '/a' },
    ...over,
  })

/** Forty calls, half of them `below` ms, half `above`, spread over the minutes before; the last one `untilMinute` before. */
const before = (
  application: string,
  [below, above]: [number, number],
  untilMinute = 1,
  count = 40,
): SpanRow[] =>
  Array.from({ length: count }, (_, index) =>
    callOf(application, atMs - (untilMinute + (index % 4)) * minute + index, index % 2 === 0 ? below : above),
  )

interface Example {
  readonly application: string
  readonly history: readonly SpanRow[]
  readonly rule: string
  /** Durations in ms of calls, each with its class; negative: a failed one. */
  readonly calls: readonly (readonly [ms: number, want: string])[]
  readonly settings?: TransactionSettings
}

const examples: readonly Example[] = [
  {
    // Mean 100, σ 10.
    application: 'deviation',
    history: before('deviation', [90, 110]),
    rule: 'deviation',
    calls: [
      [100, 'normal'],
      [129.9, 'normal'],
      [130.1, 'slow'],
      [139.9, 'slow'],
      [140.1, 'very slow'],
      [3_099, 'very slow'],
      [3_101, 'stall'],
      [-5_000, 'error'],
      [-100, 'error'],
    ],
  },
  {
    // 29 calls are too few.
    application: 'few',
    history: before('few', [90, 110], 1, 29),
    rule: 'warm-up',
    calls: [
      [44_999, 'normal'],
      [45_000, 'stall'],
    ],
  },
  {
    application: 'thirty',
    history: before('thirty', [90, 110], 1, 30),
    rule: 'deviation',
    calls: [[131, 'slow']],
  },
  {
    // The window begins 120 minutes before the minute: these calls are in minutes 120 to 117 before.
    application: 'window',
    history: before('window', [90, 110], 117),
    rule: 'deviation',
    calls: [[131, 'slow']],
  },
  {
    // In minutes 121 to 124 before.
    application: 'past',
    history: before('past', [90, 110], 121),
    rule: 'warm-up',
    calls: [[131, 'normal']],
  },
  {
    // Mean 100, σ 90: the moving average stands for the deviation.
    application: 'varying',
    history: before('varying', [10, 190]),
    rule: 'moving average',
    calls: [
      [399, 'normal'],
      [401, 'slow'],
      [501, 'very slow'],
      [30_101, 'stall'],
    ],
  },
  {
    // Mean 100, σ 50: not more than half.
    application: 'half',
    history: before('half', [50, 150]),
    rule: 'deviation',
    calls: [
      [249, 'normal'],
      [251, 'slow'],
      [301, 'very slow'],
      [15_101, 'stall'],
    ],
  },
  {
    // σ 0 counts as a hundredth of the mean.
    application: 'constant',
    history: before('constant', [100, 100]),
    rule: 'deviation',
    calls: [
      [102.9, 'normal'],
      [103.1, 'slow'],
      [104.1, 'very slow'],
    ],
  },
  {
    application: 'static',
    history: before('static', [90, 110]),
    rule: 'static',
    settings: {
      thresholds: [{ transaction: 'GET /a', slow: { ms: 200 }, verySlow: { ms: 400 }, stall: { ms: 900 } }],
    },
    calls: [
      [199, 'normal'],
      [201, 'slow'],
      [401, 'very slow'],
      [900, 'stall'],
    ],
  },
  {
    // The median of the window is 90 or 110, within a bucket.
    application: 'percentile',
    history: before('percentile', [90, 110]),
    rule: 'percentile',
    settings: { thresholds: [{ slow: { percentile: 95 }, verySlow: { deviations: 10 } }] },
    calls: [
      [104, 'normal'],
      [116, 'slow'],
      [201, 'very slow'],
    ],
  },
]

/** Of one operation in one minute: twelve failed calls, thirty-three normal ones. */
const many = [
  ...Array.from({ length: 12 }, (_, index) => callOf('many', atMs + index, 100 + index, { status: 2 })),
  ...Array.from({ length: 33 }, (_, index) => callOf('many', atMs + index, 50)),
]

/** Five transactions of one application, more and more busy. */
const crowd = Array.from({ length: 5 }, (_, index) =>
  Array.from({ length: index + 1 }, () =>
    callOf('crowd', atMs - (5 - index) * minute, 10, {
      attributes: { 'http.request.method': 'GET', 'url.path': `/page${index}` },
    }),
  ),
).flat()

beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  settings = createTransactionSettings({
    store: clickHouse.store,
    clock: { ...clock, monotonicMs: () => performance.now() * 10_000 },
    log: silentLog,
  })
  for (const example of examples) if (example.settings) await set(example.application, example.settings)
  await set('crowd', { transactionsMax: 3 })
  const judged = examples.flatMap(({ application, history, calls }) => [
    ...history,
    ...calls.map(([ms], index) =>
      callOf(application, atMs + index, Math.abs(ms), { status: ms < 0 ? 2 : 0, version: String(index) }),
    ),
  ])
  for (const [index, rows] of [judged, [...many, ...crowd]].entries())
    expect((await clickHouse.store.insert({ table: spansTable, rows }, `rows ${index}`)).type).toBe('stored')
  await rollUp()
})
afterAll(() => clickHouse?.close())

const range = { fromMs: atMs - 130 * minute, toMs: atMs + minute }
const naming = async () => namingOf(await settings.newest())
const filterOf = async (application: string): Promise<SnapshotFilter> => ({
  ...range,
  application,
  naming: await naming(),
  service: everything,
  transaction: everything,
  reason: everything,
  version: everything,
  pod: everything,
  namespace: everything,
  exceptionType: everything,
  minMs: 0,
  maxMs: 0,
  text: '',
})
async function find(filter: SnapshotFilter, page: SnapshotPage) {
  const [row] = await ask<{ receivedUntilMs: number }>(rolledUpToQuery())
  const rolledUpMs = rolledUpMsOf(row?.receivedUntilMs ?? 0)
  return findSnapshots(ask, { ...filter, rolledUpMs }, page, minute)
}
const snapshotsOf = async (over: Partial<SnapshotFilter> & { application: string }, limit = 100) =>
  (await find({ ...(await filterOf(over.application)), ...over }, { sort: 'newest', limit })).rows

test.each(examples)('calls are classed by worked examples: $application', async (example) => {
  const { application, calls } = example
  const [rolled] = await ask<Record<string, number> & { rule: string }>({
    sql: `
SELECT toFloat64(sum(calls)) AS calls, sum(errors) AS error, sum(slow) AS slow, sum(very_slow) AS verySlow, sum(stalled) AS stall, (
  SELECT any(toString(rule)) FROM thresholds_1m FINAL WHERE application = {application:String} AND minute = {at:DateTime}
) AS rule
FROM transactions_1m FINAL WHERE application = {application:String} AND minute = {at:DateTime}`,
    params: { application, at: atMs / 1000 },
  })
  const count = (name: string) => calls.filter(([, want]) => want === name).length
  expect(rolled).toEqual({
    calls: calls.length,
    error: count('error'),
    slow: count('slow'),
    verySlow: count('very slow'),
    stall: count('stall'),
    rule: example.rule,
  })
  const taken = await snapshotsOf({ application, fromMs: atMs })
  for (const [index, [ms, want]] of calls.entries()) {
    const snapshot = taken.find((row) => row.version === String(index))
    // One normal call is the periodic sample.
    if (want === 'normal') expect(snapshot?.reason ?? 'periodic', `${ms} ms`).toBe('periodic')
    else
      expect(snapshot, `${ms} ms`).toMatchObject({ reason: want, rule: example.rule, transaction: 'GET /a' })
  }
})

test('a snapshot says what it was compared with', async () => {
  const [slowest] = await snapshotsOf({
    application: 'deviation',
    fromMs: atMs,
    reason: { in: ['slow'], out: [] },
  })
  expect(slowest).toMatchObject({ durationMs: 139.9, baselineCalls: 40, baselineMeanMs: 100, pod: 'web-0' })
  expect(slowest?.thresholdMs).toBeCloseTo(130, 9)
  expect(slowest?.baselineSigmaMs).toBeCloseTo(10, 9)
})

test('of one minute, operation and reason ten snapshots are kept, the slowest, and all are counted', async () => {
  const failed = await snapshotsOf({ application: 'many', reason: { in: ['error'], out: [] } })
  expect(failed.map((row) => row.durationMs).sort((a, b) => a - b)).toEqual([
    102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
  ])
  expect(await stepsOfMany()).toEqual(manyKept)
})

const manyKept = [
  ['error', 10, 12],
  ['periodic', 1, 1],
]
async function stepsOfMany() {
  const { steps } = await find(await filterOf('many'), { sort: 'newest', limit: 1 })
  return steps.filter(({ timeMs }) => timeMs >= atMs).map(({ reason, kept, all }) => [reason, kept, all])
}

test('snapshots page by their cursor without a gap, and pass every filter', async () => {
  const filter = await filterOf('deviation')
  const { rows: all } = await find(filter, { sort: 'newest', limit: 100 })
  const paged: SnapshotRow[] = []
  for (let page = 0; page < 20; page++) {
    const last = paged.at(-1)
    const { rows } = await find(filter, { sort: 'newest', limit: 5, ...(last && { before: last }) })
    if (rows.length === 0) break
    paged.push(...rows)
  }
  expect(paged).toEqual(all)
  const keeps = async (over: Partial<SnapshotFilter>) =>
    (await snapshotsOf({ application: 'deviation', ...over })).length
  expect(await keeps({ minMs: 3_000 })).toBe(3)
  expect(await keeps({ maxMs: 135, reason: { in: ['slow'], out: [] } })).toBe(1)
  expect(await keeps({ version: { in: ['2'], out: [] } })).toBe(1)
  expect(await keeps({ pod: { in: ['other'], out: [] }, text: 'get /A' })).toBe(0)
  expect(await keeps({ text: 'get /A' })).toBe(all.length)
})

describe('the guard', () => {
  const crowdCalls = async () =>
    ask<{ transaction: string; calls: number }>({
      sql: `
SELECT transaction, toFloat64(sum(t.calls)) AS calls FROM transactions_1m AS t FINAL
WHERE application = 'crowd' AND (minute, generation) IN (SELECT minute, max(generation) FROM transactions_1m GROUP BY minute)
GROUP BY transaction ORDER BY transaction`,
      params: {},
    })

  test('admits the busiest of those found together, pools the rest, and stays with it', async () => {
    const rows = await crowdCalls()
    expect(rows).toEqual([
      { transaction: otherTraffic, calls: 3 },
      { transaction: 'GET /page2', calls: 3 },
      { transaction: 'GET /page3', calls: 4 },
      { transaction: 'GET /page4', calls: 5 },
    ])
    // A spare call makes the minute of a pooled one dirty: it is computed again, alone.
    const late = callOf('many', atMs - 5 * minute, 1, { received_at: atMs + 40 * minute })
    await clickHouse.store.insert({ table: spansTable, rows: [late] }, 'late')
    await rollUp()
    expect(await crowdCalls()).toEqual(rows)
  })

  test('shows what it pooled, the busiest first, with the rest counted', async () => {
    const scope = { ...range, application: 'crowd', naming: await naming() }
    const [first, ...others] = await ask<NamedCallsRow>(
      transactionNamesQuery(scope, { kind: 'pooled', limit: 1 }),
    )
    expect(first).toMatchObject({ transaction: 'GET /page1', calls: 2, allNames: 2, allCalls: 3 })
    expect(others).toEqual([])
  })
})

describe('screens', () => {
  const cards = ['application', 'tier', 'node', 'transaction'] as const
  /** Of raw spans, minutes, or some of both. */
  async function answers(application: string, fromMs: number) {
    const scope = { ...range, fromMs, application, naming: await naming() }
    const list = await ask<TransactionListRow>(
      transactionsQuery({ ...scope, service: everything, stepMs: minute }),
    )
    const card = async (by: ScorecardKind) => {
      const rows = await ask<ScorecardRow>(scorecardQuery({ ...scope, by, service: everything }))
      return rows.map(({ service, pod, calls, errors, slow, verySlow, stalled }) => [
        service,
        pod,
        calls,
        errors,
        slow,
        verySlow,
        stalled,
      ])
    }
    return {
      longSteps: await stepsOfLongRange({ ...scope, fromMs: atMs - 12 * 60 * minute }),
      list: list.map(({ transaction, calls, errors, slow, verySlow, stalled, meanMs, steps }) => ({
        transaction,
        calls,
        errors,
        slow,
        verySlow,
        stalled,
        meanMs,
        steps,
      })),
      cards: Object.fromEntries(await Promise.all(cards.map(async (by) => [by, await card(by)]))),
    }
  }
  /** Of a range whose figures come from hours: its steps of half an hour do not, and those that are rolled up are asked apart. */
  async function stepsOfLongRange(range: TransactionScope) {
    const scope = { ...range, service: everything, stepMs: 30 * minute }
    const apart = closedStepsQuery(scope)
    if (apart === undefined) throw new Error('BUG: the range is long')
    const [[row], [closed]] = await Promise.all([
      ask<TransactionListRow>(transactionsQuery(scope)),
      ask<ClosedStepsRow>(apart),
    ])
    const steps = [row?.steps, closed?.steps].flatMap(([timesMs, calls] = [[], []]) =>
      timesMs.map((timeMs, index) => ({ timeMs, calls: calls[index] ?? 0 })),
    )
    return { calls: row?.calls, steps: sumByTime(steps).sort((a, b) => a.timeMs - b.timeMs) }
  }
  /** Pages of three, of both orders, and the steps. Which normal call of a minute is kept is not said. */
  async function searches(application: string) {
    const filter = await filterOf(application)
    const { steps } = await find(filter, { sort: 'newest', limit: 1 })
    const paged: SnapshotRow[] = []
    for (let rows: readonly SnapshotRow[] = []; paged.length === 0 || rows.length > 0; ) {
      const before = paged.at(-1)
      rows = (await find(filter, { sort: 'newest', limit: 3, ...(before && { before }) })).rows
      paged.push(...rows)
    }
    const slowest = await find(filter, { sort: 'slowest', limit: 9 })
    const worse = ({ rows }: { rows: readonly SnapshotRow[] }) =>
      rows.filter(({ reason, startMs }) => reason !== 'periodic' || startMs < atMs)
    return { steps, newest: worse({ rows: paged }), slowest: worse(slowest) }
  }
  const progressTo = (ms: number) =>
    clickHouse.store.client.command({
      query: `INSERT INTO rollup_progress (job, received_until) SELECT 'red_1m', fromUnixTimestamp64Milli(toInt64({ms:Int64}))`,
      query_params: { ms },
    })

  test('say the same whether minutes are rolled up or read raw', async () => {
    const rolled = await answers('deviation', range.fromMs)
    const searched = await searches('deviation')
    expect(rolled.list).toMatchObject([
      { transaction: 'GET /a', calls: 49, errors: 2, slow: 2, verySlow: 2, stalled: 1 },
    ])
    const stepMs = 30 * minute
    const history = { timeMs: Math.floor((atMs - minute) / stepMs) * stepMs, calls: 49 }
    expect(rolled.longSteps).toEqual({ calls: 49, steps: [history] })
    const classes = (service: string, pod: string) => [[service, pod, 49, 2, 2, 2, 1]]
    expect(rolled.cards).toEqual({
      application: classes('', ''),
      tier: classes('web', ''),
      node: classes('web', 'web-0'),
      transaction: classes('web', ''),
    })
    // From the middle of a minute on; then with the judged minute, and all of them, still open.
    for (const [openFromMs, fromMs] of [
      [atMs, range.fromMs],
      [atMs - 60 * minute, range.fromMs + 500],
    ] as const) {
      await clickHouse.store.client.command({ query: 'TRUNCATE TABLE rollup_progress' })
      await progressTo(openFromMs + 5 * minute)
      expect(await answers('deviation', fromMs)).toEqual(rolled)
    }
    // Snapshots of what is not rolled up, with the periodic sample and the bound of a minute.
    const open = await snapshotsOf({ application: 'deviation', fromMs: atMs })
    await progressTo(atMs + 5 * minute)
    expect(await searches('deviation')).toEqual(searched)
    expect(open.map((row) => row.reason).sort()).toEqual(
      ['error', 'error', 'periodic', 'slow', 'slow', 'stall', 'very slow', 'very slow'].sort(),
    )
    expect(await snapshotsOf({ application: 'deviation', fromMs: atMs })).toEqual(open)
    const notPeriodic = { reason: { in: [], out: ['periodic'] } }
    expect(await snapshotsOf({ application: 'deviation', fromMs: atMs, ...notPeriodic })).toEqual(
      open.filter(({ reason }) => reason !== 'periodic'),
    )
    expect(await stepsOfMany()).toEqual(manyKept)
    expect(open.find((row) => row.durationMs === 3_101)).toMatchObject({
      baselineCalls: 40,
      rule: 'deviation',
    })
    await clickHouse.store.client.command({ query: 'TRUNCATE TABLE rollup_progress' })
    await progressTo(atMs + 20 * minute)
  })
})

test('a change of rules names stored minutes anew, the last hours first, and leaves their other tables alone', async () => {
  const edgesGeneration = () =>
    ask({ sql: 'SELECT toString(max(generation)) AS newest FROM edges_1m', params: {} })
  const namesOf = async () => {
    const scope = { ...range, application: 'half', naming: await naming() }
    const rows = await ask<TransactionListRow>(
      transactionsQuery({ ...scope, service: everything, stepMs: minute }),
    )
    return rows.map((row) => [row.transaction, row.calls, row.slow])
  }
  const progress = async () => {
    const { revision } = await naming()
    const [row] = await ask<{ minutes: number; of: number }>(
      recomputedMinutesQuery({ naming: revision, sinceMs: range.fromMs - minute }),
    )
    return row
  }
  const edges = await edgesGeneration()
  expect(await namesOf()).toEqual([['GET /a', 44, 1]])
  await set('half', {
    rules: [
      {
        label: 'checkout',
        when: [{ field: 'route', match: 'EQUALS', value: '/a' }],
        action: 'name',
        name: 'Checkout',
      },
    ],
  })
  expect(await progress()).toMatchObject({ minutes: 0 })
  await rollUp()
  const done = await progress()
  expect(done?.minutes).toBeGreaterThan(5)
  expect(done?.minutes).toBe(done?.of)
  expect(await namesOf()).toEqual([['Checkout', 44, 1]])
  expect(await edgesGeneration()).toEqual(edges)
  await set('half', { rules: [{ label: 'none', when: [], action: 'exclude' }] })
  await rollUp()
  expect(await namesOf()).toEqual([])
})
