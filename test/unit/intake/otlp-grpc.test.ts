import { gzipSync } from 'node:zlib'
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js'
import { afterEach, describe, expect, test } from 'vitest'
import { readPartialSuccess } from '../../../collector/agent/ship/response.ts'
import { createByteBudget } from '../../../collector/intake/byte-budget.ts'
import { plainAddress } from '../../../collector/intake/http-request.ts'
import { createOtlpListener, type OtlpListenerOptions } from '../../../collector/intake/otlp-listener.ts'
import type { OtlpHandler, OtlpRequest } from '../../../collector/record/otlp.ts'
import { until } from '../../support/until.ts'
import { accepted } from './harness.ts'
import { readStatus } from './rpc-status.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

interface Grpc {
  readonly requests: OtlpRequest[]
  handle: OtlpHandler
  call(body: Uint8Array, options?: CallOptions): Promise<Buffer>
}

interface CallOptions {
  readonly path?: string
  readonly metadata?: Record<string, string>
  readonly gzip?: boolean
  readonly deadlineMs?: number
}

const traces = '/opentelemetry.proto.collector.trace.v1.TraceService/Export'

async function start(options: Partial<OtlpListenerOptions> = {}): Promise<Grpc> {
  const requests: OtlpRequest[] = []
  const server = await createOtlpListener({
    host: '127.0.0.1',
    port: 0,
    handler: (request) => {
      requests.push(request)
      return grpc.handle(request)
    },
    ...options,
  })
  closing.push(() => server.close(0))
  const clientOf = (gzip: boolean) => {
    const client = new Client(`127.0.0.1:${server.port}`, credentials.createInsecure(), {
      ...(gzip ? { 'grpc.default_compression_algorithm': 2 } : {}),
      'grpc.enable_retries': 0,
      'grpc.use_local_subchannel_pool': 1,
    })
    closing.push(() => client.close())
    return client
  }
  const clients = { plain: clientOf(false), gzip: clientOf(true) }
  const raw = (bytes: Buffer) => bytes
  const grpc: Grpc = {
    requests,
    handle: async () => accepted,
    call: (body, { path = traces, metadata = {}, gzip = false, deadlineMs = 10_000 } = {}) =>
      new Promise((resolve, reject) => {
        const sent = new Metadata()
        for (const [key, value] of Object.entries(metadata)) sent.set(key, value)
        clients[gzip ? 'gzip' : 'plain'].makeUnaryRequest(
          path,
          raw,
          raw,
          Buffer.from(body),
          sent,
          { deadline: Date.now() + deadlineMs },
          (error, response) => (error ? reject(error) : resolve(response ?? Buffer.alloc(0))),
        )
      }),
  }
  return grpc
}

async function refusal(call: Promise<unknown>): Promise<ServiceError> {
  return call.then(
    () => expect.fail('the call was accepted'),
    (error: ServiceError) => error,
  )
}

/** Seconds of the RetryInfo in grpc-status-details-bin; undefined: there is none. */
function retryAfter(error: ServiceError): number | undefined {
  const [details] = error.metadata.get('grpc-status-details-bin')
  return details === undefined ? undefined : readStatus(Buffer.from(details)).retryAfterSeconds
}

const body = Buffer.from('bytes that are not looked at '.repeat(50))

describe('what is taken', () => {
  test.each([
    ['traces', 'trace.v1.TraceService'],
    ['logs', 'logs.v1.LogsService'],
    ['metrics', 'metrics.v1.MetricsService'],
  ])('8.1/1 gRPC: %s by its service, with its bytes as they are', async (signal, service) => {
    const grpc = await start()
    const path = `/opentelemetry.proto.collector.${service}/Export`
    const answer = await grpc.call(body, {
      path,
      metadata: { 'binnacle-batch-id': 'a/b/1', 'binnacle-batch-resend': '1' },
    })
    expect(answer).toHaveLength(0)
    expect(grpc.requests).toMatchObject([
      { signal, encoding: 'protobuf', peerAddress: '127.0.0.1', batchId: 'a/b/1', resend: true },
    ])
    expect(Buffer.from(grpc.requests[0]?.body ?? [])).toEqual(body)
  })

  test('8.1/12 gRPC: grpc-encoding identity and gzip, and empty messages', async () => {
    const grpc = await start()
    await grpc.call(body, { gzip: true })
    await grpc.call(new Uint8Array())
    expect(grpc.requests.map((request) => Buffer.from(request.body))).toEqual([body, Buffer.alloc(0)])
  })

  test('8.1/7 gRPC: what was rejected is told in partial_success', async () => {
    const grpc = await start()
    grpc.handle = async () => ({ type: 'accepted', rejected: 2, message: 'no ids' })
    expect(readPartialSuccess(await grpc.call(body))).toEqual({ rejected: 2, message: 'no ids' })
  })

  test('8.1/12 gRPC: health service on, it says SERVING', async () => {
    const grpc = await start({ accessKeys: ['key'] })
    expect(await grpc.call(new Uint8Array(), { path: '/grpc.health.v1.Health/Check' })).toEqual(
      Buffer.from([8, 1]),
    )
  })
})

describe('what is refused', () => {
  test('8.1/8 gRPC: undecodable data is INVALID_ARGUMENT, not to be sent again', async () => {
    const grpc = await start()
    grpc.handle = async () => ({ type: 'invalid', message: 'field 3 ends early' })
    const error = await refusal(grpc.call(body))
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'field 3 ends early' })
    expect(retryAfter(error)).toBeUndefined()
  })

  test.each([429, 503] as const)(
    '8.1/9 gRPC: %d of the handler is UNAVAILABLE with RetryInfo of at most 5 s',
    async (code) => {
      const grpc = await start()
      grpc.handle = async () => ({ type: 'retry', status: code, afterSeconds: 60, message: 'full' })
      const error = await refusal(grpc.call(body))
      expect(error).toMatchObject({ code: status.UNAVAILABLE, details: 'full' })
      expect(retryAfter(error)).toBe(5)
    },
  )

  test('8.1/8 gRPC: a handler that throws is UNAVAILABLE, so that the sender keeps the data', async () => {
    const grpc = await start()
    grpc.handle = () => Promise.reject(new Error('secret of ours'))
    const error = await refusal(grpc.call(body))
    expect(error.code).toBe(status.UNAVAILABLE)
    expect(error.details).not.toContain('secret')
    expect(retryAfter(error)).toBe(1)
  })

  test.each([
    ['plain', Buffer.alloc(10_001), false],
    ['inflated', Buffer.alloc(5_000_000), true],
  ])(
    '8.1/4 gRPC: a message over the limit, %s, is RESOURCE_EXHAUSTED without RetryInfo',
    async (_name, large, gzip) => {
      const grpc = await start({ limits: { bodyBytesMax: 10_000 } })
      const error = await refusal(grpc.call(large, { gzip }))
      expect(error.code).toBe(status.RESOURCE_EXHAUSTED)
      expect(retryAfter(error)).toBeUndefined()
      expect(grpc.requests).toEqual([])
      expect(gzipSync(large).length).toBeLessThan(10_000)
    },
  )

  test('8.1/9 gRPC: bytes beyond the budget are UNAVAILABLE with RetryInfo, and counted', async () => {
    const refused: number[] = []
    const budget = createByteBudget(2_000)
    const grpc = await start({ budget, onRefused: (refusal) => refused.push(refusal.status) })
    let finish = () => {}
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    grpc.handle = async () => {
      await finished
      return accepted
    }
    const first = grpc.call(body)
    await until(() => grpc.requests.length === 1)
    const error = await refusal(grpc.call(body))
    expect(error.code).toBe(status.UNAVAILABLE)
    expect(retryAfter(error)).toBe(1)
    finish()
    await first
    expect(budget.used()).toBe(0)
    expect(refused).toEqual([status.UNAVAILABLE])
  })

  test('8.1/14 gRPC: a wrong or missing key is UNAUTHENTICATED', async () => {
    const grpc = await start({ accessKeys: ['key'] })
    for (const authorization of ['', 'Bearer kex', 'key'])
      expect((await refusal(grpc.call(body, { metadata: { authorization } }))).code).toBe(
        status.UNAUTHENTICATED,
      )
    await grpc.call(body, { metadata: { authorization: 'Bearer key' } })
    expect(grpc.requests).toHaveLength(1)
  })

  test('8.1/12 gRPC: another method is UNIMPLEMENTED', async () => {
    const grpc = await start()
    expect((await refusal(grpc.call(body, { path: '/some.Service/Export' }))).code).toBe(status.UNIMPLEMENTED)
  })

  test('8.1/12 gRPC: the deadline of the sender is honoured', async () => {
    const grpc = await start()
    grpc.handle = () => new Promise(() => {})
    expect((await refusal(grpc.call(body, { deadlineMs: 50 }))).code).toBe(status.DEADLINE_EXCEEDED)
  })
})

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '::1'],
  ['fd00::12', 'fd00::12'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
])('the address of peer %s is %s', (peer, address) => {
  expect(plainAddress(peer)).toBe(address)
})

test('a taken port is told in one sentence', async () => {
  const first = await createOtlpListener({ host: '127.0.0.1', port: 0, handler: async () => accepted })
  closing.push(() => first.close(0))
  await expect(
    createOtlpListener({ host: '127.0.0.1', port: first.port, handler: async () => accepted }),
  ).rejects.toThrow(`cannot listen on 127.0.0.1:${first.port}: the port is in use`)
})
