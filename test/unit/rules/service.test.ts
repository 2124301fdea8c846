import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OtlpSignal } from '../../../collector/record/otlp.ts'
import { parseServiceConfig } from '../../../collector/service/config.ts'
import { type RunningService, startService } from '../../../collector/service/main.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { encodeKubeLogs, encodeUsage } from '../../../collector/wire/encode-records.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { eventually } from '../../support/processes.ts'
import { until } from '../../support/until.ts'
import { bodyOf, gauge, log, type Sent, span } from './rule-cases.ts'

/** Through the door of the running service into a real engine. */
let clickHouse: TestClickHouse
let service: RunningService

const secret = 'alice@example.com'
const card = '4111-1111-1111-1111'
const rules = `
ingest:
  blockAgeMs: 5
  rules:
    - name: health
      match: {attributes: {http.route: /\\/(healthz|readyz)/}}
      action: drop
    - name: debug
      match: {severity: [debug]}
      action: drop
    - name: scraped
      match: {metric: /scrape_.*/}
      action: drop
    - name: people
      action: {redact: {keys: [enduser.id, owner]}}
    - name: cards
      action: {redact: {values: ['/\\d{4}-\\d{4}-\\d{4}-\\d{4}/']}}
    - name: errors
      match: {status: [error]}
      action: keep
    - name: tenth
      signals: [traces]
      match: {service: busy}
      action: {sample: {ratio: 0.1}}
    - name: everything-of-kube
      match: {resource: {k8s.cluster.uid: east}}
      action: drop
`

beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  service = await startService(
    parseServiceConfig({
      yaml: { text: rules, name: 'service.yaml' },
      overrides: {
        'listen.port': 0,
        'otlp.grpc.port': 0,
        'otlp.http.port': 0,
        'clickhouse.url': clickHouse.url,
        'clickhouse.database': clickHouse.database,
        'rollup.intervalSeconds': 1,
      },
    }),
    { log: silentLog, version: '0.0.0-test' },
  )
})
afterAll(async () => {
  await service?.close()
  await clickHouse?.close()
})

async function post(signal: OtlpSignal, body: Uint8Array, type: string): Promise<unknown> {
  const response = await fetch(`${service.url}/v1/${signal}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: Buffer.from(body),
  })
  expect(response.status).toBe(200)
  return type.endsWith('json') ? response.json() : undefined
}
const send = (signal: OtlpSignal, sent: Sent) => post(signal, bodyOf(signal, sent), 'application/json')
const query = <Row>(sql: string) => clickHouse.store.query<Row>({ sql, params: {} })

async function counter(name: string, labels: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text()
  const line = text
    .split('\n')
    .find((one) => one.startsWith(`binnacle_service_${name}`) && one.includes(labels))
  return Number(line?.split(' ').at(-1) ?? 0)
}

const agoNs = (ms: number) => `${BigInt(Date.now() - ms) * 1_000_000n}`
const recentNs = () => agoNs(600_000)
const recent = (fields: object = {}, timeNs = recentNs()) => ({
  ...span(fields as never),
  traceId: randomBytes(16).toString('hex'),
  startTimeUnixNano: timeNs,
  endTimeUnixNano: timeNs,
})

const point = (name: string) =>
  gauge({ name, gauge: { dataPoints: [{ timeUnixNano: recentNs(), asInt: 1 }] } })

test('what a rule takes away is accepted, counted as filtered by it, and not stored', async () => {
  const items = [
    recent({ attributes: { 'http.route': '/healthz' } }),
    recent({ attributes: { 'http.route': '/healthz' } }),
    recent({ attributes: { 'http.route': '/pay' } }),
  ]
  expect(await send('traces', { resource: { 'service.name': 'plain' }, items })).toEqual({})
  const records = [
    log({ severityNumber: 5, timeUnixNano: recentNs() }),
    log({ severityNumber: 9, timeUnixNano: recentNs() }),
  ]
  expect(await send('logs', { items: records })).toEqual({})
  expect(await send('metrics', { items: [point('scrape_up'), point('up')] })).toEqual({})
  expect(await query("SELECT http_route FROM spans WHERE service = 'plain'")).toEqual([
    { http_route: '/pay' },
  ])
  expect(await query('SELECT severity_number FROM logs')).toEqual([{ severity_number: 9 }])
  expect(await query('SELECT metric FROM metrics')).toEqual([{ metric: 'up' }])
  for (const [labels, want] of [
    ['signal="traces",rule="health"', 2],
    ['signal="logs",rule="debug"', 1],
    ['signal="metrics",rule="scraped"', 1],
  ] as const)
    expect(await counter('ingest_items_filtered_total', labels)).toBe(want)
})

test('sampled spans stand for all of them, and errors are all there', async () => {
  const traces = 4_000
  const items = Array.from({ length: traces }, (_, index) =>
    recent(index % 20 === 0 ? { status: { code: 2 } } : {}),
  )
  const resource = { 'service.name': 'busy', 'service.namespace': 'crowded' }
  await send('traces', { resource, items })
  const [row] = await query<{ weight: number; kept: number; errors: number; states: string[] }>(
    `SELECT sum(weight) AS weight, count() AS kept, countIf(status = 2) AS errors,
       arraySort(groupUniqArray(trace_state)) AS states FROM spans WHERE service = 'busy'`,
  )
  expect(row).toMatchObject({ errors: 200, states: ['', 'ot=th:e66666666666'] })
  const sampled = traces - 200
  // Five standard deviations of the binomial count.
  const deviation = 5 * Math.sqrt(sampled * 0.1 * 0.9)
  expect(Math.abs((row?.kept ?? 0) - 200 - sampled * 0.1)).toBeLessThan(deviation)
  expect(Math.abs((row?.weight ?? 0) - traces)).toBeLessThan(deviation * 10)
  // The figures of the screens are those of all spans, as soon as they are rolled up.
  const shown = await eventually('the application is shown with all of its errors', async () => {
    const answer = await fetch(`${service.url}/api/v1/applications`)
    const { applications } = (await answer.json()) as {
      applications: { application: string; red: { calls: number; errors: number } }[]
    }
    const red = applications.find(({ application }) => application === 'crowded')?.red
    return red && red.errors >= 200 ? red : undefined
  })
  expect(shown.errors).toBe(200)
  expect(shown.calls).toBeCloseTo(row?.weight ?? 0, 0)
  const filtered = await counter('ingest_items_filtered_total', 'rule="tenth"')
  expect(filtered + (row?.kept ?? 0)).toBe(traces)
})

describe('a redacted secret is in no column of any table', () => {
  const everywhere = async (needle: string) => {
    const columns = await query<{ table: string; name: string }>(
      `SELECT table, name FROM system.columns WHERE database = currentDatabase() AND type LIKE '%String%'
         AND table IN (SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree%')`,
    )
    const found: string[] = []
    for (const table of new Set(columns.map((column) => column.table))) {
      const names = columns.filter((column) => column.table === table).map(({ name }) => name)
      const counts = names.map((name) => `countIf(position(toString(${name}), '${needle}') > 0) AS ${name}`)
      const [row = {}] = await query<Record<string, number>>(`SELECT ${counts} FROM ${table}`)
      for (const name of names) if (Number(row[name]) > 0) found.push(`${table}.${name}`)
    }
    return { found, searched: columns.length }
  }
  const secrets = { 'enduser.id': secret, note: `card ${card}` }
  const resource = { 'service.name': `of-${secret}`, owner: secret, note: card }
  const scope = { name: `lib ${card}`, version: card, attributes: secrets }

  beforeAll(async () => {
    // A minute of its own, which is rolled up as soon as it arrives: one that has been would wait for ten more.
    const timeNs = agoNs(1_800_000)
    const spans = [
      recent(
        {
          kind: 3,
          name: `GET /users/${secret}`,
          traceState: `vendor=${card}`,
          status: { code: 2, message: `${secret} has no card ${card}` },
          attributes: {
            ...secrets,
            'db.query.text': `SELECT * FROM u WHERE mail = '${secret}' AND card = '${card}'`,
            'http.route': `/users/${secret}`,
            'peer.service': card,
            [`key ${card}`]: 'x',
          },
          events: [
            {
              timeUnixNano: recentNs(),
              name: 'exception',
              attributes: [{ key: 'exception.type', value: { stringValue: `Bad ${secret} ${card}` } }],
            },
            { timeUnixNano: recentNs(), name: `e ${card} ${secret}`, attributes: [] },
          ],
          links: [
            {
              traceId: '03'.repeat(16),
              spanId: '04'.repeat(8),
              traceState: `v=${card}`,
              attributes: [{ key: 'l', value: { stringValue: `${secret} ${card}` } }],
            },
          ],
        },
        timeNs,
      ),
    ]
    const records = [
      log({
        timeUnixNano: recentNs(),
        eventName: `e ${card}`,
        severityText: card,
        body: `login of ${secret} with ${card}`,
        attributes: secrets,
      }),
    ]
    const point = {
      timeUnixNano: recentNs(),
      asInt: 1,
      attributes: [{ key: 'enduser.id', value: { stringValue: secret } }],
      exemplars: [{ filteredAttributes: [{ key: 'n', value: { stringValue: `${secret} ${card}` } }] }],
    }
    const points = [
      gauge({
        name: `m ${card}`,
        unit: card,
        description: `${secret} ${card}`,
        gauge: { dataPoints: [point] },
      }),
    ]
    await send('traces', { resource, scope, items: spans })
    await send('logs', { resource, scope, items: records })
    await send('metrics', { resource, scope, items: points })
    // Rollups hold names of services and operations, too.
    await until(
      async () => (await query("SELECT 1 FROM red_1m WHERE service = 'of-***' LIMIT 1")).length > 0,
      60_000,
    )
  })

  test.each([secret, card])('%s', async (needle) => {
    const { found, searched } = await everywhere(needle)
    expect(found).toEqual([])
    expect(searched).toBeGreaterThan(80)
  })
  test('while the items themselves are there', async () => {
    const stored = (await everywhere('***')).found
    expect(stored).toEqual(
      expect.arrayContaining([
        'spans.operation',
        'spans.status_message',
        'spans.db_statement',
        'spans.http_route',
        'spans.peer',
        'spans.exception_type',
        'spans.attributes',
        'spans.scope_attributes',
        'spans.events_attributes',
        'spans.links_attributes',
        'spans.trace_state',
        'logs.body',
        'metrics.attributes',
        'resources.attributes',
        'resources.service',
      ]),
    )
  })
})

test("the agent's records of the cluster pass all rules", async () => {
  const cluster = new Map([['k8s.cluster.uid', 'east']])
  const record = {
    uid: 'e-1',
    resourceVersion: '1',
    namespace: 'shop',
    type: 'Warning',
    reason: 'BackOff',
    message: `of ${card}`,
    severity: 'error',
    category: 'pod',
    objectKind: 'Pod',
    objectName: 'web-1',
    objectNamespace: 'shop',
    objectUid: 'u-1',
    workloadKind: 'Deployment',
    workloadName: 'web',
    count: 3,
    firstTimeMs: Date.now(),
    lastTimeMs: Date.now(),
    component: 'kubelet',
    host: 'node-1',
    observedAtMs: Date.now(),
    backfill: false,
  } as const
  await post(
    'logs',
    encodeKubeLogs({ resource: cluster, records: [{ type: 'event', record }] }),
    'application/x-protobuf',
  )
  const pod = {
    namespace: 'shop',
    name: 'web-1',
    uid: 'u-1',
    node: 'n-1',
    workloadName: 'web',
  }
  const points = [{ pod, container: 'app', timeMs: Date.now(), cpuMillicores: 5, memoryBytes: 7 }]
  await post('metrics', encodeUsage({ resource: cluster, points: points as never }), 'application/x-protobuf')
  expect(await query("SELECT message FROM k8s_events WHERE cluster_id = 'east'")).toEqual([
    { message: `of ${card}` },
  ])
  expect(await query("SELECT metric FROM metrics WHERE cluster_id = 'east' ORDER BY metric")).toHaveLength(2)
  // An ordinary record of the same cluster does not.
  const ordinary = log({ timeUnixNano: recentNs() })
  await send('logs', { resource: { 'k8s.cluster.uid': 'east' }, items: [ordinary] })
  expect(await query("SELECT 1 FROM logs WHERE cluster_id = 'east'")).toEqual([])
})
