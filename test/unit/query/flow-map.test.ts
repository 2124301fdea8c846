import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { spansTable } from '../../../collector/record/span.ts'
import { type FlowLimits, flowEdges, transactionMap } from '../../../collector/service/api/flow-maps.ts'
import { createKnownSpans } from '../../../collector/service/api/known.ts'
import type { FlowMap } from '../../../collector/service/api/schema/applications.ts'
import {
  type ApplicationRedRow,
  type ApplicationStepRow,
  applicationStepsQuery,
  applicationsRedQuery,
} from '../../../collector/service/query/applications.ts'
import { type FlowEdgeRow, flowEdgesQueries } from '../../../collector/service/query/flow-map.ts'
import { type KnownRow, knownQuery } from '../../../collector/service/query/known.ts'
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
import { defaultNaming } from '../../../collector/service/query/transaction-naming.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { type EntrySpan, entrySpan } from '../../support/entry-span.ts'
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

const idOf = (text: string, bytes: number) =>
  new Uint8Array(createHash('sha256').update(`${bytes} ${text}`).digest().subarray(0, bytes))

/** When every call has had time to find its callee. */
const settledMs = 4e12

/** By `from>to`, with the ids that the API shows. */
async function edgesOf(range: Range, nowMs = settledMs): Promise<Record<string, FlowEdgeRow>> {
  const rows = await flowEdges(ask, { ...range, application: 'shop', nowMs })
  const edges = rows.filter((row) => row.grouped === 'edge')
  return Object.fromEntries(
    edges.map((row) => [`${row.caller}>${row.callee.replace(/^(database|queue):/, 'backend:')}`, row]),
  )
}

describe('the flow map', () => {
  let edges: Record<string, FlowEdgeRow>
  beforeAll(async () => {
    edges = await edgesOf(shop)
  })

  test('has exactly the calls and errors of the seed, though halves arrived apart and some spans twice', () => {
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

  test('is the same where it is known that there are no sidecars, and asks less', async () => {
    expect(await ask<KnownRow>(knownQuery(shop.fromMs))).toMatchObject([{ sidecars: false, links: true }])
    const known = await createKnownSpans(() => 0).answer(ask, shop, async (scope) => scope)
    expect(await edgesOf(known)).toEqual(edges)
    const sqlOf = (range: typeof shop) =>
      flowEdgesQueries({ ...range, nowMs: settledMs })
        .map(({ sql }) => sql)
        .join()
    expect(sqlOf(known)).not.toContain('carried')
    // Nothing is known of what begins before.
    expect(sqlOf({ ...known, fromMs: shop.fromMs - 20 * 60_000 })).toContain('carried')
    const later = { fromMs: facts.toMs + 3_600_000, toMs: facts.toMs + 7_200_000 }
    expect(await ask<KnownRow>(knownQuery(later.fromMs))).toMatchObject([{ sidecars: false, links: false }])
  })

  test('marks queue hops as asynchronous, by parent and by link alike', () => {
    const asynchronous = Object.entries(edges).flatMap(([id, row]) => (row.async ? [id] : []))
    expect(asynchronous).toEqual(['tier:ordini>tier:spedizioni'])
  })

  test('a synchronous edge has the time of the caller, an asynchronous one that of the consumer', () => {
    expect(edges['tier:magnanimo>tier:ordini']).toMatchObject({ meanMs: 18, maxMs: 18 })
    // Of logarithmic buckets.
    expect(Math.abs((edges['tier:magnanimo>tier:ordini']?.p95Ms ?? 0) / 18 - 1)).toBeLessThan(0.045)
    expect(edges['tier:ordini>tier:spedizioni']).toMatchObject({ meanMs: 40 })
    expect(edges['tier:ordini>backend:postgresql:postgres:5432/shop']).toMatchObject({ meanMs: 6 })
  })
})

describe('the flow map of a transaction', () => {
  const mapOf = async (
    of: { application?: string; service: string; transaction: string },
    limits?: FlowLimits,
  ) => transactionMap(ask, { ...shop, nowMs: settledMs, naming: defaultNaming, ...of }, limits)
  const edgesIn = ({ edges }: FlowMap) => Object.fromEntries(edges.map(({ id, red }) => [id, red.calls]))

  test('has the calls and errors of the seed, all of which one transaction began, also over links into other traces', async () => {
    const map = await mapOf({ service: 'magnanimo', transaction: 'GET /hw2' })
    expect(edgesIn(map)).toEqual(
      Object.fromEntries(
        Object.entries(facts.traces.edges).map(([id, calls]) => [
          id === 'tier:ordini>tier:spedizioni' ? `${id}~` : id,
          calls,
        ]),
      ),
    )
    const errors = map.edges.flatMap(({ id, red }) => (red.errors > 0 ? [[id, red.errors]] : []))
    expect(Object.fromEntries(errors)).toEqual({
      'client>tier:magnanimo': facts.traces.edgeErrors['client>tier:magnanimo'],
      'tier:magnanimo>tier:benigno': facts.traces.edgeErrors['tier:magnanimo>tier:benigno'],
    })
    const benigno = map.nodes.find(({ id }) => id === 'tier:benigno')
    expect(benigno).toMatchObject({ nodes: 3, red: { calls: facts.traces.calls['benigno'], maxMs: 1_206 } })
    expect(benigno?.versions.map(({ version, calls }) => [`benigno@${version}`, calls]).sort()).toEqual(
      Object.entries(facts.traces.calls)
        .filter(([key]) => key.startsWith('benigno@'))
        .sort(),
    )
    expect(map.sample).toEqual({ fromMs: facts.fromMs, toMs: facts.toMs, calls: 600, truncated: false })
  })

  test('of more calls than are looked at has the newest, per minute of their time, and says so', async () => {
    const limits = {
      msMax: 3_600_000,
      callsMax: 40,
      spansMax: 10_000,
      linkHopsMax: 4,
      linkedTracesMax: 1_000,
    }
    const { edges, sample } = await mapOf({ service: 'magnanimo', transaction: 'GET /hw2' }, limits)
    // A trace begins every three seconds.
    expect(sample).toEqual({ fromMs: facts.toMs - 120_000, toMs: facts.toMs, calls: 40, truncated: true })
    expect(edges.find(({ id }) => id === 'client>tier:magnanimo')?.red).toMatchObject({
      calls: 40,
      callsPerMinute: 20,
    })
    const few = await mapOf({ service: 'magnanimo', transaction: 'GET /hw2' }, { ...limits, spansMax: 100 })
    expect(few.sample?.calls).toBeLessThan(40)
    expect(few.sample?.truncated).toBe(true)
    const unlinked = await mapOf(
      { service: 'magnanimo', transaction: 'GET /hw2' },
      { ...limits, linkedTracesMax: 5 },
    )
    expect(edgesIn(unlinked)['tier:ordini>tier:spedizioni~']).toBe(10 + 5)
  })

  /**
   * A page of another application calls two transactions of one; the first of them sends a message that is taken in a trace of its
   * own, and from there another:
   *
   *   site/browser ─▶ web GET /cart ─▶ cart ─▶ db ; cart ⇢ mailer (linked) ─▶ smtp ; mailer ⇢ audit (linked)
   *                └▶ web GET /search ─▶ cart
   */
  const handMade = (world: number, atMs: number) => {
    const row = (id: string, parent: string, over: Partial<EntrySpan> = {}, trace = 'page') => ({
      ...entrySpan({ id: `${world} ${id}`, atMs, ms: 10, application: 'hand', received_at: atMs, ...over }),
      trace_id: idOf(`${world} ${trace}`, 16),
      span_id: idOf(`${world} ${id}`, 8),
      parent_span_id: parent === '' ? new Uint8Array(8) : idOf(`${world} ${parent}`, 8),
    })
    const http = (route: string) => ({
      service: 'web',
      attributes: { 'http.request.method': 'GET', 'http.route': route },
    })
    const link = (id: string, trace: string) => ({
      links_trace_id: [idOf(`${world} ${trace}`, 16)],
      links_span_id: [idOf(`${world} ${id}`, 8)],
      links_trace_state: [''],
      links_attributes: [new Map<string, string>()],
    })
    const queue = { attributes: { 'messaging.system': 'kafka', 'messaging.destination.name': 'q' } }
    return [
      row('page', '', { kind: 1, application: 'site', service: 'browser' }),
      row('fetch cart', 'page', { kind: 3, application: 'site', service: 'browser', ms: 30 }),
      row('fetch search', 'page', { kind: 3, application: 'site', service: 'browser', ms: 5 }),
      row('GET /cart', 'fetch cart', http('/cart')),
      row('inner', 'GET /cart', { kind: 1 }),
      row('to cart', 'inner', { kind: 3, ms: 7 }),
      row('cart', 'to cart', { service: 'cart' }),
      row('query', 'cart', { kind: 3, service: 'cart', attributes: { 'db.system.name': 'redis' } }),
      row('publish', 'cart', { kind: 4, service: 'cart', ...queue }),
      row('GET /search', 'fetch search', http('/search')),
      row('search cart', 'GET /search', { kind: 3, ms: 4 }),
      row('cart of search', 'search cart', { service: 'cart' }),
      row('mail', '', { kind: 5, service: 'mailer', ...queue, ...link('publish', 'page') }, 'mail'),
      row('smtp', 'mail', { kind: 3, service: 'mailer', attributes: { 'server.address': 'smtp' } }, 'mail'),
      row('told', 'mail', { kind: 4, service: 'mailer', ...queue }, 'mail'),
      row('audit', '', { kind: 5, service: 'audit', ...queue, ...link('told', 'mail') }, 'audit'),
    ]
  }

  test('is exactly what its calls lead to, not what the trace holds beside them, in whatever order spans arrive', async () => {
    const atMs = facts.toMs - 600_000
    const n = handMade(0, atMs).length
    // In each world another half of the spans is stored before the rest.
    for (const half of [0, 1]) {
      const rows = Array.from({ length: n }, (_, world) =>
        handMade(world, atMs).filter((_, at) => ((at + world) % n < n / 2 ? 0 : 1) === half),
      ).flat()
      const outcome = await clickHouse.store.insert({ table: spansTable, rows }, `half ${half}`)
      expect(outcome).toMatchObject({ type: 'stored' })
    }
    const cart = await mapOf({ application: 'hand', service: 'web', transaction: 'GET /cart' })
    expect(edgesIn(cart)).toEqual({
      'external:site/browser>tier:web': n,
      'tier:web>tier:cart': n,
      'tier:cart>backend:redis:redis': n,
      'tier:cart>tier:mailer~': n,
      'tier:mailer>external:smtp': n,
      'tier:mailer>tier:audit~': n,
    })
    expect(cart.edges.find(({ to }) => to === 'tier:cart')?.red.meanMs).toBe(7)
    const search = await mapOf({ application: 'hand', service: 'web', transaction: 'GET /search' })
    expect(edgesIn(search)).toEqual({ 'external:site/browser>tier:web': n, 'tier:web>tier:cart': n })
    // Round trips.
    expect(search.edges.map(({ red }) => red.meanMs).sort()).toEqual([4, 5])
  })

  test('that was not called in the last hour of the range is of the hour in which it was called last', async () => {
    const hourMs = 3_600_000
    const atMs = facts.fromMs - 9 * hourMs
    const { transaction, ...of } = { application: 'nightly', service: 'batch', transaction: 'cleanup' }
    const night = { ...of, transaction, fromMs: facts.fromMs - 24 * hourMs, toMs: facts.fromMs }
    const rows = [entrySpan({ id: 'at night', atMs, ms: 5, kind: 1, operation: transaction, ...of })]
    expect(await clickHouse.store.insert({ table: spansTable, rows }, 'night')).toMatchObject({
      type: 'stored',
    })
    const minute = { minute: Math.floor(atMs / 60_000) * 60, ...of, transaction, calls: 1, generation: 1 }
    await clickHouse.store.client.insert({
      table: 'transactions_1m',
      values: [minute],
      format: 'JSONEachRow',
    })
    const { nodes, sample } = await mapOf(night)
    expect(nodes.map(({ id, red }) => [id, red.calls])).toEqual([['tier:batch', 1]])
    const untilMs = (minute.minute + 60) * 1_000
    expect(sample).toEqual({ fromMs: untilMs - hourMs, toMs: untilMs, calls: 1, truncated: true })
  })
})

test('the map of a tier has what calls it and what it calls, with the figures of the whole map', async () => {
  const all = await edgesOf(shop)
  const rows = await flowEdges(ask, { ...shop, tier: 'ordini', nowMs: settledMs })
  const edges = rows
    .filter((row) => row.grouped === 'edge')
    .map((row) => [`${row.caller}>${row.callee}`, row.calls])
  expect(Object.fromEntries(edges)).toEqual({
    'tier:magnanimo>tier:ordini': all['tier:magnanimo>tier:ordini']?.calls,
    'tier:ordini>tier:spedizioni': all['tier:ordini>tier:spedizioni']?.calls,
    'tier:ordini>database:postgresql:postgres:5432/shop':
      all['tier:ordini>backend:postgresql:postgres:5432/shop']?.calls,
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
    const found = await flowEdges(ask, { ...shop, application: 'late', nowMs })
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
