import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { createByteBudget } from '../../../collector/intake/byte-budget.ts'
import type { RefusedRequest } from '../../../collector/intake/door.ts'
import type { OtlpListenerOptions } from '../../../collector/intake/otlp-listener.ts'
import type { OtlpOutcome } from '../../../collector/record/otlp.ts'
import { until } from '../../support/until.ts'
import { carriers } from './carriers.ts'
import { accepted } from './harness.ts'
import { type Listener, startListener, versions } from './listener-harness.ts'

const opened: Listener[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

async function start(options?: Partial<OtlpListenerOptions>): Promise<Listener> {
  const listener = await startListener(options)
  opened.push(listener)
  return listener
}

const body = Buffer.from('bytes that are not looked at '.repeat(50))

describe.each(carriers)('a sender over $name', ({ encoding, isGrpc, send }) => {
  /** A listener whose handler answers so, and what the sender is told. */
  async function told(outcome: OtlpOutcome) {
    const listener = await start()
    listener.handle = async () => outcome
    return send(listener.port, { body })
  }

  test('8.1/1 the port takes it, with its bytes as they are', async () => {
    const listener = await start()
    expect((await send(listener.port, { body })).type).toBe('success')
    expect(listener.requests).toMatchObject([{ signal: 'traces', encoding }])
    expect(Buffer.from(listener.requests[0]?.body ?? [])).toEqual(body)
  })

  test('8.1/5 success is an empty message, with partial_success unset', async () => {
    const { bytes } = { bytes: undefined, ...(await told(accepted)) }
    expect(Buffer.from(bytes ?? 'none').toString()).toBe(encoding === 'json' ? '{}' : '')
  })

  test('8.1/6 an empty request is handed on, and its success told', async () => {
    const listener = await start()
    const empty = encoding === 'json' ? Buffer.from('{}') : new Uint8Array()
    expect((await send(listener.port, { body: empty })).type).toBe('success')
    expect(listener.requests.map((request) => Buffer.from(request.body))).toEqual([Buffer.from(empty)])
  })

  test.each([
    [3, 'no ids'],
    [0, 'the clock is off'],
  ])('8.1/7 partial success: rejected %d with the message "%s"', async (rejected, message) => {
    expect(await told({ type: 'accepted', rejected, message })).toMatchObject({
      type: 'success',
      rejected,
      message,
    })
  })

  test('8.1/8 undecodable data is 400 or INVALID_ARGUMENT with a BadRequest detail, not to be sent again', async () => {
    expect(await told({ type: 'invalid', message: 'field 3 ends early' })).toEqual({
      type: 'failure',
      status: isGrpc ? 3 : 400,
      retryAfter: undefined,
      rpc: { code: 3, message: 'field 3 ends early', details: ['BadRequest'], retryAfterSeconds: undefined },
    })
  })

  test('8.1/8 never 500: a bug of ours is an answer that asks to come again, and tells nothing of ours', async () => {
    const listener = await start()
    listener.handle = () => Promise.reject(new Error('secret of ours'))
    expect(await send(listener.port, { body })).toEqual({
      type: 'failure',
      status: isGrpc ? 14 : 503,
      retryAfter: 1,
      rpc: { code: 14, message: 'internal error', details: ['RetryInfo'], retryAfterSeconds: 1 },
    })
  })

  test.each([429, 503] as const)(
    "8.1/9 overload: %d carries Retry-After of 1 to 5 s and a google.rpc.Status in the request's encoding; gRPC UNAVAILABLE with RetryInfo",
    async (status) => {
      for (const [afterSeconds, seconds] of [
        [0, 1],
        [2.5, 3],
        [600, 5],
      ] as const)
        expect(await told({ type: 'retry', status, afterSeconds, message: 'full' })).toEqual({
          type: 'failure',
          status: isGrpc ? 14 : status,
          retryAfter: seconds,
          rpc: { code: 14, message: 'full', details: ['RetryInfo'], retryAfterSeconds: seconds },
        })
    },
  )

  test('8.1/9 overload: bytes beyond the budget are refused at the door, and pass when there is room again', async () => {
    const budget = createByteBudget(2_000)
    const listener = await start({ budget })
    const gate = Promise.withResolvers<void>()
    listener.handle = async () => {
      await gate.promise
      return accepted
    }
    const first = send(listener.port, { body })
    await until(() => listener.requests.length === 1)
    expect(await send(listener.port, { body })).toMatchObject({ status: isGrpc ? 14 : 503, retryAfter: 1 })
    gate.resolve()
    expect((await first).type).toBe('success')
    await until(() => budget.used() === 0)
    expect((await send(listener.port, { body })).type).toBe('success')
  })

  const tooLarge = {
    'before decompression': { body: Buffer.alloc(10_001), headers: {} },
    'after decompression: a zip bomb': {
      body: gzipSync(Buffer.alloc(20_000_000)),
      headers: { 'content-encoding': 'gzip' },
    },
  }
  // A gRPC client compresses by itself: its bomb is in otlp-grpc.test.ts.
  const sizes = Object.entries(tooLarge).filter(
    ([, { headers }]) => !isGrpc || !('content-encoding' in headers),
  )
  test.each(sizes)(
    '8.1/4 size limit %s: 413 or RESOURCE_EXHAUSTED without RetryInfo, and nothing is handed on',
    async (_name, sent) => {
      const listener = await start({ limits: { bodyBytesMax: sent.body.length > 10_001 ? 100_000 : 10_000 } })
      expect(await send(listener.port, sent)).toMatchObject({
        status: isGrpc ? 8 : 413,
        retryAfter: undefined,
        rpc: { code: 8, details: [], message: expect.stringContaining('send smaller batches') },
      })
      expect(listener.requests).toEqual([])
    },
  )

  test('8.1/4 size limit: a body of exactly the limit passes', async () => {
    const listener = await start({ limits: { bodyBytesMax: 10_000 } })
    expect((await send(listener.port, { body: Buffer.alloc(10_000) })).type).toBe('success')
  })

  test('8.1/14 bearer token: a wrong one is 401 or UNAUTHENTICATED, not to be sent again; a right one enters', async () => {
    const listener = await start({ accessKeys: ['first-key', 'second-key'] })
    for (const authorization of [
      'Bearer',
      'Bearer first-kex',
      'Basic first-key',
      'Bearer first-key,second-key',
    ])
      expect(await send(listener.port, { body, headers: { authorization } })).toMatchObject({
        status: isGrpc ? 16 : 401,
        retryAfter: undefined,
        rpc: { code: 16 },
      })
    const headers = { authorization: 'Bearer second-key' }
    expect((await send(listener.port, { body, headers })).type).toBe('success')
    expect(listener.requests).toHaveLength(1)
  })

  test('8.1/15 nobody is told of success before the handler is done', async () => {
    const listener = await start()
    const gate = Promise.withResolvers<void>()
    listener.handle = async () => {
      await gate.promise
      return accepted
    }
    let isTold = false
    const answer = send(listener.port, { body }).finally(() => {
      isTold = true
    })
    await until(() => listener.requests.length === 1)
    const unrelated = versions['HTTP/1.1'] ?? expect.fail()
    expect((await unrelated(listener.port, { path: '/elsewhere' })).status).toBe(404)
    expect(isTold).toBe(false)
    gate.resolve()
    expect((await answer).type).toBe('success')
  })

  test('8.1/16 what is refused unread is counted by transport, status and reason', async () => {
    const refused: RefusedRequest[] = []
    const onRefused = (refusal: RefusedRequest) => refused.push(refusal)
    const listener = await start({ onRefused, accessKeys: ['key'], limits: { bodyBytesMax: 10_000 } })
    await send(listener.port, { body })
    const headers = { authorization: 'Bearer key' }
    await send(listener.port, { body: Buffer.alloc(10_001), headers })
    await send(listener.port, { body, headers })
    const transport = isGrpc ? 'grpc' : 'http'
    expect(refused).toEqual([
      { transport, signal: 'traces', status: isGrpc ? 16 : 401, reason: 'unauthenticated' },
      { transport, signal: 'traces', status: isGrpc ? 8 : 413, reason: 'too-large' },
    ])
  })
})

describe.each(Object.entries(versions))('OTLP/HTTP over %s', (_version, send) => {
  test.each(['traces', 'metrics', 'logs'])('8.1/1 POST /v1/%s is taken', async (signal) => {
    const listener = await start()
    expect((await send(listener.port, { path: `/v1/${signal}`, body })).status).toBe(200)
    expect(listener.requests).toMatchObject([{ signal }])
  })

  test.each([
    ['application/json', 'json'],
    ['Application/JSON; charset=UTF-8', 'json'],
    ['application/x-protobuf', 'protobuf'],
    ['APPLICATION/X-PROTOBUF ;q=1', 'protobuf'],
  ])('8.1/2 media type %s is %s, and so is the answer', async (type, encoding) => {
    const listener = await start()
    const answer = await send(listener.port, { body, headers: { 'content-type': type } })
    expect([answer.status, listener.requests[0]?.encoding]).toEqual([200, encoding])
    expect(answer.headers['content-type']).toBe(
      encoding === 'json' ? 'application/json' : 'application/x-protobuf',
    )
  })

  test.each([
    ['another method', { method: 'GET' }, 405],
    ['another method', { method: 'DELETE' }, 405],
    ['another type', { headers: { 'content-type': 'application/x-ndjson' } }, 415],
    ['another path', { path: '/v1/spans' }, 404],
  ])('8.1/2 %s: %j is %d', async (_what, sent, status) => {
    const listener = await start()
    expect((await send(listener.port, sent)).status).toBe(status)
    expect(listener.requests).toEqual([])
  })

  test.each([
    ['gzip', gzipSync(body)],
    ['gzip', Buffer.concat([gzipSync(body.subarray(0, -3)), gzipSync(body.subarray(-3))])],
    ['deflate', deflateSync(body)],
    ['zlib', deflateSync(body)],
    ['zstd', zstdCompressSync(body)],
    ['identity', body],
  ])('8.1/3 Content-Encoding %s is taken', async (name, packed) => {
    const listener = await start()
    const answer = await send(listener.port, { body: packed, headers: { 'content-encoding': name } })
    expect(answer.status).toBe(200)
    expect(Buffer.from(listener.requests[0]?.body ?? [])).toEqual(body)
  })

  test.each([
    ['snappy', 415],
    ['lz4', 415],
    ['br', 415],
    ['gzip, gzip', 415],
    ['gzip', 400],
  ])('8.1/3 Content-Encoding %s of bytes that are not it is %d', async (name, status) => {
    const listener = await start()
    const answer = await send(listener.port, { body, headers: { 'content-encoding': name } })
    expect(answer.headers['accept-encoding']).toBe('zstd, gzip, deflate')
    expect(answer.status).toBe(status)
    expect(listener.requests).toEqual([])
  })

  test('8.1/14 CORS preflight for browsers: any origin without credentials, with the headers of OTLP', async () => {
    const listener = await start({ accessKeys: ['key'] })
    const headers = { origin: 'https://shop.example', 'access-control-request-method': 'POST' }
    const answer = await send(listener.port, { method: 'OPTIONS', headers })
    expect(answer.status).toBe(204)
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': expect.stringMatching(
        /^(?=.*content-type)(?=.*content-encoding)(?=.*authorization)(?=.*traceparent)/,
      ),
    })
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials')
  })
})
