import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { frameMessage } from '../../../collector/intake/grpc-wire.ts'
import type { OtlpListenerOptions } from '../../../collector/intake/otlp-listener.ts'
import { openGrpcClient } from '../../support/grpc-export.ts'
import { until } from '../../support/until.ts'
import { accepted } from './harness.ts'
import { type Listener, startListener } from './listener-harness.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function start(options: Partial<OtlpListenerOptions> = {}) {
  const listener: Listener = await startListener(options)
  closing.push(() => listener.close())
  const session = connect(`http://127.0.0.1:${listener.port}`)
  closing.push(() => session.destroy())
  return { listener, session }
}

interface Call {
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly frame?: Uint8Array
}

interface CallResult {
  readonly headers: IncomingHttpHeaders
  readonly trailers: IncomingHttpHeaders | undefined
  readonly endsWithHeaders: boolean
  readonly body: Buffer
}

const traces = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
const body = Buffer.from('bytes that are not looked at '.repeat(50))

/** One call, frame by frame: what a client library hides can be seen. */
function call(session: ClientHttp2Session, { path = traces, headers = {}, frame }: Call = {}) {
  return new Promise<CallResult>((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    })
    let got: Omit<CallResult, 'body' | 'trailers'> | undefined
    let trailers: IncomingHttpHeaders | undefined
    const chunks: Buffer[] = []
    stream.once('response', (answered, flags) => {
      const endsWithHeaders = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
      got = { headers: answered, endsWithHeaders }
    })
    stream.once('trailers', (sent) => {
      trailers = sent
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.once('error', reject)
    stream.once('close', () =>
      got
        ? resolve({ ...got, trailers, body: Buffer.concat(chunks) })
        : reject(new Error('closed without an answer')),
    )
    stream.end(frame ?? frameMessage(body))
  })
}

test('8.1/12 gRPC: a unary call is answered with one message and trailers', async () => {
  const { session } = await start()
  const { headers, trailers, endsWithHeaders, body: answer } = await call(session)
  expect(headers).toMatchObject({ ':status': 200, 'content-type': 'application/grpc' })
  expect([endsWithHeaders, trailers?.['grpc-status']]).toEqual([false, '0'])
  expect(answer).toEqual(Buffer.alloc(5))
})

function compressedFrame(packed: Uint8Array): Buffer {
  const frame = Buffer.from(frameMessage(packed))
  frame[0] = 1
  return frame
}

test.each([
  ['identity', frameMessage(body)],
  ['gzip', compressedFrame(gzipSync(body))],
  ['deflate', compressedFrame(deflateSync(body))],
  ['zstd', compressedFrame(zstdCompressSync(body))],
])('8.1/12 gRPC: grpc-encoding %s is taken', async (name, frame) => {
  const { listener, session } = await start()
  const { headers, trailers } = await call(session, { headers: { 'grpc-encoding': name }, frame })
  expect(trailers?.['grpc-status']).toBe('0')
  expect(headers['grpc-accept-encoding']).toContain(name)
  expect(Buffer.from(listener.requests[0]?.body ?? [])).toEqual(body)
})

test('8.1/12 gRPC: an unknown grpc-encoding is UNIMPLEMENTED and says what is taken', async () => {
  const { session } = await start()
  const sent = { headers: { 'grpc-encoding': 'snappy' }, frame: compressedFrame(body) }
  const { headers } = await call(session, sent)
  expect(headers).toMatchObject({ 'grpc-status': '12', 'grpc-accept-encoding': 'identity,gzip,deflate,zstd' })
})

test('8.1/4 gRPC: a zip bomb is RESOURCE_EXHAUSTED, cut off at the limit', async () => {
  const { listener, session } = await start({ limits: { bodyBytesMax: 100_000 } })
  const bomb = compressedFrame(gzipSync(Buffer.alloc(50_000_000)))
  const { headers } = await call(session, { headers: { 'grpc-encoding': 'gzip' }, frame: bomb })
  expect(headers['grpc-status']).toBe('8')
  expect(listener.requests).toEqual([])
})

test('8.1/12 gRPC: errors are trailers only', async () => {
  const { listener, session } = await start()
  for (const outcome of [
    { type: 'invalid', message: 'ends early' },
    { type: 'retry', status: 503, afterSeconds: 1, message: 'away' },
  ] as const) {
    listener.handle = async () => outcome
    const answer = await call(session)
    expect([answer.endsWithHeaders, answer.body.length, answer.trailers]).toEqual([true, 0, undefined])
    expect(answer.headers[':status']).toBe(200)
    expect(answer.headers['grpc-status']).toBe(outcome.type === 'invalid' ? '3' : '14')
    expect(answer.headers['grpc-message']).toBe(encodeURI(outcome.message).replaceAll('%20', ' '))
  }
})

test('8.1/12 gRPC: a message whose deadline has passed is DEADLINE_EXCEEDED and not handed on', async () => {
  const { listener, session } = await start()
  const { headers } = await call(session, { headers: { 'grpc-timeout': '1n' } })
  expect(headers['grpc-status']).toBe('4')
  expect(listener.requests).toEqual([])
})

test('8.1/12 gRPC: keepalive pings are tolerated, however many, without a call', async () => {
  const { session } = await start()
  const goaways: number[] = []
  session.on('goaway', (code) => goaways.push(code))
  await new Promise((done) => session.once('connect', done))
  for (let pings = 0; pings < 200; pings++)
    await new Promise<void>((resolve, reject) => {
      session.ping((error) => (error ? reject(error) : resolve()))
    })
  expect((await call(session)).trailers?.['grpc-status']).toBe('0')
  expect(goaways).toEqual([])
})

test('8.1/12 gRPC: reflection is off, and the health service is on without a key', async () => {
  const { session } = await start({ accessKeys: ['key'] })
  for (const version of ['v1', 'v1alpha']) {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`
    expect((await call(session, { path })).headers['grpc-status']).toBe('12')
  }
  const health = await call(session, { path: '/grpc.health.v1.Health/Check', frame: Buffer.alloc(5) })
  expect(health.body).toEqual(Buffer.from([0, 0, 0, 0, 2, 8, 1]))
})

test('8.1/12 gRPC: a connection may have a hundred calls under way', async () => {
  const { listener, session } = await start()
  const gate = Promise.withResolvers<void>()
  listener.handle = async () => {
    await gate.promise
    return accepted
  }
  const calls = Array.from({ length: 100 }, () => call(session))
  await until(() => listener.requests.length === 100)
  expect(session.remoteSettings.maxConcurrentStreams).toBeGreaterThanOrEqual(100)
  gate.resolve()
  for (const { trailers } of await Promise.all(calls)) expect(trailers?.['grpc-status']).toBe('0')
})

/** As senders set it up that follow the OTLP specification: of the codes that occur here only UNAVAILABLE is retried. */
const retryPolicy = {
  maxAttempts: 4,
  initialBackoff: '0.01s',
  maxBackoff: '0.1s',
  backoffMultiplier: 2,
  retryableStatusCodes: [
    'CANCELLED',
    'DEADLINE_EXCEEDED',
    'ABORTED',
    'OUT_OF_RANGE',
    'UNAVAILABLE',
    'DATA_LOSS',
  ],
}

test.each([
  ['UNAVAILABLE with RetryInfo', 3, { type: 'retry', status: 429, afterSeconds: 1, message: 'full' }],
  ['RESOURCE_EXHAUSTED without RetryInfo', 1, { type: 'too-large', message: 'too large' }],
  ['INVALID_ARGUMENT', 1, { type: 'invalid', message: 'ends early' }],
] as const)(
  '8.1/9 gRPC: after %s a client that retries what OTLP lets it sends it %i times',
  async (_name, tries, first) => {
    const { listener } = await start()
    listener.handle = async () => (listener.requests.length < 3 ? first : accepted)
    const serviceConfig = JSON.stringify({
      loadBalancingConfig: [],
      methodConfig: [{ name: [{}], retryPolicy }],
    })
    const client = openGrpcClient(`127.0.0.1:${listener.port}`, { 'grpc.service_config': serviceConfig })
    closing.push(() => client.close())
    const isStored = await client.export(body).then(
      () => true,
      () => false,
    )
    expect([isStored, listener.requests.length]).toEqual([tries === 3, tries])
  },
)
