import type { TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ClusterConfiguration } from '../../../collector/service/api/schema/agent-configuration.ts'
import { TransactionAnatomy } from '../../../collector/service/api/schema/anatomy.ts'
import {
  ApplicationDashboard,
  ApplicationList,
  FlowMap,
  OperationList,
  TraceDetail,
  TraceList,
} from '../../../collector/service/api/schema/applications.ts'
import {
  AgentList,
  ClusterDashboard,
  ClusterList,
  CrashList,
  EventChain,
  EventList,
  NamespaceList,
  PodDetail,
  PodList,
  WorkloadList,
} from '../../../collector/service/api/schema/clusters.ts'
import { About, ApiError } from '../../../collector/service/api/schema/common.ts'
import { PodTransactions, TraceTransactions } from '../../../collector/service/api/schema/entered-by.ts'
import {
  Inventory,
  NodeList,
  ObjectDetail,
  ObjectList,
} from '../../../collector/service/api/schema/objects.ts'
import {
  LatestReleaseList,
  ReleaseComparison,
  ReleaseList,
} from '../../../collector/service/api/schema/releases.ts'
import { HintList, WhySlow } from '../../../collector/service/api/schema/root-cause.ts'
import { SloDetail, SloList, SloPreview, type SloSaved } from '../../../collector/service/api/schema/slos.ts'
import { TierList } from '../../../collector/service/api/schema/tiers.ts'
import {
  Scorecard,
  SnapshotList,
  TransactionDetail,
  TransactionList,
  TransactionPreview,
  TransactionRules,
} from '../../../collector/service/api/schema/transactions.ts'
import { ViolationList } from '../../../collector/service/api/schema/violations.ts'
import { builtInRules, runHealthRules } from '../../../collector/service/health/health-rules.ts'
import { systemClock } from '../../../collector/std/clock.ts'
import { seedHistory } from '../../support/seed/history.ts'
import { type SeededApp, startSeededApp } from '../../support/service-app.ts'

let seeded: SeededApp
const rules = () => builtInRules({ ...seeded, store: seeded.clickHouse.store, unjudged: { add() {} } })
beforeAll(async () => {
  seeded = await startSeededApp({ tracesPerMinute: 10 })
})
afterAll(() => seeded?.close())

async function get<T>(path: string): Promise<{ status: number; body: T }> {
  const response = await seeded.app.inject({ url: `/api/v1${path}` })
  return { status: response.statusCode, body: response.json<T>() }
}

describe('every route answers by its schema', () => {
  const routes: [path: () => string, schema: TSchema][] = [
    [() => '/about', About],
    [() => '/clusters', ClusterList],
    [() => '/clusters/demo/dashboard', ClusterDashboard],
    [() => '/clusters/demo/dashboard?namespace=shop', ClusterDashboard],
    [() => '/clusters/demo/pods', PodList],
    [() => '/clusters/demo/pods?deleted=true&limit=3&health=!ok', PodList],
    [() => '/clusters/demo/pods/uid-pagamenti-59cc-0', PodDetail],
    [() => '/clusters/demo/pods/shop%2Fpagamenti-59cc-0', PodDetail],
    [() => '/clusters/demo/workloads', WorkloadList],
    [() => '/clusters/demo/namespaces', NamespaceList],
    [() => '/clusters/demo/nodes', NodeList],
    [() => '/clusters/demo/objects?kind=Service,EndpointSlice&limit=2', ObjectList],
    [() => '/clusters/demo/object?kind=Node&name=worker-1', ObjectDetail],
    [() => '/clusters/demo/object?kind=StatefulSet&namespace=shop&name=postgres', ObjectDetail],
    [() => '/clusters/demo/object?kind=Service&namespace=shop&name=pagamenti', ObjectDetail],
    [() => '/clusters/demo/inventory', Inventory],
    [() => '/clusters/demo/events?severity=error,warning', EventList],
    [() => '/clusters/demo/events/event-pagamenti-59cc-0-BackOff/chain', EventChain],
    [() => '/clusters/demo/events/none/chain', EventChain],
    [() => '/clusters/demo/crashes?namespace=shop', CrashList],
    [() => '/applications', ApplicationList],
    [() => '/applications/shop/dashboard', ApplicationDashboard],
    [() => '/applications/shop/dashboard?from=now-7d', ApplicationDashboard],
    [
      () => '/applications/shop/dashboard?compare=weekly&spread=robust&zone=Europe/Rome',
      ApplicationDashboard,
    ],
    [() => '/applications/shop/dashboard?compare=previous', ApplicationDashboard],
    [() => '/applications/shop/flow-map', FlowMap],
    [() => '/applications/shop/flow-map?tier=ordini', FlowMap],
    [() => '/applications/shop/flow-map?tier=magnanimo&transaction=GET%20%2Fhw2', FlowMap],
    [() => '/applications/shop/flow-map?tier=none', FlowMap],
    [() => '/applications/shop/operations?service=benigno', OperationList],
    [() => '/applications/shop/tiers', TierList],
    [
      () => '/applications/shop/transaction-anatomy?service=magnanimo&transaction=GET%20/hw2',
      TransactionAnatomy,
    ],
    [() => '/applications/shop/transactions', TransactionList],
    [() => '/applications/shop/transactions?from=now-7d&sort=p95&q=hw2&limit=1', TransactionList],
    [() => '/applications/shop/transaction?service=magnanimo&transaction=GET%20/hw2', TransactionDetail],
    [() => '/applications/shop/scorecard', Scorecard],
    [() => '/applications/shop/scorecard?by=tier&from=now-30d', Scorecard],
    [() => '/applications/shop/scorecard?by=node', Scorecard],
    [() => '/applications/shop/scorecard?by=transaction&service=magnanimo', Scorecard],
    [() => '/applications/shop/transaction-rules', TransactionRules],
    [() => '/snapshots', SnapshotList],
    [() => '/snapshots?application=shop&reason=error,slow&q=hw2&sort=slowest&limit=5', SnapshotList],
    [() => '/applications/shop/hints?from=now-5m&referenceFrom=now-1h&referenceTo=now', HintList],
    [() => '/applications/shop/hints?service=magnanimo&transaction=GET%20/hw2', HintList],
    [() => '/slos', SloList],
    [() => '/applications/shop/slos', SloList],
    [() => '/releases?limit=3', LatestReleaseList],
    [() => '/applications/shop/releases', ReleaseList],
    [() => '/applications/shop/releases?from=now-7d', ReleaseList],
    [() => '/applications/shop/tiers/benigno/compare', ReleaseComparison],
    [() => '/applications/shop/tiers/benigno/compare?a=v2&b=v1&from=now-2d', ReleaseComparison],
    [() => '/applications/shop/tiers/benigno/compare?a=v1&b=never', ReleaseComparison],
    [
      () => `/applications/shop/tiers/benigno/compare?marker=${seeded.facts.toMs - 30 * 60_000}&minutes=20`,
      ReleaseComparison,
    ],
    [() => '/traces?service=benigno&sort=slowest&limit=5', TraceList],
    [() => `/traces/${seeded.facts.traces.sampleTraceId}`, TraceDetail],
    [() => `/traces/${seeded.facts.traces.sampleTraceId}?aroundMs=${seeded.facts.fromMs}`, TraceDetail],
    [() => `/traces/${seeded.facts.traces.sampleTraceId}/why`, WhySlow],
    [() => `/traces/${seeded.facts.traces.sampleTraceId}/transactions`, TraceTransactions],
    [() => '/clusters/demo/pods/uid-ordini-84d5-0/transactions', PodTransactions],
    [() => '/agents', AgentList],
    [() => '/clusters/demo/configuration', ClusterConfiguration],
    [() => '/violations', ViolationList],
  ]
  test.each(routes)('%s', async (path, schema) => {
    const { status, body } = await get(path())
    expect(status, JSON.stringify(body)).toBe(200)
    expect([...Value.Errors(schema, body)].slice(0, 3)).toEqual([])
  })
})

describe('bad requests say what, why and what to do', () => {
  const cases: [path: string, status: number, code: string, part: string][] = [
    ['/clusters?from=yesterday', 400, 'bad-time', 'from=yesterday'],
    ['/applications?zone=Mars/Utopia', 400, 'bad-parameter', 'time zone Mars/Utopia'],
    ['/clusters?from=now&to=now-1h', 400, 'bad-time', 'ends before it starts'],
    ['/clusters?from=now-1h&to=now-1h', 400, 'bad-time', 'ends before it starts'],
    ['/clusters?from=0&to=now', 400, 'bad-time', '400 days'],
    ['/clusters?from=99999999999999', 400, 'bad-time', 'Unix milliseconds'],
    ['/clusters?from=now-1y', 400, 'bad-time', 'now-1y'],
    ["/clusters/demo/pods?from=1');DROP", 400, 'bad-time', 'cannot read the time'],
    ['/clusters/demo/pods?limit=0', 400, 'bad-parameter', 'limit'],
    ['/clusters/demo/pods?limit=10001', 400, 'bad-parameter', 'limit'],
    ['/clusters/demo/pods?limit=ten', 400, 'bad-parameter', 'limit'],
    ['/clusters/demo/pods?deleted=perhaps', 400, 'bad-parameter', 'deleted'],
    [`/clusters/demo/pods?q=${'x'.repeat(201)}`, 400, 'bad-parameter', 'q'],
    [`/clusters/demo/pods?namespace=${'a,'.repeat(101)}`, 400, 'bad-parameter', 'at most 100'],
    ['/traces?status=bad', 400, 'bad-parameter', 'status'],
    ['/traces?minMs=-1', 400, 'bad-parameter', 'minMs'],
    ['/traces?minMs=20&maxMs=10', 400, 'bad-parameter', 'no duration'],
    ['/traces?attributes=novalue', 400, 'bad-parameter', 'key=value'],
    [`/traces?attributes=${'a=1,'.repeat(21)}`, 400, 'bad-parameter', 'at most 20'],
    ['/traces/xyz', 400, 'bad-parameter', 'traceId'],
    [`/traces/${'0'.repeat(32)}`, 404, 'unknown-trace', 'cannot find the trace'],
    ['/clusters/nowhere/dashboard', 404, 'unknown-cluster', 'nowhere'],
    ['/clusters/nowhere/crashes', 404, 'unknown-cluster', 'nowhere'],
    ['/clusters/demo/crashes?limit=0', 400, 'bad-parameter', 'limit'],
    ['/clusters/nowhere/events', 404, 'unknown-cluster', '/api/v1/clusters'],
    ['/clusters/demo/pods/uid-none', 404, 'unknown-pod', 'uid-none'],
    ['/clusters/demo/object?kind=Node&name=none', 404, 'unknown-object', 'cannot find Node none'],
    ['/clusters/demo/object?kind=Node', 400, 'bad-parameter', 'name'],
    ['/applications/shop/flow-map?transaction=GET', 400, 'bad-parameter', 'give the tier'],
    ['/traces?transaction=GET', 400, 'bad-parameter', 'give application'],
    ['/applications/none/flow-map', 404, 'unknown-application', 'none'],
    ['/applications/none/dashboard', 404, 'unknown-application', 'none'],
    ['/applications/none/operations', 404, 'unknown-application', 'none'],
    ['/applications/none/tiers', 404, 'unknown-application', 'none'],
    ['/nothing', 404, 'unknown-path', '/api/v1/nothing'],
  ]
  test.each(cases)('%s → %i %s', async (path, status, code, part) => {
    const answer = await get<ApiError>(path)
    expect(answer.status).toBe(status)
    expect(Value.Check(ApiError, answer.body)).toBe(true)
    expect(answer.body).toMatchObject({ statusCode: status, code })
    expect(answer.body.message).toContain(part)
  })
})

test('markers tell of rollouts, scale changes and violations of the range', async () => {
  const { clickHouse, facts } = seeded
  const clock = { ...systemClock, nowMs: () => facts.toMs - 60_000 }
  await runHealthRules({ store: clickHouse.store, clock }, rules(), 15_000)
  const { body } = await get<ClusterDashboard>('/clusters/demo/dashboard?namespace=shop')
  const kinds = body.markers.map((marker) => marker.kind)
  expect(kinds).toEqual([...kinds.filter((kind) => kind === 'violation'), 'rollout'])
  expect(body.markers.map((marker) => marker.title)).toContain('benigno-v2: v1 → v2')
  expect(kinds.length).toBeGreaterThan(1)
})

describe('charts and tables beside what is usual', () => {
  const hourMs = 3_600_000
  // Four days of each hour of the range: 10 and 14 calls a minute in turn, one in a hundred failed.
  beforeAll(async () => {
    const { facts, clickHouse } = seeded
    const firstMs = Math.floor(facts.fromMs / hourMs) * hourMs
    const hours = [1, 2, 3, 4].flatMap((days) => [
      firstMs - days * 24 * hourMs,
      firstMs - (days * 24 - 1) * hourMs,
    ])
    await seedHistory(
      clickHouse.store,
      hours.map((at, index) => {
        const calls = index % 4 < 2 ? 600 : 840
        return { hourMs: at, calls, errors: calls / 100, durations: [[8, calls]] }
      }),
    )
  })
  const range = () => `from=${seeded.facts.fromMs}&to=${seeded.facts.toMs}`

  test('the load of an application has a band of mean ± 2 σ, each step from the four same hours before', async () => {
    const { body } = await get<ApplicationDashboard>(`/applications/shop/dashboard?${range()}`)
    const [series] = body.charts.load.series
    const sigma = Math.sqrt(16 / 3)
    const { center, lower, upper, hours } = series?.baseline ?? {}
    expect(center).toHaveLength(body.charts.load.timesMs.length)
    expect(new Set(hours)).toEqual(new Set([4]))
    for (const points of [center, lower, upper].map((one) => new Set(one))) expect(points.size).toBe(1)
    expect([center?.[0], lower?.[0], upper?.[0]]).toEqual(
      [12, 12 - 2 * sigma, 12 + 2 * sigma].map((one) => expect.closeTo(one, 9)),
    )
    expect(body.charts.responseTime.series.map((one) => one.baseline !== undefined)).toEqual([
      false,
      true,
      false,
    ])
  })

  test('a row says how far it is from usual, and nothing where it has no past', async () => {
    const { body } = await get<OperationList>(`/applications/shop/operations?${range()}`)
    const row = body.operations.find((one) => one.operation === 'GET /hw2' && one.service === 'magnanimo')
    const { callsPerMinute, usual } = row?.red ?? {}
    const sigma = Math.sqrt((8 * 4) / 7)
    expect(usual?.callsPerMinute).toEqual({
      hours: 8,
      center: 12,
      lower: expect.closeTo(12 - 2 * sigma, 9),
      upper: expect.closeTo(12 + 2 * sigma, 9),
      deviation: expect.closeTo(((callsPerMinute ?? 0) - 12) / sigma, 9),
      change: expect.closeTo((callsPerMinute ?? 0) / 12 - 1, 9),
    })
    // All hours were equally fast: no σ to count in.
    expect(usual?.p95Ms).toMatchObject({ hours: 8, deviation: null })
    const known = body.operations.filter((one) => one.red.usual?.p95Ms.center !== null)
    expect(known.map((one) => one.service)).toEqual(['magnanimo'])
    const none = { hours: 0, center: null, lower: null, upper: null, deviation: null, change: null }
    const ordini = body.operations.find((one) => one.service === 'ordini')
    expect(ordini?.red.usual).toEqual({ callsPerMinute: none, p95Ms: none, errorsPerMinute: none })
    const without = await get<OperationList>(`/applications/shop/operations?${range()}&compare=none`)
    expect(without.body.operations.filter((one) => one.red.usual)).toEqual([])
  })

  test('the previous period is the chart of the period before, step by step', async () => {
    const { facts } = seeded
    const half = (facts.toMs - facts.fromMs) / 2
    const load = async (from: number, to: number, compare: string) => {
      const path = `/applications/shop/dashboard?from=${from}&to=${to}&compare=${compare}`
      return (await get<ApplicationDashboard>(path)).body.charts.load
    }
    const both = await load(facts.fromMs + half, facts.toMs, 'previous')
    const before = await load(facts.fromMs, facts.fromMs + half, 'none')
    expect(both.series[0]?.previous).toEqual(before.series[0]?.points)
    expect(both.series[0]?.previous?.some((one) => one !== null && one > 0)).toBe(true)
  })
})

describe('objectives', () => {
  const definition = {
    name: 'shop answers',
    application: 'shop',
    service: '',
    transaction: '',
    objective: 'availability',
    thresholdMs: 0,
    target: 0.99,
    windowDays: 7,
  } as const
  async function send(method: 'POST' | 'PUT' | 'DELETE', path: string, payload?: object) {
    const response = await seeded.app.inject({
      method,
      url: `/api/v1${path}`,
      ...(payload ? { payload } : {}),
    })
    return { status: response.statusCode, body: response.json<SloSaved & ApiError & SloPreview>() }
  }
  const entering = async () => {
    const [row] = await seeded.clickHouse.store.query<{ total: number; good: number }>({
      sql: `SELECT toFloat64(count()) AS total, toFloat64(countIf(status != 2)) AS good FROM spans FINAL
        WHERE service = 'magnanimo' AND kind = 2`,
      params: {},
    })
    return { total: row?.total ?? 0, good: row?.good ?? 0 }
  }

  test('an objective is made, read with its figures, changed by version, and removed', async () => {
    const { total, good } = await entering()
    const fresh = { ...definition, transaction: 'GET /hw2', service: 'magnanimo' }
    const preview = await send('POST', '/slos/preview', fresh)
    expect(preview.status, JSON.stringify(preview.body)).toBe(200)
    expect([...Value.Errors(SloPreview, preview.body)]).toEqual([])
    expect(preview.body.lastWeek).toEqual({ total, good, sli: expect.closeTo(good / total, 9) })

    const made = await send('POST', '/slos', fresh)
    expect(made).toMatchObject({ status: 200, body: { version: 1 } })
    const { sloId } = made.body
    const listed = await get<SloList>('/applications/shop/slos')
    expect(listed.body.slos).toMatchObject([{ sloId, definition: fresh, status: { total, good } }])
    expect((await get<SloList>('/applications/billing/slos')).body.slos).toEqual([])
    const detail = await get<SloDetail>(`/slos/${sloId}`)
    expect([...Value.Errors(SloDetail, detail.body)].slice(0, 3)).toEqual([])
    const { days, charts, slo } = detail.body
    expect(days.reduce((sum, one) => sum + one.total, 0)).toBeCloseTo(total, 6)
    expect(charts.budget.series[0]?.points.at(-1)).toBeCloseTo(100 * slo.status.budget.left, 6)

    const change = { version: 1, definition: { ...fresh, target: 0.5 } }
    expect(await send('PUT', `/slos/${sloId}`, change)).toMatchObject({ status: 200, body: { version: 2 } })
    expect(await send('PUT', `/slos/${sloId}`, change)).toMatchObject({
      status: 409,
      body: { code: 'version-conflict' },
    })
    expect((await send('DELETE', `/slos/${sloId}?version=2`)).status).toBe(200)
    expect((await get<SloList>('/slos')).body.slos).toEqual([])
    expect(await get<ApiError>(`/slos/${sloId}`)).toMatchObject({
      status: 404,
      body: { code: 'unknown-slo' },
    })
    const [audited] = await seeded.clickHouse.store.query<{ actions: string[] }>({
      sql: "SELECT arraySort(groupArray(action)) AS actions FROM audit WHERE action LIKE 'slos.%'",
      params: {},
    })
    expect(audited?.actions).toEqual(['slos.remove', 'slos.save', 'slos.save'])
  })

  test.each([
    [{ ...definition, transaction: 'GET /hw2' }, 'needs its tier'],
    [{ ...definition, objective: 'latency' }, 'thresholdMs above 0'],
    [{ ...definition, thresholdMs: 5 }, 'latency only'],
    [{ ...definition, target: 1 }, 'target'],
    [{ ...definition, windowDays: 3 }, 'windowDays'],
    [{ ...definition, extra: 1 }, 'additional'],
  ])('%j is refused', async (payload, part) => {
    const { status, body } = await send('POST', '/slos', payload)
    expect([status, body.code]).toEqual([400, 'bad-parameter'])
    expect(body.message).toContain(part)
  })

  test('one that burns is a violation, and no longer when it is removed', async () => {
    const { sloId } = (await send('POST', '/slos', { ...definition, target: 0.9999 })).body
    const second = await send('POST', '/slos', { ...definition, target: 0.9 })
    expect(second).toMatchObject({ status: 400, body: { code: 'bad-parameter' } })
    const { facts, clickHouse } = seeded
    const clock = { ...systemClock, nowMs: () => facts.toMs }
    const run = () => runHealthRules({ store: clickHouse.store, clock }, rules(), 15_000)
    const ofSlo = (rows: Awaited<ReturnType<typeof run>>) =>
      rows
        .filter((row) => row.entity_kind === 'SLO')
        .map((row) => [row.rule, row.severity, row.entity, row.closed_at > 0])
    // One call in twenty failed all the time, where one in ten thousand may.
    expect(ofSlo(await run()).toSorted()).toEqual([
      ['slo-budget-spent', 'warning', 'shop answers', false],
      ['slo-fast-burn', 'critical', 'shop answers', false],
    ])
    await send('DELETE', `/slos/${sloId}?version=1`)
    expect(ofSlo(await run()).map((row) => row.at(-1))).toEqual([true, true])
  })
})

test('nodes are counted whichever namespaces are chosen', async () => {
  for (const namespace of ['', 'shop']) {
    const { body } = await get<ClusterDashboard>(`/clusters/demo/dashboard?namespace=${namespace}`)
    const figure = body.problems.find((one) => one.id === 'node-not-ready')
    expect(figure).toMatchObject({ value: 1, outOf: 4, rows: 'nodes?finding=node-not-ready' })
  }
})

test('tiers have their nodes with calls, versions and what Kubernetes says of the pod; nodes add up to their tier', async () => {
  const { calls } = seeded.facts.traces
  const { tiers, truncated } = (await get<TierList>('/applications/shop/tiers')).body
  expect([tiers.map((tier) => [tier.service, tier.red.calls]), truncated]).toEqual([
    ['benigno', 'magnanimo', 'ordini', 'spedizioni'].map((service) => [service, calls[service]]),
    false,
  ])
  for (const { red, spark, nodes } of tiers) {
    expect(nodes.reduce((sum, node) => sum + node.red.calls, 0)).toBe(red.calls)
    expect(spark.reduce((sum: number, one) => sum + (one ?? 0), 0)).toBeCloseTo(red.calls, 0)
  }
  const spedizioni = tiers.find((tier) => tier.service === 'spedizioni')
  expect(spedizioni?.nodes).toMatchObject([
    {
      clusterId: 'demo',
      pod: 'spedizioni-66b9-0',
      versions: ['v1'],
      state: {
        uid: 'uid-spedizioni-66b9-0',
        status: 'Running',
        health: 'ok',
        restarts: 4,
        cpuLimitMillicores: 500,
      },
    },
  ])
  expect(spedizioni?.nodes[0]?.state?.memoryUsedBytes).toBeGreaterThan(0)
})

test('from a trace, and from a pod that is no entry, to the transaction that it was called by', async () => {
  const { sampleTraceId, calls } = seeded.facts.traces
  const entered = { application: 'shop', service: 'magnanimo', transaction: 'GET /hw2' }
  const trace = (await get<TraceTransactions>(`/traces/${sampleTraceId}/transactions`)).body
  expect(trace.transactions).toMatchObject([entered])
  const pod = (await get<PodTransactions>('/clusters/demo/pods/shop%2Fbenigno-v2-6f77-0/transactions')).body
  expect(pod.transactions).toMatchObject([{ ...entered, share: 1, red: { calls: calls['benigno@v2'] } }])
  expect((await get(`/traces/${'0'.repeat(32)}/transactions`)).status).toBe(404)
})

test('a value with quotes and braces is a value', async () => {
  for (const value of ["'; DROP TABLE spans --", '{fromMs:Int64}', '\\', "a'b\\'c", '%00', '🚢']) {
    const { status, body } = await get<PodList>(`/clusters/demo/pods?workload=${encodeURIComponent(value)}`)
    expect(status).toBe(200)
    expect(body.pods).toEqual([])
  }
  expect((await get<ClusterList>('/clusters')).body.clusters[0]?.pods).toBe(30)
})

test('answers are compressed, not cached while they change, and carry security headers', async () => {
  const { facts, app } = seeded
  const live = await app.inject({ url: '/api/v1/clusters/demo/pods', headers: { 'accept-encoding': 'gzip' } })
  expect(live.headers).toMatchObject({
    'content-encoding': 'gzip',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining("default-src 'self'"),
  })
  const old = await app.inject({
    url: `/api/v1/clusters?from=${facts.fromMs - 7_200_000}&to=${facts.fromMs}`,
  })
  expect(old.headers['cache-control']).toBe('private, max-age=60')
})

test('without a built UI, pages say so and programs get JSON', async () => {
  const page = await seeded.app.inject({ url: '/clusters/demo/pods' })
  expect([page.statusCode, page.headers['content-type']]).toEqual([503, 'text/html; charset=utf-8'])
  expect(page.body).toContain('npm run build')
  const unknown = await seeded.app.inject({ method: 'POST', url: '/v1/nothing' })
  expect([unknown.statusCode, unknown.json().code]).toEqual([404, 'unknown-path'])
})

test('rules of transactions are previewed, refused with a reason, saved by version, and audited', async () => {
  const path = '/api/v1/applications/shop/transaction-rules'
  async function send<T>(method: 'POST' | 'PUT', url: string, payload: object) {
    const response = await seeded.app.inject({ method, url, payload })
    return { status: response.statusCode, body: response.json<T>() }
  }
  const settings = {
    rules: [
      {
        label: 'page',
        when: [{ field: 'route', match: 'STARTS_WITH', value: '/hw' }],
        action: 'name',
        name: 'Page {route}',
      },
    ],
  }
  const [entering] = await seeded.clickHouse.store.query<{ calls: number }>({
    sql: `SELECT toFloat64(count()) AS calls FROM spans FINAL
      WHERE service = 'magnanimo' AND kind = 2 AND start_time >= fromUnixTimestamp64Milli({fromMs:Int64})`,
    params: { fromMs: seeded.facts.fromMs },
  })
  const preview = await send<TransactionPreview>('POST', `${path}/preview`, { settings })
  expect(preview.status, JSON.stringify(preview.body)).toBe(200)
  expect([...Value.Errors(TransactionPreview, preview.body)].slice(0, 3)).toEqual([])
  expect(preview.body.named.names[0]).toMatchObject({
    service: 'magnanimo',
    transaction: 'Page /hw2',
    calls: entering?.calls,
  })
  const bad = {
    version: 0,
    settings: { rules: [{ label: 'x', when: [], action: 'name', name: '{group:1}' }] },
  }
  expect(await send<ApiError>('PUT', path, bad)).toMatchObject({
    status: 400,
    body: { code: 'bad-rules', message: expect.stringContaining('rules.0 (x): name: {group:1}') },
  })
  expect(await send('PUT', path, { version: 0, settings })).toMatchObject({
    status: 200,
    body: { version: 1 },
  })
  expect(await send('PUT', path, { version: 0, settings })).toMatchObject({ status: 409 })
  const { body } = await get<TransactionRules>('/applications/shop/transaction-rules')
  expect(body).toMatchObject({ version: 1, settings, recomputed: { minutes: 0 } })
  const [audited] = await seeded.clickHouse.store.query<{ subject: string }>({
    sql: "SELECT subject FROM audit WHERE action = 'transactions.configure'",
    params: {},
  })
  expect(audited?.subject).toBe('shop, version 1')
  expect((await send('PUT', path, { version: 1, settings: {} })).status).toBe(200)
})
