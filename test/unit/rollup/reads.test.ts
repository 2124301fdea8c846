import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { spansTable } from '../../../collector/record/span.ts'
import { flowEdges } from '../../../collector/service/api/flow-maps.ts'
import { applicationStepsQuery, applicationsRedQuery } from '../../../collector/service/query/applications.ts'
import { sideExceptionsQuery, sideOperationsQuery } from '../../../collector/service/query/compare.ts'
import { operationStepsQuery, operationsQuery } from '../../../collector/service/query/operations.ts'
import { everything, type Query } from '../../../collector/service/query/query.ts'
import type { RedRow } from '../../../collector/service/query/red.ts'
import { rolledUpToQuery } from '../../../collector/service/query/red-rollup.ts'
import { versionStepsQuery } from '../../../collector/service/query/releases.ts'
import {
  foundTrace,
  type TraceMinuteRow,
  type TraceSpanRow,
  traceMinutesQuery,
  traceSpansQuery,
} from '../../../collector/service/query/trace-detail.ts'
import { rollupConfig } from '../../../collector/service/rollup/rollup-config.ts'
import { createRollupRuns } from '../../../collector/service/rollup/run.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { type SeededTraces, seedTraces } from '../../support/seed/traces.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })
const hour = 3_600_000
/** Midnight: the spans lie in two days and 30 hours. */
const endMs = Math.floor(Date.now() / hour) * hour - 3 * hour
const startMs = endMs - 30 * hour

let clickHouse: TestClickHouse
let seeded: SeededTraces
const ask = <Row>(query: Query) => clickHouse.store.query<Row>(query)

beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  seeded = seedTraces({ fromMs: startMs, minutes: 30 * 60, tracesPerMinute: 0.5 })
  for (const [token, rows] of Object.entries({ first: seeded.first, late: seeded.late }))
    await clickHouse.store.insert({ table: spansTable, rows }, token)
})
afterAll(() => clickHouse?.close())

async function rollUpUntil(nowMs: number): Promise<void> {
  const clock = { nowMs: () => nowMs, monotonicMs: () => 0, sleep: async () => {} }
  const config = { ...rollupConfig, windowMs: 40 * hour, minutesMax: 2_000 }
  const runs = createRollupRuns({ store: clickHouse.store, clock }, config)
  while ((await runs.next()).backlog);
}

/** Everything but quantiles, which are taken from coarser buckets. */
const counted = (rows: readonly RedRow[]) =>
  rows.map((row) => ({ ...row, p50Ms: 0, p95Ms: 0, p99Ms: 0, quantilesNs: [] }))

/** Neither bound is whole. */
const scope = { fromMs: startMs - hour + 12_345, toMs: endMs + 777, application: 'shop' }
/** Without times, which are of the minute where it is rolled up, and the sample, of which there are many. */
const unbounded = (rows: unknown[]) =>
  (rows as Record<string, unknown>[]).map((row) => ({ ...row, firstMs: 0, lastMs: 0, sampleTraceId: '' }))
const answers = async () => {
  const side = { ...scope, service: 'benigno', version: { in: ['v1'], out: [] } }
  const list = { ...scope, service: everything, limit: 100 }
  return {
    applications: counted(await ask<RedRow>(applicationsRedQuery(scope))),
    steps: counted(await ask<RedRow>(applicationStepsQuery({ ...scope, stepMs: hour }))),
    edges: counted(await flowEdges(ask, { ...scope, nowMs: 4e12 })),
    operations: counted(await ask<RedRow>(operationsQuery(list))),
    operationSteps: await ask(operationStepsQuery({ ...list, stepMs: 2 * hour })),
    versions: await ask(versionStepsQuery({ ...scope, stepMs: 2 * hour })).then(unbounded),
    side: await ask(sideOperationsQuery(side)),
    exceptions: await ask(sideExceptionsQuery(side)).then(unbounded),
  }
}

test('a trace that is not rolled up yet is found by its id', async () => {
  expect(await spansOf(seeded.facts.sampleTraceId)).toHaveLength(8)
})

test('screens of more than a day are the same from raw spans, minutes and hours', async () => {
  const raw = await answers()
  expect(raw.applications).toMatchObject([{ calls: seeded.facts.traces }])
  expect(raw.edges.length).toBeGreaterThan(8)
  expect(raw.versions.length).toBeGreaterThan(16 * 4)
  expect(raw.side).toMatchObject([
    { calls: seeded.facts.calls['benigno@v1'], errors: seeded.facts.errors['benigno@v1'] },
  ])
  expect(raw.exceptions).toMatchObject([{ type: 'StockError', count: seeded.facts.errors['benigno@v1'] }])
  // The newest minutes stay raw; the hour before them is read by the minute.
  await rollUpUntil(endMs - hour / 2)
  expect(await answers()).toEqual(raw)
  await rollUpUntil(endMs + hour)
  expect(await answers()).toEqual(raw)
  // Hours really are read: minutes within them are no longer needed, those around them are.
  await clickHouse.store.client.command({ query: 'TRUNCATE TABLE red_1m' })
  const [left] = await ask<RedRow>(applicationsRedQuery(scope))
  expect(left?.calls).toBeGreaterThan(seeded.facts.traces * 0.9)
})

test('the flow map of a long range is the map that raw spans give, by the independent counts of the seed', async () => {
  const rows = await flowEdges(ask, { ...scope, nowMs: 4e12 })
  const edges = rows.filter((row) => row.grouped === 'edge')
  const idOf = (row: (typeof edges)[number]) =>
    `${row.caller}>${row.callee.replace(/^(database|queue):/, 'backend:')}`
  expect(Object.fromEntries(edges.map((row) => [idOf(row), row.calls]))).toEqual(seeded.facts.edges)
  expect(Object.fromEntries(edges.map((row) => [idOf(row), row.errors]))).toEqual(seeded.facts.edgeErrors)
})

/** As the API finds it; the progress of the rollup may be that of a while ago. */
async function find(traceId: string, untilMs?: number) {
  const [progress] = await ask<{ receivedUntilMs: number }>(rolledUpToQuery())
  const query = traceMinutesQuery({ traceId }, untilMs ?? progress?.receivedUntilMs ?? 0)
  const minutes = await ask<TraceMinuteRow>(query)
  return { query, minutes, found: foundTrace({ traceId }, minutes) }
}

async function spansOf(traceId: string, untilMs?: number): Promise<TraceSpanRow[]> {
  const { found } = await find(traceId, untilMs)
  const indexed = await ask<TraceSpanRow>(traceSpansQuery({ key: { traceId }, hours: 'indexed' }, 100))
  if (!found) return []
  const spans = await ask<TraceSpanRow>(traceSpansQuery(found, 100))
  expect(found.isIndexed ? indexed : []).toEqual(found.isIndexed ? spans : [])
  return spans
}

async function explained({ sql, params }: Query): Promise<string> {
  const rows = await ask<{ explain: string }>({ sql: `EXPLAIN indexes = 1 ${sql}`, params })
  return rows.map((row) => row.explain).join('\n')
}

test('a trace is found by its id alone through the index, in the spans of its own hour', async () => {
  const traceId = seeded.facts.sampleTraceId
  const { query, minutes, found } = await find(traceId)
  const row = seeded.first.find((span) => Buffer.from(span.trace_id).toString('hex') === traceId)
  const hourOf = Math.floor(Number(row?.start_time) / 1e6 / hour) * (hour / 1000)
  expect(found).toMatchObject({ hours: [hourOf], isIndexed: true })
  expect(await spansOf(traceId)).toHaveLength(8)
  expect(await spansOf(traceId, 0)).toHaveLength(8)
  // Of two days of raw spans none is opened to find it: all of them are rolled up.
  expect(minutes.map((each) => each.isIndexed)).not.toContain(false)
  const reads = (await explained(query))
    .split('ReadFromMergeTree')
    .filter((part) => /^ \(\S+\.spans\)/.test(part))
  for (const read of reads) expect(read).toMatch(/Granules: 0\//)
  if (!found) throw new Error('not found')
  const read = await explained(traceSpansQuery(found, 10))
  expect(read).toMatch(/toStartOfHour\(start_time\) in 1-element set/)
  expect(read).toMatch(/Parts: 1\/\d/)
})

test('a trace that arrives when its minute is rolled up is found by its id at once', async () => {
  const traceId = 'ab'.repeat(16)
  const [like] = seeded.first
  if (!like) throw new Error('no span')
  const row = { ...like, trace_id: Buffer.from(traceId, 'hex'), received_at: Date.now() }
  await clickHouse.store.insert({ table: spansTable, rows: [row] }, 'late trace')
  expect((await find(traceId)).found?.isIndexed).toBe(false)
  expect(await spansOf(traceId)).toHaveLength(1)
})

test('late spans of a trace that is in the index are found in its hour and in another', async () => {
  const trace_id = Buffer.from(seeded.facts.sampleTraceId, 'hex')
  const [like] = seeded.first.filter((span) => Buffer.from(span.trace_id).equals(trace_id))
  if (!like) throw new Error('no span')
  const late = (id: string, laterMs: number) => ({
    ...like,
    span_id: Buffer.from(id.repeat(8), 'hex'),
    start_time: BigInt(like.start_time) + BigInt(laterMs) * 1_000_000n,
    received_at: Date.now(),
  })
  await clickHouse.store.insert({ table: spansTable, rows: [late('a1', 0)] }, 'late span')
  expect((await find(seeded.facts.sampleTraceId)).found).toMatchObject({
    isIndexed: false,
    hours: [expect.any(Number)],
  })
  expect(await spansOf(seeded.facts.sampleTraceId)).toHaveLength(9)
  await clickHouse.store.insert({ table: spansTable, rows: [late('a2', hour)] }, 'later span')
  expect((await find(seeded.facts.sampleTraceId)).found?.hours).toHaveLength(2)
  expect(await spansOf(seeded.facts.sampleTraceId)).toHaveLength(10)
})
