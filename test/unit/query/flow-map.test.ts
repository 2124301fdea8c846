import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { spansTable } from '../../../collector/record/span.ts'
import {
  type ApplicationRedRow,
  type ApplicationStepRow,
  applicationStepsQuery,
  applicationsRedQuery,
} from '../../../collector/service/query/applications.ts'
import { type FlowEdgeRow, flowEdgesQuery } from '../../../collector/service/query/flow-map.ts'
import {
  type OperationListRow,
  operationsQuery,
  type TierVersionRow,
  tiersQuery,
} from '../../../collector/service/query/operations.ts'
import {
  everything,
  type ListFilter,
  type Query,
  type Range,
} from '../../../collector/service/query/query.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { entrySpan } from '../../support/entry-span.ts'
import { type SeedFacts, seedDemo } from '../../support/seed.ts'

let clickHouse: TestClickHouse
let facts: SeedFacts
let shop: Range & { application: string }
const ask = <Row>(query: Query) => clickHouse.store.query<Row>(query)

beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  facts = await seedDemo(clickHouse.store, { nowMs: Math.floor(Date.now() / 60_000) * 60_000, minutes: 30 })
  shop = { fromMs: facts.fromMs, toMs: facts.toMs, application: 'shop' }
})
afterAll(() => clickHouse?.close())

/** When every call has had time to find its callee. */
const settledMs = 4e12

/** By `from>to`, with the ids that the API shows. */
async function edgesOf(range: Range, nowMs = settledMs): Promise<Record<string, FlowEdgeRow>> {
  const rows = await ask<FlowEdgeRow>(flowEdgesQuery({ ...range, application: 'shop', nowMs }))
  const edges = rows.filter((row) => row.grouped === 'edge')
  return Object.fromEntries(
    edges.map((row) => [`${row.caller}>${row.callee.replace(/^(database|queue):/, 'backend:')}`, row]),
  )
}

describe('the flow map', () => {
  test('has exactly the calls and errors of the seed, though halves arrived apart and some spans twice', async () => {
    const edges = await edgesOf(shop)
    const numbers = (key: 'calls' | 'errors') =>
      Object.fromEntries(Object.entries(edges).map(([id, row]) => [id, row[key]]))
    expect(numbers('calls')).toEqual(facts.traces.edges)
    expect(numbers('errors')).toEqual(facts.traces.edgeErrors)
  })

  test('pairs halves on both sides of the edge of the range, and counts each call in one range only', async () => {
    // A border between a client span (start + 1 ms) and its server span (start + 2 ms), to the millisecond.
    const border = facts.fromMs + 600_000 + 2
    const parts = await Promise.all([
      edgesOf({ fromMs: facts.fromMs, toMs: border }),
      edgesOf({ fromMs: border, toMs: facts.toMs }),
    ])
    for (const [id, calls] of Object.entries(facts.traces.edges)) {
      expect([id, (parts[0][id]?.calls ?? 0) + (parts[1][id]?.calls ?? 0)]).toEqual([id, calls])
    }
    expect(Object.keys(parts[0]).sort()).toEqual(Object.keys(facts.traces.edges).sort())
  })

  test('marks queue hops as asynchronous, by parent and by link alike', async () => {
    const edges = await edgesOf(shop)
    const asynchronous = Object.entries(edges).flatMap(([id, row]) => (row.async ? [id] : []))
    expect(asynchronous).toEqual(['tier:ordini>tier:spedizioni'])
  })

  test('a synchronous edge has the time of the caller, an asynchronous one that of the consumer', async () => {
    const edges = await edgesOf(shop)
    expect(edges['tier:magnanimo>tier:ordini']).toMatchObject({ meanMs: 18, maxMs: 18 })
    // Of logarithmic buckets.
    expect(Math.abs((edges['tier:magnanimo>tier:ordini']?.p95Ms ?? 0) / 18 - 1)).toBeLessThan(0.045)
    expect(edges['tier:ordini>tier:spedizioni']).toMatchObject({ meanMs: 40 })
    expect(edges['tier:ordini>backend:postgresql:postgres:5432/shop']).toMatchObject({ meanMs: 6 })
  })
})

test('a host is shown once its own spans have had time to arrive, a database at once', async () => {
  const atMs = facts.toMs - 10_000
  const call = { kind: 3, application: 'late', atMs, ms: 5, received_at: atMs + 1_000 }
  const rows = [
    entrySpan({
      ...call,
      id: 'to a host',
      attributes: { 'server.address': 'pay.example', 'server.port': '443' },
    }),
    entrySpan({ ...call, id: 'to a database', attributes: { 'db.system.name': 'redis' } }),
  ]
  expect((await clickHouse.store.insert({ table: spansTable, rows }, 'late')).type).toBe('stored')
  const calleesAt = async (nowMs: number) => {
    const found = await ask<FlowEdgeRow>(flowEdgesQuery({ ...shop, application: 'late', nowMs }))
    return found.flatMap(({ grouped, callee }) => (grouped === 'edge' ? [callee] : [])).sort()
  }
  expect(await calleesAt(atMs + 5_000)).toEqual(['database:redis:redis'])
  expect(await calleesAt(atMs + 20_000)).toEqual(['database:redis:redis', 'external:pay.example:443'])
})

test('tiers and their versions have the calls of the seed', async () => {
  const rows = await ask<TierVersionRow>(tiersQuery(shop))
  const key = (row: TierVersionRow) => (row.whole ? row.service : `${row.service}@${row.version}`)
  expect(Object.fromEntries(rows.map((row) => [key(row), row.calls]))).toEqual(facts.traces.calls)
  expect(Object.fromEntries(rows.map((row) => [key(row), row.errors]))).toEqual(facts.traces.errors)
  expect(rows.find((row) => row.whole && row.service === 'benigno')?.nodes).toBe(3)
})

test('the load of an application is what enters it, not the sum of its tiers', async () => {
  const [application] = await ask<ApplicationRedRow>(applicationsRedQuery(shop))
  expect(application).toMatchObject({
    application: 'shop',
    calls: facts.traces.traces,
    errors: facts.traces.traces / 20,
  })
  const steps = await ask<ApplicationStepRow>(applicationStepsQuery({ ...shop, stepMs: 60_000 }))
  expect(steps.map((row) => row.calls)).toEqual(Array.from({ length: 30 }, () => 20))
})

test('quantiles are those of the durations', async () => {
  const [row] = await ask<OperationListRow>(
    operationsQuery({ ...shop, service: { in: ['benigno'], out: [] }, limit: 10 }),
  )
  expect(row).toMatchObject({
    service: 'benigno',
    operation: 'GET /',
    kind: 'server',
    versions: ['v1', 'v2'],
  })
  // 4 % of the calls take 1.2 s, the others 8 to 14 ms.
  expect(row?.p50Ms).toBeCloseTo(11, 0)
  expect(row?.p95Ms).toBeCloseTo(14, 0)
  expect(row?.p99Ms).toBeGreaterThan(1_200)
  expect(row?.maxMs).toBe(1_206)
})

test('operations are filtered by service, kept and left out', async () => {
  const services = async (service: ListFilter) =>
    (await ask<OperationListRow>(operationsQuery({ ...shop, service, limit: 10 })))
      .map((row) => row.service)
      .sort()
  expect(await services({ in: ['ordini', 'nobody'], out: [] })).toEqual(['ordini'])
  expect(await services({ in: [], out: ['ordini'] })).toEqual(['benigno', 'magnanimo', 'spedizioni'])
  expect(await services(everything)).toHaveLength(4)
})
