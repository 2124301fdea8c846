import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { InformationPoint } from '../../../collector/record/information-point.ts'
import { spansTable } from '../../../collector/record/span.ts'
import { BackendList } from '../../../collector/service/api/schema/backends.ts'
import { CallDetail } from '../../../collector/service/api/schema/calls.ts'
import {
  DatabaseList,
  StatementCallers,
  StatementDetail,
} from '../../../collector/service/api/schema/databases.ts'
import { EndpointList } from '../../../collector/service/api/schema/endpoints.ts'
import { CallingTransactions } from '../../../collector/service/api/schema/entered-by.ts'
import { ErrorList, ExceptionDetail } from '../../../collector/service/api/schema/errors.ts'
import {
  type AttributeKeys,
  type PointFigures,
  PointList,
} from '../../../collector/service/api/schema/information-points.ts'
import { rollupConfig } from '../../../collector/service/rollup/rollup-config.ts'
import { createRollupRuns } from '../../../collector/service/rollup/run.ts'
import { type EntrySpan, entrySpan } from '../../support/entry-span.ts'
import { seedTraces } from '../../support/seed/traces.ts'
import { type SeededApp, startSeededApp } from '../../support/service-app.ts'

vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 })

let seeded: SeededApp
beforeAll(async () => {
  seeded = await startSeededApp({ minutes: 35, tracesPerMinute: 4 })
})
afterAll(() => seeded?.close())

const toMs = () => seeded.facts.toMs - 60_000

async function get<T>(path: string, schema: TSchema): Promise<T> {
  // Calls of the last seconds are not counted yet, since their callees may be on their way.
  const range = `from=${seeded.facts.fromMs}&to=${toMs()}`
  const response = await seeded.app.inject({
    url: `/api/v1/applications/shop/${path}${path.includes('?') ? '&' : '?'}${range}`,
  })
  const body = response.json<T>()
  expect(response.statusCode, JSON.stringify(body)).toBe(200)
  expect([...Value.Errors(schema, body)].slice(0, 3)).toEqual([])
  return body
}

/** Plain SQL over spans: distinct ones, counted by hand. */
async function plain<Row>(columns: string, where: string, group = ''): Promise<Row[]> {
  return seeded.clickHouse.store.query<Row>({
    sql: `SELECT ${columns} FROM (SELECT * FROM spans LIMIT 1 BY trace_id, span_id)
      WHERE application = 'shop' AND start_time >= fromUnixTimestamp64Milli({fromMs:Int64}) AND start_time < fromUnixTimestamp64Milli({toMs:Int64}) AND ${where} ${group}`,
    params: { fromMs: seeded.facts.fromMs, toMs: toMs() },
  })
}
const figures =
  'toFloat64(count()) AS calls, toFloat64(countIf(status = 2)) AS errors, avg(duration_ns) / 1e6 AS meanMs, quantileExact(0.95)(duration_ns) / 1e6 AS p95Ms'
interface Figures {
  readonly calls: number
  readonly errors: number
  readonly meanMs: number | null
  readonly p95Ms: number | null
}

/** Counts are exact; quantiles of minutes are the middles of buckets. */
function expectFigures(red: Figures, want: Figures | undefined): void {
  expect([red.calls, red.errors]).toEqual([want?.calls, want?.errors])
  expect(red.meanMs).toBeCloseTo(want?.meanMs ?? 0, 4)
  expect(Math.abs((red.p95Ms ?? 0) / (want?.p95Ms ?? 1) - 1)).toBeLessThan(0.046)
}

const database = 'system=postgresql&peer=postgres:5432/shop'

async function check(): Promise<void> {
  const inserts = "kind = 3 AND db_system = 'postgresql'"
  const [insert] = await plain<Figures>(figures, inserts)
  const [put] = await plain<Figures>(figures, "kind = 4 AND messaging_destination = 'orders'")
  const [payments] = await plain<Figures>(figures, "kind = 3 AND peer = 'api.pagamenti.example:443'")
  const { databases, statements } = await get<DatabaseList>('databases', DatabaseList)
  expect(databases).toHaveLength(1)
  expect(databases[0]).toMatchObject({
    system: 'postgresql',
    peer: 'postgres:5432/shop',
    statements: 1,
    timeShare: 1,
  })
  expect(databases[0]?.callers.map((caller) => [caller.service, caller.red.calls])).toEqual([
    ['ordini', insert?.calls],
  ])
  expect(statements).toMatchObject([{ services: ['ordini'], timeShare: 1 }])
  expect(statements[0]?.statement).toMatch(/^INSERT INTO orders VALUES \(/)
  for (const { red } of [...databases, ...statements]) expectFigures(red, insert)

  const hash = statements[0]?.hash
  const detail = await get<StatementDetail>(`statement?${database}&hash=${hash}`, StatementDetail)
  expectFigures(detail.red, insert)
  expect(detail.statement).toMatch(/^INSERT INTO orders VALUES \(/)
  expect(detail.parts).toMatchObject([{ service: 'ordini', version: 'v1' }])
  const { callers } = await get<StatementCallers>(
    `statement-callers?${database}&hash=${hash}`,
    StatementCallers,
  )
  expect(callers).toMatchObject([{ service: 'ordini', operation: 'POST /orders', meanMs: 6 }])
  const calling = async (query: string) =>
    (await get<CallingTransactions>(`calling-transactions?${query}`, CallingTransactions)).transactions
  const began = { service: 'magnanimo', transaction: 'GET /hw2', share: 1 }
  const ofStatement = `type=statement&system=postgresql&name=postgres:5432/shop&hash=${hash}`
  expect(await calling(ofStatement)).toEqual([{ ...began, calls: insert?.calls, meanMs: 6 }])
  const host = 'type=external&system=http&name=api.pagamenti.example:443'
  expect(await calling(host)).toEqual([{ ...began, calls: payments?.calls, meanMs: 20 }])
  expect(await calling('type=queue&system=kafka&name=orders')).toMatchObject([
    { ...began, calls: put?.calls },
  ])
  expect(await calling('type=queue&system=kafka&name=none')).toEqual([])
  expect(detail.charts.load.series[0]?.points.reduce((sum: number, point) => sum + (point ?? 0), 0)).toBe(
    insert?.calls,
  )
  expect(detail.slowest[0]).toMatchObject({ durationMs: 6, service: 'ordini' })

  const { backends } = await get<BackendList>('backends', BackendList)
  expect(backends.map((one) => [one.kind, one.system, one.name, one.callers[0]?.service]).sort()).toEqual([
    ['database', 'postgresql', 'postgres:5432/shop', 'ordini'],
    ['http', 'http', 'api.pagamenti.example:443', 'magnanimo'],
    ['queue', 'kafka', 'orders', 'ordini'],
  ])
  const queue = backends.find((one) => one.kind === 'queue')
  const [taken] = await plain<Figures>(figures, "kind = 5 AND messaging_destination = 'orders'")
  expectFigures(queue?.red as Figures, put)
  expectFigures(queue?.consumed as Figures, taken)
  expect(queue?.consumers).toMatchObject([{ service: 'spedizioni' }])
  // Names may be empty: the UI then leaves the parameter out.
  await get<CallDetail>('backend?type=queue&system=kafka', CallDetail)
  await get<StatementDetail>('statement?system=sqlite&hash=1', StatementDetail)
  const messages = await get<CallDetail>('backend?type=queue&system=kafka&name=orders', CallDetail)
  expectFigures(messages.red, put)
  expectFigures(messages.consumers[0]?.red as Figures, taken)
  expectFigures(backends.find((one) => one.kind === 'http')?.red as Figures, payments)
  const called = await get<CallDetail>(
    'backend?type=external&system=http&name=api.pagamenti.example:443',
    CallDetail,
  )
  expectFigures(called.red, payments)
  expect(called.slowest).toHaveLength(10)
  const untilNow = await seeded.app.inject({ url: '/api/v1/applications/shop/backends' })
  const counted = (list: BackendList) => list.backends.find((one) => one.kind === 'http')?.red.calls ?? 0
  const last = await seeded.clickHouse.store.query<{ calls: number }>({
    sql: "SELECT toFloat64(uniqExact(span_id)) AS calls FROM spans WHERE peer = 'api.pagamenti.example:443' AND toUnixTimestamp64Milli(received_at) < {nowMs:Int64} - 15000",
    params: { nowMs: seeded.facts.toMs },
  })
  expect(counted(untilNow.json<BackendList>())).toBe(last[0]?.calls)

  const { endpoints } = await get<EndpointList>('endpoints', EndpointList)
  const wanted = await plain<Figures & { service: string; name: string }>(
    `service, if(http_route = '', messaging_destination, http_route) AS name, ${figures}`,
    'kind IN (2, 5)',
    'GROUP BY service, name ORDER BY service, name',
  )
  expect(endpoints).toHaveLength(wanted.length)
  for (const want of wanted) {
    const found = endpoints.find((one) => one.service === want.service && one.name === want.name)
    expectFigures(found?.red as Figures, want)
  }
  const endpoint = await get<CallDetail>(
    'endpoint?service=benigno&protocol=http&method=GET&name=/',
    CallDetail,
  )
  expectFigures(
    endpoint.red,
    wanted.find((one) => one.service === 'benigno'),
  )
  expect(endpoint.parts.map((part) => part.version)).toEqual(['v1', 'v2'])

  const errors = await get<ErrorList>('errors', ErrorList)
  const failed = await plain<{ service: string; operation: string; errors: number }>(
    'service, operation, toFloat64(count()) AS errors',
    'kind IN (2, 5) AND status = 2',
    'GROUP BY service, operation ORDER BY errors DESC, service',
  )
  expect(errors.operations.map((row) => [row.service, row.operation, row.red.errors])).toEqual(
    failed.map((row) => [row.service, row.operation, row.errors]),
  )
  const [thrown] = await plain<{ count: number; firstMs: number; lastMs: number; versions: string[] }>(
    `toFloat64(count()) AS count, toUnixTimestamp64Milli(min(start_time)) AS firstMs, toUnixTimestamp64Milli(max(start_time)) AS lastMs,
      arraySort(groupUniqArray(toString(version))) AS versions`,
    "has(events_name, 'exception')",
  )
  expect(errors.exceptions).toMatchObject([
    {
      type: 'StockError',
      message: 'stock service answered 500',
      count: thrown?.count,
      services: ['benigno'],
      operations: ['GET /'],
      versions: thrown?.versions,
      firstVersion: 'v1',
      isNew: false,
    },
  ])
  const [group] = errors.exceptions
  // A sighting is kept to the second.
  expect(Math.floor((group?.firstSeenMs ?? 0) / 1_000)).toBe(Math.floor((thrown?.firstMs ?? 0) / 1_000))
  const exception = await get<ExceptionDetail>(`exceptions/${group?.group}`, ExceptionDetail)
  expect(exception).toMatchObject({ type: 'StockError', count: thrown?.count, firstVersion: 'v1' })
  expect(exception.stack).toContain('at reserve (/app/stock.js:41:11)')
  expect(exception.occurrences[0]).toMatchObject({ atMs: thrown?.lastMs, service: 'benigno' })
  const traces = await seeded.app.inject({
    url: `/api/v1/traces?application=shop&exception=${group?.group}&limit=1000&from=${seeded.facts.fromMs}&to=${toMs()}`,
  })
  expect(traces.json<{ traces: unknown[] }>().traces).toHaveLength(thrown?.count ?? 0)
  const byStatement = await seeded.app.inject({
    url: `/api/v1/traces?application=shop&statement=${hash}&peer=postgres:5432/shop&limit=1000&from=${seeded.facts.fromMs}&to=${toMs()}`,
  })
  expect(byStatement.json<{ traces: unknown[] }>().traces).toHaveLength(insert?.calls ?? 0)
}

describe('errors, databases, backends and endpoints say what plain SQL over spans says', () => {
  test('from raw spans, as long as nothing is rolled up', check)

  test('and from minutes, with raw spans for those that are open', async () => {
    const nowMs = seeded.facts.toMs
    const clock = { nowMs: () => nowMs, monotonicMs: () => 0, sleep: async () => {} }
    const runs = createRollupRuns({ store: seeded.clickHouse.store, clock }, rollupConfig)
    while ((await runs.next()).backlog);
    const [rolledUp] = await seeded.clickHouse.store.query<{ minutes: number }>({
      sql: 'SELECT toFloat64(uniqExact(minute)) AS minutes FROM db_1m WHERE calls > 0',
      params: {},
    })
    expect(rolledUp?.minutes).toBeGreaterThan(15)
    await check()
    // The first one was thrown in the second minute of the application.
    const later = `from=${seeded.facts.fromMs + 60_000}&to=${toMs()}`
    const response = await seeded.app.inject({ url: `/api/v1/applications/shop/errors?${later}` })
    expect(response.json<ErrorList>().exceptions).toMatchObject([{ isNew: true, firstVersion: 'v1' }])
  })
})

test('the slowest calls are of different traces, however many of them one trace made', async () => {
  const { trace_id: loop } = entrySpan({ id: 'loop', atMs: 0, ms: 0 })
  const call = (id: string, ms: number, over: Partial<EntrySpan> = {}) =>
    entrySpan({
      id,
      atMs: seeded.facts.fromMs + 1_000,
      ms,
      ...{ application: 'loops', kind: 3, db_system: 'sqlite', db_statement: 'SELECT 1' },
      ...over,
    })
  const rows = [
    ...Array.from({ length: 60 }, (_, index) => call(`loop ${index}`, 500, { trace_id: loop })),
    ...Array.from({ length: 12 }, (_, index) => call(`one ${index}`, 10 + index)),
  ]
  expect((await seeded.clickHouse.store.insert({ table: spansTable, rows }, 'loops')).type).toBe('stored')
  const [statement] = await seeded.clickHouse.store.query<{ hash: string }>({
    sql: "SELECT toString(cityHash64(normalizeQuery('SELECT 1'))) AS hash",
    params: {},
  })
  const range = `from=${seeded.facts.fromMs}&to=${seeded.facts.fromMs + 10 * 60_000}`
  const response = await seeded.app.inject(
    `/api/v1/applications/loops/statement?system=sqlite&hash=${statement?.hash}&${range}`,
  )
  expect(response.statusCode, response.body).toBe(200)
  const { red, slowest } = response.json<StatementDetail>()
  expect(red.calls).toBe(72)
  expect(slowest.map(({ durationMs }) => durationMs)).toEqual([500, 21, 20, 19, 18, 17, 16, 15, 14, 13])
  expect(new Set(slowest.map(({ traceId }) => traceId)).size).toBe(10)
})

describe('information points', () => {
  const path = '/api/v1/applications/till/information-points'
  const point: InformationPoint = {
    name: 'Revenue',
    description: '',
    unit: 'EUR',
    service: '',
    operation: '',
    conditions: [],
    aggregation: 'sum',
    attribute: 'order.total',
    groupBy: 'user.tier',
    groupsMax: 2,
  }
  const send = async <T>(method: 'POST' | 'PUT', url: string, body: unknown) => {
    const response = await seeded.app.inject({
      method,
      url,
      payload: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    })
    return { status: response.statusCode, body: response.json<T>() }
  }
  const preview = async (change: Partial<InformationPoint>) => {
    const answer = await send<PointFigures>('POST', `${path}/preview`, {
      definition: { ...point, ...change },
    })
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    return answer.body
  }

  beforeAll(async () => {
    const [like] = seedTraces({
      fromMs: seeded.facts.toMs - 600_000,
      minutes: 1,
      tracesPerMinute: 1,
    }).first
    if (!like) throw new Error('no span')
    const orders: readonly (readonly [total: string, tier: string, weight: number])[] = [
      ['10', 'gold', 1],
      ['20.5', 'gold', 2],
      ['5', 'base', 1],
      ['1', 'base', 1],
      ['3', 'base', 1],
      ['7', 'staff', 1],
      ['9', '', 1],
      ['free', 'gold', 1],
    ]
    const rows = orders.map(([total, tier, weight], index) => ({
      ...like,
      application: 'till',
      span_id: new Uint8Array(8).fill(index + 1),
      weight,
      attributes: new Map([['order.total', total], ...(tier ? [['user.tier', tier] as const] : [])]),
    }))
    const outcome = await seeded.clickHouse.store.insert({ table: spansTable, rows }, 'till')
    expect(outcome.type).toBe('stored')
  })

  test('add up by weight, say what is no number, and pool the groups beyond the limit', async () => {
    const sum = await preview({})
    expect(sum).toMatchObject({ value: 76, spans: 9, skipped: 1 })
    expect(sum.groups).toEqual([
      { name: 'gold', pooled: false, value: 51, spans: 4 },
      { name: 'base', pooled: false, value: 9, spans: 3 },
      { name: 'others', pooled: true, value: 16, spans: 2 },
    ])
    const perMinute = sum.chart.series.map(
      (series) => (series.points as (number | null)[]).reduce((all: number, one) => all + (one ?? 0), 0) ?? 0,
    )
    expect(perMinute).toEqual([51, 9, 16])
    expect(await preview({ aggregation: 'mean' })).toMatchObject({ value: 9.5, perMinute: null })
    expect(await preview({ aggregation: 'max' })).toMatchObject({ value: 20.5 })
    expect(await preview({ aggregation: 'p95' })).toMatchObject({ value: 20.5 })
    expect(await preview({ aggregation: 'count', groupBy: '' })).toMatchObject({ value: 9, skipped: 0 })
  })

  test.each<readonly [InformationPoint['conditions'][number], number]>([
    [{ key: 'user.tier', is: 'equal', value: 'gold' }, 4],
    [{ key: 'user.tier', is: 'not equal', value: 'gold' }, 5],
    [{ key: 'user.tier', is: 'contains', value: 'a' }, 4],
    [{ key: 'user.tier', is: 'starts with', value: 'ba' }, 3],
    [{ key: 'user.tier', is: 'ends with', value: 'old' }, 4],
    [{ key: 'user.tier', is: 'matches', value: '^(base|staff)$' }, 4],
    [{ key: 'user.tier', is: 'exists', value: '' }, 8],
  ])('take only spans that meet %j', async (condition, spans) => {
    expect(await preview({ aggregation: 'count', conditions: [condition] })).toMatchObject({ value: spans })
  })

  test('are kept with their version, changed by who knows it, and deleted', async () => {
    const made = await send<{ id: string; version: number }>('POST', path, { definition: point })
    expect(made).toMatchObject({ status: 200, body: { version: 1 } })
    const { id } = made.body
    const listed = async () => {
      const response = await seeded.app.inject({ url: path })
      const body = response.json<PointList>()
      expect([...Value.Errors(PointList, body)].slice(0, 3)).toEqual([])
      return body.points
    }
    expect(await listed()).toMatchObject([{ id, version: 1, definition: point, figures: { value: 76 } }])
    const change = (version: number, definition: unknown) =>
      send<{ code: string }>('PUT', `${path}/${id}`, { version, definition })
    expect((await change(1, { ...point, name: 'Sales' })).status).toBe(200)
    expect(await change(1, point)).toMatchObject({ status: 409, body: { code: 'version-conflict' } })
    expect(await listed()).toMatchObject([{ version: 2, definition: { name: 'Sales' } }])
    expect((await change(2, null)).status).toBe(200)
    expect(await listed()).toEqual([])
    const audit = await seeded.clickHouse.store.query<{ action: string }>({
      sql: "SELECT action FROM audit WHERE startsWith(subject, 'till') ORDER BY time, action",
      params: {},
    })
    expect(audit.map((row) => row.action).sort()).toEqual([
      'information-points.delete',
      'information-points.save',
      'information-points.save',
    ])
  })

  test.each<readonly [Partial<InformationPoint>, number, string]>([
    [{ attribute: '' }, 400, 'bad-configuration'],
    [{ conditions: [{ key: 'user.tier', is: 'matches', value: '(' }] }, 400, 'bad-configuration'],
    [{ groupsMax: 21 }, 400, 'bad-parameter'],
    [{ name: '' }, 400, 'bad-parameter'],
  ])('are refused when they cannot be computed: %j', async (wrong, status, code) => {
    const answer = await send<{ code: string; message: string }>('POST', path, {
      definition: { ...point, ...wrong },
    })
    expect(answer).toMatchObject({ status, body: { code } })
  })

  test('attributes that spans have are told with samples', async () => {
    const response = await seeded.app.inject({
      url: '/api/v1/applications/till/span-attributes?from=now-10m&to=now-9m',
    })
    const { keys } = response.json<AttributeKeys>()
    expect(keys.find((one) => one.key === 'user.tier')).toMatchObject({
      numeric: false,
      samples: ['base', 'gold', 'staff'],
    })
  })
})
