import { createHash } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type SpanRow, spansTable } from '../../../collector/record/span.ts'
import { flowEdges, transactionMap } from '../../../collector/service/api/flow-maps.ts'
import {
  type ApplicationRedRow,
  applicationsRedQuery,
} from '../../../collector/service/query/applications.ts'
import { type KnownRow, knownQuery } from '../../../collector/service/query/known.ts'
import { type TierVersionRow, tiersQuery } from '../../../collector/service/query/operations.ts'
import { everything, type Query } from '../../../collector/service/query/query.ts'
import { defaultNaming } from '../../../collector/service/query/transaction-naming.ts'
import { type TransactionListRow, transactionsQuery } from '../../../collector/service/query/transactions.ts'
import { rollupConfig } from '../../../collector/service/rollup/rollup-config.ts'
import { createRollupRuns } from '../../../collector/service/rollup/run.ts'
import { peerOf } from '../../../collector/wire/peer.ts'
import { isSidecar } from '../../../collector/wire/sidecar.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { seedTraces } from '../../support/seed/traces.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 })

/**
 * One call through a mesh, as Istio's Envoys tell of it (attributes of its documentation), seven spans:
 *
 *   cart (server, root) → cart (client) ⇢ cart's sidecar ⇢ stock's sidecar ⇢ stock (server)
 *                         → stock (client) ⇢ stock's sidecar ⇢ an uninstrumented host
 */
interface Hop {
  readonly name: string
  readonly parent: string
  readonly service: string
  readonly kind: number
  readonly attributes: Readonly<Record<string, string>>
}
const envoy = (node: string, cluster: string) => ({
  component: 'proxy',
  node_id: `sidecar~10.42.0.7~${node}-6b8f~shop.svc.cluster.local`,
  upstream_cluster: cluster,
  'peer.address': '127.0.0.6',
  'http.url': 'http://stock:9080/items',
})
const hops: readonly Hop[] = [
  { name: 'root', parent: '', service: 'cart', kind: 2, attributes: {} },
  {
    name: 'call',
    parent: 'root',
    service: 'cart',
    kind: 3,
    attributes: { 'net.peer.name': '127.0.0.6', 'http.url': 'http://stock:9080/items' },
  },
  {
    name: 'out',
    parent: 'call',
    service: 'cart.shop',
    kind: 3,
    attributes: envoy('cart', 'outbound|9080||stock.shop.svc.cluster.local'),
  },
  { name: 'in', parent: 'out', service: 'stock.shop', kind: 2, attributes: envoy('stock', 'inbound|9080||') },
  { name: 'stock', parent: 'in', service: 'stock', kind: 2, attributes: {} },
  {
    name: 'pay',
    parent: 'stock',
    service: 'stock',
    kind: 3,
    attributes: { 'server.address': 'pay.example' },
  },
  {
    name: 'egress',
    parent: 'pay',
    service: 'stock.shop',
    kind: 3,
    attributes: envoy('stock', 'outbound|443||pay.example'),
  },
]
const wanted = ['client>tier:cart', 'tier:cart>tier:stock', 'tier:stock>external:pay.example']

const minute = 60_000
const startMs = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 3_600_000
const range = { fromMs: startMs, toMs: startMs + 10 * minute }
/** Each subset of the spans arrives before the minute is rolled up, the others after it, in an application of its own. */
const orders = 2 ** hops.length
const applicationOf = (order: number) => `mesh-${order}`

let clickHouse: TestClickHouse
const ask = <Row>(query: Query) => clickHouse.store.query<Row>(query)
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
})
afterAll(() => clickHouse?.close())

const [like] = seedTraces({ fromMs: startMs, minutes: 1, tracesPerMinute: 1 }).first
const id = (text: string, bytes: number) =>
  text === '' || text.endsWith('/')
    ? new Uint8Array(bytes)
    : new Uint8Array(createHash('sha256').update(text).digest().subarray(0, bytes))

function rowOf(order: number, at: number, receivedMs: number): SpanRow {
  const hop = hops[at]
  if (!like || !hop) throw new Error('no span')
  const get = (key: string) => hop.attributes[key]
  return {
    ...like,
    trace_id: id(`trace ${order}`, 16),
    span_id: id(`${order}/${hop.name}`, 8),
    parent_span_id: id(`${order}/${hop.parent}`, 8),
    start_time: BigInt(startMs + order * 100 + at) * 1_000_000n,
    duration_ns: BigInt(20 - at) * 1_000_000n,
    application: applicationOf(order),
    service: hop.service,
    operation: 'GET /items',
    kind: hop.kind,
    status: 0,
    attributes: new Map(Object.entries(hop.attributes)),
    peer: hop.kind === 3 ? peerOf(get) : '',
    sidecar: isSidecar(get, hop.service),
    received_at: receivedMs,
  }
}

const rows = (receivedMs: number, arrives: (order: number, at: number) => boolean): SpanRow[] =>
  Array.from({ length: orders }, (_, order) => order).flatMap((order) =>
    hops.flatMap((_, at) => (arrives(order, at) ? [rowOf(order, at, receivedMs)] : [])),
  )

async function rollUp(nowMs: number): Promise<void> {
  const clock = { nowMs: () => nowMs, monotonicMs: () => 0, sleep: async () => {} }
  const runs = createRollupRuns({ store: clickHouse.store, clock }, rollupConfig)
  while ((await runs.next()).backlog);
}

async function edgesOf(application: string, span = range): Promise<string[]> {
  const found = await flowEdges(ask, { ...span, application, nowMs: 4e12 })
  return found
    .filter((row) => row.grouped === 'edge')
    .flatMap((row) => Array.from({ length: row.calls }, () => `${row.caller}>${row.callee}`))
    .sort()
}

test('a call through sidecars is one call between its tiers, in whatever order its spans arrive', async () => {
  const insert = async (spans: readonly SpanRow[], token: string) =>
    expect(await clickHouse.store.insert({ table: spansTable, rows: spans }, token)).toMatchObject({
      type: 'stored',
    })
  const isFirst = (order: number, at: number) => (order & (1 << at)) !== 0
  await insert(rows(startMs + 5_000, isFirst), 'first')
  await rollUp(startMs + 4 * minute)
  await insert(
    rows(startMs + 14 * minute, (order, at) => !isFirst(order, at)),
    'late',
  )
  for (const application of [0, 0b11011, orders - 1].map(applicationOf))
    expect(await edgesOf(application)).toEqual(wanted)
  await rollUp(startMs + 17 * minute)
  await rollUp(startMs + 40 * minute)
  const edges = await ask<{ application: string; edges: string[]; n: number }>({
    sql: `
SELECT if(caller_application = '', callee_application, caller_application) AS application, toFloat64(sum(calls)) AS n,
  arraySort(groupArray(concat(
    if(caller_type = 'tier', concat('tier:', caller_service), caller_type), '>', callee_type, ':', callee_service))) AS edges
FROM edges_1m FINAL
WHERE calls > 0 AND (minute, generation) IN (SELECT minute, max(generation) FROM edges_1m GROUP BY minute)
GROUP BY application`,
    params: {},
  })
  expect(edges).toHaveLength(orders)
  for (const row of edges) expect(row).toEqual({ application: row.application, n: 3, edges: wanted })
  const entering = await ask<{ n: number; entered: number; services: string[] }>({
    sql: `
SELECT toFloat64(sum(calls)) AS n, toFloat64(sumIf(calls, entering)) AS entered, arraySort(groupUniqArray(toString(service))) AS services
FROM red_1m FINAL
WHERE calls > 0 AND (minute, generation) IN (SELECT minute, max(generation) FROM red_1m GROUP BY minute)`,
    params: {},
  })
  expect(entering).toEqual([{ n: 2 * orders, entered: orders, services: ['cart', 'stock'] }])
})

test('the map of a transaction passes through sidecars, too', async () => {
  const of = { application: applicationOf(5), service: 'cart', transaction: 'GET /hw2' }
  const { edges, nodes } = await transactionMap(ask, { ...range, ...of, nowMs: 4e12, naming: defaultNaming })
  expect(edges.map(({ id }) => id).sort()).toEqual(wanted)
  expect(nodes.filter(({ type }) => type === 'tier').map(({ name, red }) => [name, red.calls])).toEqual([
    ['cart', 1],
    ['stock', 1],
  ])
})

test('raw figures have neither sidecars as tiers nor their spans as calls', async () => {
  const scope = { ...range, application: applicationOf(5) }
  expect(await ask<ApplicationRedRow>(applicationsRedQuery(scope))).toMatchObject([{ calls: 1 }])
  expect(await ask<KnownRow>(knownQuery(scope.fromMs))).toMatchObject([{ sidecars: true, links: false }])
  const transactions = transactionsQuery({
    ...scope,
    rolledUpMs: 0,
    naming: defaultNaming,
    service: everything,
    stepMs: minute,
  })
  const entered = await ask<TransactionListRow>(transactions)
  expect(entered.map((row) => [row.service, row.transaction, row.calls])).toEqual([['cart', 'GET /hw2', 1]])
  const tiers = await ask<TierVersionRow>(tiersQuery(scope))
  expect(tiers.filter((row) => row.whole).map((row) => [row.service, row.calls])).toEqual([
    ['cart', 1],
    ['stock', 1],
  ])
})
