import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExportResult } from '@opentelemetry/core'
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtoExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseServiceConfig } from '../../../collector/service/config.ts'
import { type RunningService, startService } from '../../../collector/service/main.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { traceBody } from '../ingest/otlp-bodies.ts'

let clickHouse: TestClickHouse
let service: RunningService
let ui: string

beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  ui = mkdtempSync(join(tmpdir(), 'binnacle-ui-'))
  const overrides = {
    'listen.port': 0,
    'otlp.grpc.port': 0,
    'otlp.http.port': 0,
    'clickhouse.url': clickHouse.url,
    'clickhouse.database': clickHouse.database,
    'ui.directory': ui,
  }
  service = await startService(parseServiceConfig({ overrides }), { log: silentLog, version: '0.0.0-test' })
})
afterAll(async () => {
  await service?.close()
  await clickHouse?.close()
  rmSync(ui, { recursive: true, force: true })
})

const exporters: Record<string, () => SpanExporter> = {
  'HTTP with JSON': () => new JsonExporter({ url: `http://${service.otlpHttp}/v1/traces` }),
  'HTTP with protobuf': () => new ProtoExporter({ url: `http://${service.otlpHttp}/v1/traces` }),
  'HTTP with JSON on the port of the API': () => new JsonExporter({ url: `${service.url}/v1/traces` }),
  gRPC: () => new GrpcExporter({ url: `http://${service.grpc}` }),
}

/** Hands on, and keeps what was sent with how it went. */
function watched(exporter: SpanExporter) {
  const sent: ReadableSpan[] = []
  const failures: ExportResult[] = []
  const watching: SpanExporter = {
    export(spans, done) {
      sent.push(...spans)
      exporter.export(spans, (result) => {
        if (result.code !== 0) failures.push(result)
        done(result)
      })
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
  }
  return { exporter: watching, sent, failures }
}

const idsOf = async (name: string) => {
  const rows = await clickHouse.store.query<{ id: string }>({
    sql: `SELECT lower(concat(hex(trace_id), hex(span_id))) AS id FROM spans WHERE service = {name:String}`,
    params: { name },
  })
  return rows.map(({ id }) => id).sort()
}

describe.each(Object.entries(exporters))('the OpenTelemetry SDK over %s', (name, open) => {
  test('8.1/15 spans sent are spans stored, each once, as soon as the sender is told of success', async () => {
    const { exporter, sent, failures } = watched(open())
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': name }),
      spanProcessors: [new BatchSpanProcessor({ exporter, maxExportBatchSize: 100, maxQueueSize: 5_000 })],
    })
    const tracer = provider.getTracer('tests')
    for (let index = 0; index < 1_000; index++) tracer.startSpan(`step ${index}`).end()
    await provider.forceFlush()
    const wanted = sent.map((span) => `${span.spanContext().traceId}${span.spanContext().spanId}`).sort()
    expect(wanted).toHaveLength(1_000)
    expect(await idsOf(name)).toEqual(wanted)
    expect(failures).toEqual([])
    await provider.shutdown()
  })
})

const post = (body: Uint8Array, contentType = 'application/json') =>
  fetch(`http://${service.otlpHttp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': contentType },
    body: Buffer.from(body),
  })

test('8.1/7 partial: a span with bad ids is rejected alone, with a message, and the others are stored', async () => {
  const body = traceBody({ spans: 3, startMs: Date.now(), service: 'partial', firstSpanId: 'xyz' })
  const answer = await post(body)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual({
    partialSuccess: { rejectedSpans: '1', errorMessage: expect.stringContaining('span id') },
  })
  expect(await idsOf('partial')).toHaveLength(2)
})

test.each([
  ['{}', 'application/json', '{}'],
  ['{"resourceSpans":[{"scopeSpans":[{"spans":[]}]}]}', 'application/json', '{}'],
  ['', 'application/x-protobuf', ''],
  ['\n\u0002\u0012\u0000', 'application/x-protobuf', ''],
])('8.1/6 an empty request or envelope is a success: %j', async (body, type, told) => {
  const answer = await post(Buffer.from(body), type)
  expect([answer.status, await answer.text()]).toEqual([200, told])
})

test('8.1/16 self metrics: accepted, rejected by reason, refused, bytes, decode time, what waits', async () => {
  const read = async () => (await fetch(`${service.url}/metrics`)).text()
  const sumOf = (text: string, series: RegExp) =>
    text
      .split('\n')
      .filter((line) => series.test(line))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  const series = {
    received: /^binnacle_service_ingest_items_received_total\{.*signal="traces"/,
    stored: /^binnacle_service_ingest_items_stored_total\{.*signal="traces"/,
    malformed: /^binnacle_service_ingest_items_rejected_total\{.*reason="malformed"/,
    undecodable: /^binnacle_service_ingest_invalid_requests_total\{/,
    unread: /^binnacle_service_otlp_refused_total\{.*reason="unknown-type"/,
    bytes: /^binnacle_service_ingest_bytes_total\{/,
    decodings: /^binnacle_service_ingest_decode_seconds_count/,
  }
  const before = await read()
  const body = traceBody({ spans: 3, startMs: Date.now(), service: 'counted', firstSpanId: 'xyz' })
  await post(body)
  await post(Buffer.from('{'))
  await post(body, 'text/plain')
  const after = await read()
  const growth = Object.fromEntries(
    Object.entries(series).map(([name, pattern]) => [name, sumOf(after, pattern) - sumOf(before, pattern)]),
  )
  expect(growth).toEqual({
    received: 3,
    stored: 2,
    malformed: 1,
    undecodable: 1,
    unread: 1,
    bytes: body.length + 1,
    decodings: 1,
  })
  for (const gauge of ['ingest_waiting_rows', 'ingest_waiting_bytes', 'otlp_in_flight_bytes'])
    expect(after).toMatch(new RegExp(`^binnacle_service_${gauge}\\S* 0$`, 'm'))
})
