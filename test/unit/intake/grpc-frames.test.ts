import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { createByteBudget } from '../../../collector/intake/byte-budget.ts'
import type { OtlpListenerOptions } from '../../../collector/intake/otlp-listener.ts'
import { until } from '../../support/until.ts'
import { type Listener, startListener } from './listener-harness.ts'

/** gRPC byte by byte, as no well-behaved client would send it. */
const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'
const codes = { invalidArgument: '3', deadlineExceeded: '4', resourceExhausted: '8', unimplemented: '12' }

async function start(options?: Partial<OtlpListenerOptions>) {
  const listener: Listener = await startListener(options)
  closing.push(() => listener.close())
  const session = connect(`http://127.0.0.1:${listener.port}`)
  closing.push(() => session.destroy())
  return { listener, session }
}

const head = (length: number, flag = 0): Buffer => {
  const bytes = Buffer.alloc(5)
  bytes[0] = flag
  bytes.writeUInt32BE(length, 1)
  return bytes
}
const frame = (message: Uint8Array, flag = 0) => Buffer.concat([head(message.length, flag), message])

interface Call {
  readonly headers?: Record<string, string>
  /** Each in a DATA frame of its own. */
  readonly pieces: readonly Uint8Array[]
  /** Whether the call is left open. */
  readonly open?: boolean
}

/** The headers and trailers of the answer, together. */
function call(session: ClientHttp2Session, { headers = {}, pieces, open = false }: Call) {
  return new Promise<IncomingHttpHeaders>((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc+proto',
      te: 'trailers',
      ...headers,
    })
    let told: IncomingHttpHeaders = {}
    stream.on('response', (more) => {
      told = { ...told, ...more }
    })
    stream.on('trailers', (more) => {
      told = { ...told, ...more }
    })
    stream.once('error', reject)
    stream.once('close', () => resolve(told))
    stream.resume()
    for (const piece of pieces) stream.write(piece)
    if (!open) stream.end()
  })
}

const message = Buffer.from('bytes that are not looked at')

describe('a message', () => {
  const taken: Record<string, Call> = {
    'in one piece': { pieces: [frame(message)] },
    'byte by byte': { pieces: [...frame(message)].map((byte) => Buffer.of(byte)) },
    'with its length apart': { pieces: [head(message.length), message] },
    'not compressed, while grpc-encoding is set': {
      pieces: [frame(message)],
      headers: { 'grpc-encoding': 'gzip' },
    },
    'in gzip': { pieces: [frame(gzipSync(message), 1)], headers: { 'grpc-encoding': 'gzip' } },
    'in zstd': { pieces: [frame(zstdCompressSync(message), 1)], headers: { 'grpc-encoding': 'zstd' } },
    'with all the time in the world': { pieces: [frame(message)], headers: { 'grpc-timeout': '99999999H' } },
  }
  test.each(Object.entries(taken))('%s is taken', async (_name, sent) => {
    const { listener, session } = await start()
    const answer = await call(session, sent)
    expect(answer).toMatchObject({ ':status': 200, 'grpc-status': '0', 'content-type': 'application/grpc' })
    expect(listener.requests.map(({ body }) => Buffer.from(body))).toEqual([message])
  })

  test('of the size of the limit is taken, in a buffer of its own', async () => {
    const { listener, session } = await start({ limits: { bodyBytesMax: 1_000_000 }, inflate: 'handler' })
    expect((await call(session, { pieces: [frame(Buffer.alloc(1_000_000))] }))['grpc-status']).toBe('0')
    expect(listener.requests[0]?.body.buffer.byteLength).toBe(1_000_000)
  })

  const refused: Record<string, Call & { readonly code: string; readonly says: string }> = {
    'with a first byte of 2': {
      pieces: [frame(message, 2)],
      code: codes.invalidArgument,
      says: 'neither 0 nor 1',
    },
    'that ends early': {
      pieces: [head(100), message],
      code: codes.invalidArgument,
      says: 'ends after 33 bytes',
    },
    'that is not there': { pieces: [], code: codes.invalidArgument, says: 'ends after 0 bytes' },
    'and a second one': {
      pieces: [frame(message), frame(message)],
      code: codes.invalidArgument,
      says: 'more than one message',
    },
    'compressed in an unknown way': {
      pieces: [frame(message, 1)],
      headers: { 'grpc-encoding': 'snappy' },
      code: codes.unimplemented,
      says: 'snappy',
    },
    'compressed in a way that is not told': {
      pieces: [frame(message, 1)],
      code: codes.invalidArgument,
      says: 'grpc-encoding is not set',
    },
    'that is not gzip': {
      pieces: [frame(message, 1)],
      headers: { 'grpc-encoding': 'gzip' },
      code: codes.invalidArgument,
      says: 'cannot be inflated',
    },
    'whose deadline has passed': {
      pieces: [frame(message)],
      headers: { 'grpc-timeout': '1n' },
      code: codes.deadlineExceeded,
      says: 'deadline',
    },
    'that says it is over the limit, before it is sent': {
      pieces: [head(1_000_001)],
      open: true,
      code: codes.resourceExhausted,
      says: 'larger than 1000000 bytes',
    },
  }
  test.each(Object.entries(refused))('%s is refused in the trailers alone', async (_name, want) => {
    const { listener, session } = await start({ limits: { bodyBytesMax: 1_000_000 } })
    const answer = await call(session, want)
    expect(answer).toMatchObject({ ':status': 200, 'grpc-status': want.code })
    expect(decodeURIComponent(String(answer['grpc-message']))).toContain(want.says)
    expect(answer['grpc-status-details-bin']).toBeDefined()
    expect(listener.requests).toEqual([])
    expect((await call(session, { pieces: [frame(message)] }))['grpc-status']).toBe('0')
  })
})

test('what a call reserved is given back when its sender cancels it half way', async () => {
  const budget = createByteBudget(1_000_000)
  const { session } = await start({ budget })
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' })
  stream.on('error', () => {})
  stream.write(head(500_000))
  await until(() => budget.used() === 500_000)
  stream.close(8)
  await until(() => budget.used() === 0)
})

test('a message in a frame of another type is not gRPC', async () => {
  const { session } = await start()
  const answer = await call(session, {
    headers: { 'content-type': 'application/grpc-web' },
    pieces: [frame(message)],
  })
  expect(answer[':status']).toBe(404)
})

test('pings are answered, also without calls, and many streams and large windows are granted', async () => {
  const { session } = await start()
  await until(() => !session.connecting && session.remoteSettings.maxConcurrentStreams !== undefined)
  for (let ping = 0; ping < 50; ping++)
    await new Promise<void>((resolve, reject) => {
      session.ping((error) => (error ? reject(error) : resolve()))
    })
  expect(session.remoteSettings.maxConcurrentStreams).toBeGreaterThanOrEqual(100)
  expect(session.remoteSettings.initialWindowSize).toBeGreaterThanOrEqual(1024 ** 2)
})
