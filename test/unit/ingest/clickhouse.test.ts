import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OtlpRequest, OtlpSignal } from '../../../collector/record/otlp.ts'
import { spansTable } from '../../../collector/record/span.ts'
import { createIngest, type Ingest } from '../../../collector/service/ingest/ingest.ts'
import { systemClock } from '../../../collector/std/clock.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { createSelfMetrics } from '../../../collector/std/self-metrics.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { sealedSpans } from './native-blocks.ts'
import { traceRequest } from './otlp-bodies.ts'

let database: TestClickHouse
let ingest: Ingest

beforeAll(async () => {
  database = await startTestClickHouse()
  ingest = createIngest(
    {
      store: database.store,
      clock: systemClock,
      log: silentLog,
      metrics: createSelfMetrics({ part: 'service', version: '0', instanceId: 'i' }),
      instanceId: 'i',
    },
    { blockAgeMs: 50, workers: 2 },
  )
})
afterAll(async () => {
  await ingest?.close()
  await database?.close()
})

const rowsOf = (sql: string) => database.store.query<Record<string, unknown>>({ sql, params: {} })

test('8.1/15 spans are there when the sender is answered, and a resent batch of two days stays single', async () => {
  const now = Date.now()
  const batch = { batchId: 'a/b/1' }
  const [today, yesterday] = [now, now - 86_400_000].map((startMs) =>
    JSON.parse(Buffer.from(traceRequest({ spans: 3, startMs }).body).toString()),
  )
  const body = Buffer.from(
    JSON.stringify({ resourceSpans: [...today.resourceSpans, ...yesterday.resourceSpans] }),
  )
  const request: OtlpRequest = { ...traceRequest({ spans: 0, startMs: now }, batch), body }
  const accepted = { type: 'accepted', rejected: 0, message: '' }
  expect(await ingest.handle(request)).toEqual(accepted)
  expect(await rowsOf('SELECT toUInt32(count()) AS n FROM spans')).toEqual([{ n: 6 }])
  expect(await ingest.handle({ ...request, resend: true })).toEqual(accepted)
  expect(await rowsOf('SELECT toUInt32(count()) AS n FROM spans')).toEqual([{ n: 6 }])
  expect(await rowsOf('SELECT service, application FROM resources FINAL')).toEqual([
    { service: 'shop', application: 'default' },
  ])
})

const examples = join(import.meta.dirname, '../../../../shared/data/otlp')
const publicExample = (name: string) => {
  try {
    return readFileSync(join(examples, name))
  } catch {
    return undefined
  }
}

test.skipIf(!publicExample('trace.json'))(
  'the public OTLP examples are stored with all they hold',
  async () => {
    // They are of 2018, which the tables' retention would remove at once.
    const recent = (text: Buffer) =>
      Buffer.from(text.toString().replaceAll('1544712', String(Date.now()).slice(0, 7)))
    const sent: [OtlpSignal, string][] = [
      ['traces', 'trace.json'],
      ['logs', 'logs.json'],
      ['logs', 'events.json'],
      ['metrics', 'metrics.json'],
    ]
    for (const [signal, name] of sent) {
      const body = recent(publicExample(name) ?? Buffer.of())
      const request = { signal, encoding: 'json' as const, body, peerAddress: '', batchId: '', resend: false }
      expect(await ingest.handle(request)).toEqual({ type: 'accepted', rejected: 0, message: '' })
    }
    expect(
      await rowsOf(`SELECT hex(trace_id) AS trace, hex(parent_span_id) AS parent, operation, kind,
      toUInt32(duration_ns / 1e6) AS ms, attributes['my.span.attr'] AS attribute, scope_name,
      scope_attributes['my.scope.attribute'] AS scope FROM spans WHERE service = 'my.service'`),
    ).toEqual([
      {
        trace: '5B8EFFF798038103D269B633813FC60C',
        parent: 'EEE19B7EC3C1B173',
        operation: "I'm a server span",
        kind: 2,
        ms: 1000,
        attribute: 'some value',
        scope_name: 'my.library',
        scope: 'some scope attribute',
      },
    ])
    expect(
      await rowsOf(`SELECT event_name, severity_number, body, attributes['array.attribute'] AS list,
      attributes['map.attribute'] AS map, attributes['double.attribute'] AS double FROM logs ORDER BY event_name`),
    ).toEqual([
      {
        event_name: '',
        severity_number: 10,
        body: 'Example log record',
        list: '["many","values"]',
        map: '{"some.map.key":"some value"}',
        double: '637.704',
      },
      {
        event_name: 'browser.page_view',
        severity_number: 9,
        body: expect.stringContaining('"url":"https://www.guidgenerator.com'),
        list: '',
        map: '',
        double: '',
      },
    ])
    expect(
      await rowsOf(`SELECT metric, kind, temporality, monotonic, value, toUInt32(count) AS count, sum, max, bounds,
      arrayMap(n -> toUInt32(n), bucket_counts) AS counts FROM metrics ORDER BY metric`),
    ).toEqual([
      {
        metric: 'my.counter',
        kind: 'sum',
        temporality: 1,
        monotonic: true,
        value: 5,
        count: 0,
        sum: 0,
        max: 0,
        bounds: [],
        counts: [],
      },
      {
        metric: 'my.exponential.histogram',
        kind: 'exponential_histogram',
        temporality: 1,
        monotonic: false,
        value: 0,
        count: 3,
        sum: 10,
        max: 5,
        bounds: [],
        counts: [0, 2],
      },
      {
        metric: 'my.gauge',
        kind: 'gauge',
        temporality: 0,
        monotonic: false,
        value: 10,
        count: 0,
        sum: 0,
        max: 0,
        bounds: [],
        counts: [],
      },
      {
        metric: 'my.histogram',
        kind: 'histogram',
        temporality: 1,
        monotonic: false,
        value: 0,
        count: 2,
        sum: 2,
        max: 2,
        bounds: [1],
        counts: [1, 1],
      },
    ])
  },
)

const spansOf = async (service: string) => {
  const [row] = await rowsOf(`SELECT toUInt32(count()) AS n FROM spans WHERE service = '${service}'`)
  return row?.['n']
}

test('the blocks of several decoders become one part, and the same token is stored once', async () => {
  const { store } = database
  const blocks = [1, 2, 3].map((index) =>
    sealedSpans({ service: 'joined', spans: 1_000 * index, firstTrace: 10_000 * index }),
  )
  const insert = () => store.insertNative({ table: spansTable, blocks, rows: 6_000 }, 'the token')
  expect(await insert()).toEqual({ type: 'stored', rows: 6_000 })
  expect(await rowsOf("SELECT uniqExact(_part) AS parts FROM spans WHERE service = 'joined'")).toEqual([
    { parts: 1 },
  ])
  expect(await insert()).toEqual({ type: 'stored', rows: 6_000 })
  expect(await spansOf('joined')).toBe(6_000)
})

test('an insert that ends in the middle of its second block stores nothing', async () => {
  const { store } = database
  const whole = sealedSpans({ service: 'cut', spans: 20_000 })
  const half = whole.subarray(0, whole.length / 2)
  const outcome = await store.insertNative({ table: spansTable, blocks: [whole, half], rows: 30_000 }, 'cut')
  // Not the rows are at fault but the way: their sender keeps them.
  expect(outcome).toMatchObject({ type: 'unavailable' })
  expect(await spansOf('cut')).toBe(0)
})

test('an insert whose connection breaks in the middle of its second block stores nothing', async () => {
  const whole = sealedSpans({ service: 'broken', spans: 20_000 })
  const columns = Object.keys(spansTable.columns).join(', ')
  const query = encodeURIComponent(`INSERT INTO ${database.database}.spans (${columns}) FORMAT Native`)
  await new Promise<void>((resolve) => {
    const sending = httpRequest(`${database.url}/?query=${query}`, { method: 'POST' })
    sending.on('error', () => {}).on('close', () => resolve())
    sending.write(whole)
    sending.write(whole.subarray(0, whole.length / 2), () => sending.destroy())
  })
  // The next insert is behind it, should it have been going to be stored.
  await ingest.handle(traceRequest({ spans: 1, startMs: Date.now(), service: 'after' }))
  expect([await spansOf('after'), await spansOf('broken')]).toEqual([1, 0])
})

test('rows that ClickHouse refuses harm the sender they came from and nobody else of the group', async () => {
  const { client } = database.store
  await client.command({ query: "ALTER TABLE spans ADD CONSTRAINT no_bad CHECK service != 'bad'" })
  const sent = [...new Array(5).fill('fine'), 'bad', ...new Array(5).fill('fine')]
  const outcomes = await Promise.all(
    sent.map((service, at) =>
      ingest.handle(traceRequest({ spans: 10, startMs: Date.now(), service, firstTrace: 100_000 + 10 * at })),
    ),
  )
  await client.command({ query: 'ALTER TABLE spans DROP CONSTRAINT no_bad' })
  const refused = { type: 'accepted', rejected: 10, message: expect.stringContaining('no_bad') }
  const accepted = { type: 'accepted', rejected: 0, message: '' }
  expect(outcomes).toEqual(sent.map((service) => (service === 'bad' ? refused : accepted)))
  expect([await spansOf('fine'), await spansOf('bad')]).toEqual([100, 0])
})

test('groups that use the buffers of groups before them store their own rows', async () => {
  const services = Array.from({ length: 6 }, (_, at) => `turn-${at}`)
  for (const service of services)
    await ingest.handle(traceRequest({ spans: 3_000, startMs: Date.now(), service }))
  expect(
    await rowsOf(
      "SELECT service, toUInt32(uniqExact(trace_id)) AS n FROM spans WHERE startsWith(service, 'turn-') GROUP BY service ORDER BY service",
    ),
  ).toEqual(services.map((service) => ({ service, n: 3_000 })))
})
