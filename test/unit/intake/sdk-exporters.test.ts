import { diag, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import type { ExportResult } from '@opentelemetry/core'
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as ProtoExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { RefusedRequest } from '../../../collector/intake/door.ts'
import type { IntakeLimits } from '../../../collector/intake/limits.ts'
import { createOtlpListener } from '../../../collector/intake/otlp-listener.ts'
import type { OtlpHandler, OtlpRequest } from '../../../collector/record/otlp.ts'
import { decodeTraces } from '../../../collector/wire/trace-decoder.ts'
import { accepted, startIntake } from './harness.ts'
import { startListener, startRelay } from './listener-harness.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Setup {
  readonly limits?: Partial<IntakeLimits>
  readonly compression?: CompressionAlgorithm
  readonly accessKeys?: readonly string[]
}

interface Pair {
  readonly exporter: SpanExporter
  readonly requests: OtlpRequest[]
  /** Reasons why requests were refused unread, in order. */
  readonly refused: string[]
  handle(handler: OtlpHandler): void
}

const gzip = CompressionAlgorithm.GZIP

async function http(Exporter: typeof JsonExporter | typeof ProtoExporter, setup: Setup): Promise<Pair> {
  const { limits = {}, compression = CompressionAlgorithm.NONE, accessKeys = [] } = setup
  const refused: string[] = []
  const onRefused = ({ reason }: RefusedRequest) => refused.push(reason)
  const intake = await startIntake({ limits, accessKeys, onRefused })
  closing.push(() => intake.close())
  return {
    exporter: new Exporter({ url: `${intake.url}/v1/traces`, compression }),
    requests: intake.requests,
    refused,
    handle: (handler) => {
      intake.handle = handler
    },
  }
}

async function grpc(setup: Setup): Promise<Pair> {
  const { limits = {}, compression = CompressionAlgorithm.NONE, accessKeys = [] } = setup
  const refused: string[] = []
  const requests: OtlpRequest[] = []
  let handle: OtlpHandler = async () => accepted
  const server = await createOtlpListener({
    handler: (request) => {
      requests.push(request)
      return handle(request)
    },
    host: '127.0.0.1',
    port: 0,
    limits,
    accessKeys,
    onRefused: ({ reason }) => refused.push(reason),
  })
  closing.push(() => server.close(0))
  return {
    exporter: new GrpcExporter({ url: `http://127.0.0.1:${server.port}`, compression }),
    requests,
    refused,
    handle: (handler) => {
      handle = handler
    },
  }
}

let spans: ReadableSpan[]

beforeAll(() => {
  const memory = new InMemorySpanExporter()
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'checkout', 'service.version': '1.2' }),
    spanProcessors: [new SimpleSpanProcessor({ exporter: memory })],
  })
  const tracer = provider.getTracer('tests', '9')
  for (let index = 0; index < 20; index++) {
    const span = tracer.startSpan(`POST /orders/${index}`, {
      kind: SpanKind.SERVER,
      attributes: {
        'http.request.method': 'POST',
        'http.response.status_code': 503,
        ratio: 0.25,
        retried: true,
        codes: [1, 2],
        big: Number.MAX_SAFE_INTEGER,
      },
    })
    span.addEvent('queued', { depth: index })
    span.recordException(new TypeError('no stock'))
    span.addLink({ context: span.spanContext(), attributes: { why: 'itself' } })
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'no stock' })
    span.end()
  }
  spans = memory.getFinishedSpans()
})

/** What the SDK tells its user. */
async function send({ exporter }: Pair): Promise<ExportResult> {
  const result = await new Promise<ExportResult>((resolve) => exporter.export(spans, resolve))
  await exporter.shutdown()
  return result
}

/** What the SDK warns of from now on. */
function listenToWarnings(): string[] {
  const warnings: string[] = []
  const take = (...words: unknown[]) => void warnings.push(words.map(String).join(' '))
  const ignore = () => {}
  diag.setLogger({ error: take, warn: take, info: ignore, debug: ignore, verbose: ignore })
  closing.push(() => diag.disable())
  return warnings
}

const exporters: Record<string, (setup: Setup) => Promise<Pair>> = {
  'HTTP with JSON': (setup) => http(JsonExporter, setup),
  'HTTP with protobuf': (setup) => http(ProtoExporter, setup),
  gRPC: grpc,
}

describe.each(Object.entries(exporters))('the OpenTelemetry SDK over %s', (_name, start) => {
  test.each([
    ['plain', {}],
    ['gzip', { compression: gzip }],
  ])('8.1/3 Content-Encoding %s: its spans arrive whole', async (_compression, setup) => {
    const pair = await start(setup)
    expect(await send(pair)).toEqual({ code: 0 })
    const [request] = pair.requests
    if (!request) throw new Error('no request came')
    const decoded = decodeTraces(request, { receivedAtMs: Date.now(), batchId: '' })
    if (decoded.type === 'invalid') throw new Error(decoded.message)
    expect([decoded.received, decoded.rejected, pair.requests.length]).toEqual([spans.length, 0, 1])
    expect(decoded.resources).toMatchObject([{ service: 'checkout', version: '1.2' }])
    const [row, sent] = [decoded.rows[3], spans[3]]
    if (!row || !sent) throw new Error('too few spans')
    expect(Buffer.from(row.trace_id).toString('hex')).toBe(sent.spanContext().traceId)
    expect(Buffer.from(row.span_id).toString('hex')).toBe(sent.spanContext().spanId)
    expect(row.start_time).toBe(BigInt(sent.startTime[0]) * 1_000_000_000n + BigInt(sent.startTime[1]))
    expect(row).toMatchObject({
      operation: 'POST /orders/3',
      kind: 2,
      status: 2,
      status_message: 'no stock',
      http_method: 'POST',
      http_status: 503,
      exception_type: 'TypeError',
      scope_name: 'tests',
      scope_version: '9',
      clamped: false,
      events_name: ['queued', 'exception'],
    })
    expect(row.events_attributes[0]).toEqual(new Map([['depth', '3']]))
    expect(row.links_attributes[0]?.get('why')).toBe('itself')
    expect(Object.fromEntries(row.attributes)).toMatchObject({
      ratio: '0.25',
      retried: 'true',
      codes: '[1,2]',
      big: '9007199254740991',
    })
  })

  test('8.1/7 a partial success is a success that is not sent again, and its user is told what was rejected', async () => {
    const pair = await start({})
    pair.handle(async () => ({ type: 'accepted', rejected: 2, message: 'namespace shop is not collected' }))
    const warnings = listenToWarnings()
    expect(await send(pair)).toEqual({ code: 0 })
    expect(pair.requests).toHaveLength(1)
    expect(warnings).toEqual([expect.stringContaining('namespace shop is not collected')])
    expect(warnings[0]).toMatch(/"rejectedSpans":"?2"?/)
  })

  test('8.1/5 a success gives its user no warning', async () => {
    const pair = await start({})
    const warnings = listenToWarnings()
    expect(await send(pair)).toEqual({ code: 0 })
    expect(warnings).toEqual([])
  })

  test('8.1/4 a body that is too large is a failure that is not sent again', async () => {
    const pair = await start({ limits: { bodyBytesMax: 500 } })
    expect((await send(pair)).code).toBe(1)
    expect([pair.refused, pair.requests]).toEqual([['too-large'], []])
  })

  test('8.1/14 a missing bearer token is a failure that is not sent again', async () => {
    const pair = await start({ accessKeys: ['test-key'] })
    expect((await send(pair)).code).toBe(1)
    expect([pair.refused, pair.requests]).toEqual([['unauthenticated'], []])
  })

  test('8.1/8 undecodable data is a failure that is not sent again', async () => {
    const pair = await start({})
    pair.handle(async () => ({ type: 'invalid', message: 'field 3 ends early' }))
    expect((await send(pair)).code).toBe(1)
    expect(pair.requests).toHaveLength(1)
  })
})

const overHttp = Object.entries(exporters).filter(([name]) => name !== 'gRPC')
describe.each(overHttp)('the OpenTelemetry SDK over %s', (_name, start) => {
  test.each([429, 503] as const)(
    '8.1/9 overload: %d with Retry-After is sent again, and then stored',
    async (status) => {
      const pair = await start({})
      let tries = 0
      pair.handle(async () => {
        tries++
        return tries === 1
          ? { type: 'retry', status, afterSeconds: 1, message: 'the database is away' }
          : accepted
      })
      expect(await send(pair)).toEqual({ code: 0 })
      expect(tries).toBe(2)
      expect(pair.requests[1]?.body).toEqual(pair.requests[0]?.body)
    },
  )
})

// Its transport turns every status but OK into a failure (otlp-grpc-exporter-base 0.301, grpc-exporter-transport).
test('8.1/9 overload: the JavaScript SDK over gRPC does not come again, though it is told UNAVAILABLE with RetryInfo', async () => {
  const pair = await grpc({})
  pair.handle(async () => ({ type: 'retry', status: 503, afterSeconds: 1, message: 'the database is away' }))
  const { code, error } = await send(pair)
  expect([code, error?.message, pair.requests.length]).toEqual([1, '14 UNAVAILABLE: the database is away', 1])
})

const exporterAt: Record<string, (port: number) => SpanExporter> = {
  'HTTP with JSON': (port) => new JsonExporter({ url: `http://127.0.0.1:${port}/v1/traces` }),
  'HTTP with protobuf': (port) => new ProtoExporter({ url: `http://127.0.0.1:${port}/v1/traces` }),
  gRPC: (port) => new GrpcExporter({ url: `http://127.0.0.1:${port}` }),
}

describe.each(Object.entries(exporterAt))('connections of the OpenTelemetry SDK over %s', (_name, open) => {
  async function setUp(limits: Partial<IntakeLimits>) {
    const listener = await startListener({ limits, random: () => 0.5 })
    closing.push(() => listener.close())
    const relay = await startRelay(listener.port)
    closing.push(() => relay.close())
    const exporter = open(relay.port)
    closing.push(() => exporter.shutdown())
    const exportOnce = () => new Promise<ExportResult>((resolve) => exporter.export(spans, resolve))
    return { listener, relay, exportOnce }
  }

  test('8.1/13 connection age: it is sent away again and again, and loses nothing', async () => {
    const { listener, relay, exportOnce } = await setUp({ connectionAgeMs: 40 })
    // Takes a while, as an insert does, and exports follow each other without a pause: a call is under way whenever a
    // connection is old.
    listener.handle = () => new Promise((done) => setTimeout(done, 10, accepted))
    const results: ExportResult[] = []
    const endMs = performance.now() + 10_000
    const exportOn = async () => {
      while (relay.connections() < 12 && performance.now() < endMs) results.push(await exportOnce())
    }
    await Promise.all(Array.from({ length: 4 }, exportOn))
    expect(relay.connections()).toBeGreaterThanOrEqual(12)
    expect(results.filter(({ code }) => code !== 0)).toEqual([])
    expect(listener.requests).toHaveLength(results.length)
  })

  test('8.1/13 a connection that was ended while it rested loses nothing', async () => {
    const { listener, relay, exportOnce } = await setUp({})
    for (let times = 1; times <= 3; times++) {
      expect(await exportOnce()).toEqual({ code: 0 })
      expect(relay.connections()).toBe(times)
      await relay.end()
    }
    expect(listener.requests).toHaveLength(3)
  })
})
