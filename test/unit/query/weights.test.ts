import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SpanRow, spansTable } from '../../../collector/record/span.ts'
import type { Ask } from '../../../collector/service/api/ask.ts'
import { flowEdges } from '../../../collector/service/api/flow-maps.ts'
import { createKnownSpans } from '../../../collector/service/api/known.ts'
import { applicationStepsQuery, applicationsRedQuery } from '../../../collector/service/query/applications.ts'
import { sideOperationsQuery, sideStepsQuery } from '../../../collector/service/query/compare.ts'
import { errorRatioQuery } from '../../../collector/service/query/health.ts'
import {
  operationStepsQuery,
  operationsQuery,
  tiersQuery,
} from '../../../collector/service/query/operations.ts'
import { podServicesQuery } from '../../../collector/service/query/pods.ts'
import { everything, type Range } from '../../../collector/service/query/query.ts'
import { rollupConfig } from '../../../collector/service/rollup/rollup-config.ts'
import { createRollupRuns } from '../../../collector/service/rollup/run.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { seedTraces } from '../../support/seed/traces.ts'

const minute = 60_000
const baseMs = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 10 * 3_600_000
const scope = { fromMs: baseMs, toMs: baseMs + 10 * minute, application: 'shop' }
/** Read from minutes that are rolled up. */
const long = { ...scope, fromMs: baseMs - 7 * 3_600_000 }
const laterMs = baseMs + 3_600_000

let clickHouse: TestClickHouse
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
})
afterAll(() => clickHouse?.close())

/** Traces with an even first byte were sampled one in four, and with a trace what is linked to it. */
const isSampled = (row: SpanRow) => ((row.links_trace_id[0] ?? row.trace_id)[0] ?? 0) % 2 === 0
const lastChanged = (bytes: Uint8Array, copy: number) =>
  bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ copy : byte))
const copyOf = (row: SpanRow, copy: number): SpanRow => ({
  ...row,
  trace_id: lastChanged(row.trace_id, copy),
  links_trace_id: row.links_trace_id.map((id) => lastChanged(id, copy)),
})

async function figuresOf(rows: readonly SpanRow[], token: string): Promise<Record<string, unknown>> {
  const { store } = clickHouse
  for (const { name } of await store.query<{ name: string }>({
    sql: "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name != 'schema_migrations'",
    params: {},
  }))
    await store.client.command({ query: `TRUNCATE TABLE ${name}` })
  expect((await store.insert({ table: spansTable, rows }, token)).type).toBe('stored')
  const clock = { nowMs: () => laterMs, monotonicMs: () => 0, sleep: async () => {} }
  const runs = createRollupRuns({ store, clock }, rollupConfig)
  while ((await runs.next()).backlog);
  const list = { application: 'shop', service: everything, limit: 100 }
  // As the API asks, which takes half the time.
  const ask: Ask = (query) => store.query(query)
  const knownFor = <Scope extends Range>(range: Scope) =>
    createKnownSpans(() => 0).answer(ask, range, async (known) => known)
  const [known, knownLong] = [await knownFor(scope), await knownFor(long)]
  const questions = {
    applications: applicationsRedQuery(known),
    steps: applicationStepsQuery({ ...known, stepMs: minute }),
    tiers: tiersQuery(scope),
    operations: operationsQuery({ ...scope, ...list }),
    operationSteps: operationStepsQuery({ ...scope, ...list, stepMs: minute }),
    side: sideOperationsQuery({ ...scope, service: 'benigno', version: everything }),
    sideSteps: sideStepsQuery({ ...scope, service: 'benigno', version: everything, stepMs: minute }),
    pod: podServicesQuery({ ...scope, clusterId: 'demo', namespace: 'shop', pod: 'benigno-v1-5c8b-0' }),
    health: errorRatioQuery({ nowMs: baseMs + 5 * minute }),
    rolledUpApplications: applicationsRedQuery(knownLong),
    rolledUpSteps: applicationStepsQuery({ ...knownLong, stepMs: minute }),
    rolledUpOperations: operationsQuery({ ...long, ...list }),
  }
  const figures: Record<string, unknown> = {
    edges: await flowEdges(ask, { ...known, nowMs: laterMs }),
    rolledUpEdges: await flowEdges(ask, { ...knownLong, nowMs: laterMs }),
  }
  if (rows.length > 2)
    for (const [name, found] of Object.entries(figures)) expect(found, name).not.toEqual([])
  for (const [name, question] of Object.entries(questions)) {
    const answer = await store.query(question)
    if (name !== 'health' && rows.length > 2) expect(answer.length, name).toBeGreaterThan(0)
    figures[name] = answer
  }
  return figures
}

test('a span of weight 4 gives the same figures as four spans, on raw spans and on rollups', async () => {
  const { first, late } = seedTraces({ fromMs: baseMs, minutes: 10, tracesPerMinute: 20 })
  const rows = [...first, ...late].map((row) => ({
    ...row,
    status: row.kind === 2 && (row.trace_id[1] ?? 0) % 3 === 0 ? 2 : row.status,
  }))
  const weighted = rows.map((row) => ({ ...row, weight: isSampled(row) ? 4 : 1 }))
  const copied = rows.flatMap((row) =>
    isSampled(row) ? [0, 1, 2, 3].map((copy) => copyOf(row, copy)) : [row],
  )
  expect(copied.length).toBeGreaterThan(rows.length * 2)
  const got = await figuresOf(weighted, 'weighted')
  const want = await figuresOf(copied, 'copied')
  for (const name of Object.keys(want)) expect(got[name], name).toEqual(want[name])
})

test('a fractional weight moves counts and quantiles by its fraction', async () => {
  const [model] = seedTraces({ fromMs: baseMs, minutes: 1, tracesPerMinute: 1 }).first
  const one = (id: number, weight: number, durationMs: number): SpanRow => ({
    ...(model as SpanRow),
    span_id: new Uint8Array([0, 0, 0, 0, 0, 0, 0, id]),
    trace_id: new Uint8Array(16).fill(id),
    parent_span_id: new Uint8Array(8),
    weight,
    duration_ns: BigInt(durationMs) * 1_000_000n,
  })
  const medianOf = async (weight: number) => {
    const figures = await figuresOf([one(1, 2, 10), one(2, weight, 100)], `fraction ${weight}`)
    return (figures['applications'] as { calls: number; p50Ms: number; meanMs: number }[])[0]
  }
  const light = await medianOf(1.75)
  expect(light).toMatchObject({ calls: 3.75, meanMs: Math.round((195 / 3.75) * 1e6) / 1e6 })
  expect(light?.p50Ms).toBeCloseTo(10, 0)
  const heavy = await medianOf(2.25)
  expect(heavy?.calls).toBe(4.25)
  expect(Math.abs((heavy?.p50Ms ?? 0) / 100 - 1)).toBeLessThan(0.0015)
})
