import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { readPartialSuccess, readStatusMessage } from '../../../collector/agent/ship/response.ts'
import { createByteBudget } from '../../../collector/intake/byte-budget.ts'
import type { OtlpHttpOptions } from '../../../collector/intake/otlp-http.ts'
import type { OtlpOutcome } from '../../../collector/record/otlp.ts'
import { createManualClock } from '../../support/manual-clock.ts'
import { until } from '../../support/until.ts'
import { accepted, type Intake, type Sent, send, startIntake } from './harness.ts'

const opened: Intake[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

async function start(options?: Partial<OtlpHttpOptions>): Promise<Intake> {
  const intake = await startIntake(options)
  opened.push(intake)
  return intake
}

const bytes = Buffer.from([0x0a, 0x00])

describe('what is taken', () => {
  const taken: Record<string, { readonly sent: Sent; readonly encoding: string; readonly type: string }> = {
    protobuf: {
      sent: { body: bytes },
      encoding: 'protobuf',
      type: 'application/x-protobuf',
    },
    'protobuf under its registered name': {
      sent: { body: bytes, headers: { 'content-type': 'application/protobuf' } },
      encoding: 'protobuf',
      type: 'application/x-protobuf',
    },
    JSON: {
      sent: { body: '{}', headers: { 'content-type': 'application/json' } },
      encoding: 'json',
      type: 'application/json',
    },
    'a media type with parameters in any case': {
      sent: { body: '{}', headers: { 'content-type': 'Application/JSON ; Charset=UTF-8' } },
      encoding: 'json',
      type: 'application/json',
    },
    'an empty body': { sent: {}, encoding: 'protobuf', type: 'application/x-protobuf' },
    'a body in chunks without a length': {
      sent: { body: Buffer.alloc(100_000, 1), chunkBytes: 999 },
      encoding: 'protobuf',
      type: 'application/x-protobuf',
    },
  }
  test.each(Object.entries(taken))(
    '8.1/2 media type in any case and with parameters, answered in its own encoding: %s',
    async (_name, { sent, encoding, type }) => {
      const intake = await start()
      const answer = await send(intake.port, sent)
      expect(answer.status).toBe(200)
      expect(answer.headers['content-type']).toContain(type)
      expect(intake.requests).toMatchObject([{ signal: 'traces', encoding }])
      expect(Buffer.from(intake.requests[0]?.body ?? [])).toEqual(Buffer.from(sent.body ?? ''))
    },
  )

  test.each(['traces', 'logs', 'metrics'] as const)(
    '8.1/1 POST /v1/%s goes to the handler with its signal',
    async (signal) => {
      const intake = await start()
      expect((await send(intake.port, { path: `/v1/${signal}`, body: bytes })).status).toBe(200)
      expect(intake.requests).toMatchObject([{ signal }])
    },
  )

  const plain = Buffer.from('some bytes that are not looked at '.repeat(100))
  const encodings: Record<string, readonly [header: string, body: Uint8Array]> = {
    none: ['identity', plain],
    gzip: ['gzip', gzipSync(plain)],
    'gzip in capitals': ['GZIP', gzipSync(plain)],
    'gzip of several members': [
      'gzip',
      Buffer.concat([gzipSync(plain.subarray(0, 50)), gzipSync(plain.subarray(50))]),
    ],
    deflate: ['deflate', deflateSync(plain)],
    zstd: ['zstd', zstdCompressSync(plain)],
  }
  test.each(Object.entries(encodings))(
    '8.1/3 Content-Encoding %s is inflated',
    async (_name, [header, body]) => {
      const intake = await start()
      expect((await send(intake.port, { body, headers: { 'content-encoding': header } })).status).toBe(200)
      expect(Buffer.from(intake.requests[0]?.body ?? [])).toEqual(plain)
    },
  )

  test.each(Object.entries(encodings))(
    '8.1/3 Content-Encoding %s with a handler that inflates comes as it is',
    async (_name, [header, body]) => {
      const intake = await start({ inflate: 'handler' })
      expect((await send(intake.port, { body, headers: { 'content-encoding': header } })).status).toBe(200)
      expect(Buffer.from(intake.requests[0]?.body ?? [])).toEqual(Buffer.from(body))
      const names = ['identity', 'gzip', 'deflate', 'zstd']
      expect(names).toContain(intake.requests[0]?.compression)
      expect(header.toLowerCase()).toContain(intake.requests[0]?.compression)
    },
  )

  test('the sender, the batch and whether it is a resend are told to the handler', async () => {
    const intake = await start()
    await send(intake.port, {
      body: bytes,
      headers: { 'binnacle-batch-id': 'agent/boot/7', 'binnacle-batch-resend': '1' },
    })
    await send(intake.port, { body: bytes })
    expect(intake.requests).toMatchObject([
      { peerAddress: '127.0.0.1', batchId: 'agent/boot/7', resend: true },
      { peerAddress: '127.0.0.1', batchId: '', resend: false },
    ])
  })

  test('a batch id that is too long is not cut to one that another batch may have', async () => {
    const intake = await start()
    await send(intake.port, { body: bytes, headers: { 'binnacle-batch-id': `${'a'.repeat(300)}/1` } })
    expect(intake.requests).toMatchObject([{ batchId: '' }])
  })
})

describe('what is answered', () => {
  const asJson = { 'content-type': 'application/json' }

  test('8.1/5 success is zero bytes in protobuf and {} in JSON: no partial_success that has nothing to say', async () => {
    const intake = await start()
    expect((await send(intake.port, { body: bytes })).body).toEqual(Buffer.alloc(0))
    expect((await send(intake.port, { body: '{}', headers: asJson })).body.toString()).toBe('{}')
  })

  test.each([
    ['traces', 'rejectedSpans'],
    ['logs', 'rejectedLogRecords'],
    ['metrics', 'rejectedDataPoints'],
  ])('8.1/7 what was rejected of %s is told in partial_success', async (signal, name) => {
    const intake = await start()
    intake.handle = async () => ({ type: 'accepted', rejected: 3, message: 'no ids' })
    const path = `/v1/${signal}`
    const inProtobuf = await send(intake.port, { path, body: bytes })
    expect(readPartialSuccess(inProtobuf.body)).toEqual({ rejected: 3, message: 'no ids' })
    const inJson = await send(intake.port, { path, body: '{}', headers: asJson })
    expect(JSON.parse(inJson.body.toString())).toEqual({
      partialSuccess: { [name]: '3', errorMessage: 'no ids' },
    })
    expect([inProtobuf.status, inJson.status]).toEqual([200, 200])
  })

  test('8.1/7 a warning is partial_success with nothing rejected', async () => {
    const intake = await start()
    intake.handle = async () => ({ type: 'accepted', rejected: 0, message: 'clock is off' })
    expect(readPartialSuccess((await send(intake.port, { body: bytes })).body)).toEqual({
      rejected: 0,
      message: 'clock is off',
    })
  })

  const outcomes: Record<
    string,
    { readonly outcome: OtlpOutcome; readonly status: number; readonly after?: string }
  > = {
    'undecodable data is 400': { outcome: { type: 'invalid', message: 'field 3 ends early' }, status: 400 },
    'a full queue is 429 with Retry-After': {
      outcome: { type: 'retry', status: 429, afterSeconds: 2, message: 'full' },
      status: 429,
      after: '2',
    },
    'an absent database is 503 with Retry-After': {
      outcome: { type: 'retry', status: 503, afterSeconds: 1, message: 'away' },
      status: 503,
      after: '1',
    },
  }
  test.each(Object.entries(outcomes))(
    '8.1/8 %s and a Status in the encoding of the request',
    async (_name, want) => {
      const intake = await start()
      intake.handle = async () => want.outcome
      const message = 'message' in want.outcome ? want.outcome.message : ''
      const inProtobuf = await send(intake.port, { body: bytes })
      expect(inProtobuf.status).toBe(want.status)
      expect(inProtobuf.headers['retry-after']).toBe(want.after)
      expect(readStatusMessage(inProtobuf.body, String(inProtobuf.headers['content-type']))).toBe(message)
      const inJson = await send(intake.port, { body: '{}', headers: asJson })
      expect(inJson.status).toBe(want.status)
      expect(JSON.parse(inJson.body.toString())).toMatchObject({ message })
    },
  )

  test('8.1/9 Retry-After is whole seconds from 1 to 5, whatever the handler asks: the JS SDK gives up beyond', async () => {
    const intake = await start()
    const askedAndTold: readonly (readonly [asked: number, told: string])[] = [
      [0, '1'],
      [0.2, '1'],
      [3.4, '4'],
      [300, '5'],
    ]
    for (const [afterSeconds, told] of askedAndTold) {
      intake.handle = async () => ({ type: 'retry', status: 503, afterSeconds, message: '' })
      expect((await send(intake.port, { body: bytes })).headers['retry-after']).toBe(told)
    }
  })

  test('8.1/8 never 500: a handler that throws is 503, so that the sender keeps the data', async () => {
    const intake = await start()
    intake.handle = () => Promise.reject(new Error('secret of ours'))
    const answer = await send(intake.port, { body: bytes })
    expect(answer.status).toBe(503)
    expect(answer.headers['retry-after']).toBe('1')
    expect(answer.body.toString()).not.toContain('secret')
  })
})

describe('what is refused', () => {
  const refused: Record<string, { readonly sent: Sent; readonly status: number; readonly says: string }> = {
    'another media type is 415': {
      sent: { body: bytes, headers: { 'content-type': 'text/plain' } },
      status: 415,
      says: 'application/x-protobuf or application/json, not text/plain',
    },
    'a media type that is none is 415': {
      sent: { body: bytes, headers: { 'content-type': 'protobuf' } },
      status: 415,
      says: 'application/x-protobuf or application/json',
    },
    'no media type is 415': {
      sent: { body: bytes, headers: { 'content-type': '' } },
      status: 415,
      says: 'application/x-protobuf or application/json',
    },
    'an unknown Content-Encoding is 415': {
      sent: { body: bytes, headers: { 'content-type': 'application/json', 'content-encoding': 'snappy' } },
      status: 415,
      says: 'Content-Encoding snappy is not known',
    },
    'a body that is not gzip is 400': {
      sent: { body: 'not gzip', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } },
      status: 400,
      says: 'cannot be inflated',
    },
    'gzip that ends early is 400': {
      sent: {
        body: gzipSync('x'.repeat(1000)).subarray(0, 20),
        headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      },
      status: 400,
      says: 'cannot be inflated',
    },
  }
  test.each(Object.entries(refused))(
    '8.1/8 %s, and its Status says why',
    async (_name, { sent, status, says }) => {
      const refusals: number[] = []
      const intake = await start({ onRefused: (refusal) => refusals.push(refusal.status) })
      const answer = await send(intake.port, sent)
      expect(answer.status).toBe(status)
      expect(JSON.parse(answer.body.toString())).toMatchObject({ message: expect.stringContaining(says) })
      expect(refusals).toEqual([status])
      expect(intake.requests).toEqual([])
    },
  )

  test.each(['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD'])(
    '8.1/2 another method: %s is 405 and says what is allowed',
    async (method) => {
      const intake = await start()
      const answer = await send(intake.port, { method })
      expect(answer.status).toBe(405)
      expect(answer.headers['allow']).toContain('POST')
    },
  )

  test('8.1/2 a refused method is answered in the encoding of the request', async () => {
    const intake = await start()
    const answer = await send(intake.port, { method: 'PUT', body: bytes })
    expect(answer.headers['content-type']).toContain('application/x-protobuf')
    expect(readStatusMessage(answer.body, 'application/x-protobuf')).toContain('POST only')
  })

  test.each(['/v1/trace', '/v1/traces/', '/v1/profiles', '/'])(
    '8.1/2 another path: %s is 404',
    async (path) => {
      const intake = await start()
      expect((await send(intake.port, { path, body: bytes })).status).toBe(404)
    },
  )
})

describe('sizes', () => {
  const limits = { bodyBytesMax: 10_000 }
  const json = { 'content-type': 'application/json' }
  const bomb = gzipSync(Buffer.alloc(50_000_000))

  test('8.1/4 a body of exactly the limit passes, plain, in chunks and inflated', async () => {
    const intake = await start({ limits })
    const body = Buffer.alloc(10_000, 7)
    expect((await send(intake.port, { body })).status).toBe(200)
    expect((await send(intake.port, { body, chunkBytes: 1_000 })).status).toBe(200)
    expect(
      (await send(intake.port, { body: gzipSync(body), headers: { 'content-encoding': 'gzip' } })).status,
    ).toBe(200)
  })

  const tooLarge: Record<string, Sent> = {
    'a body one byte over the limit by its Content-Length': { body: Buffer.alloc(10_001), headers: json },
    'a body of many times the limit': { body: Buffer.alloc(3_000_000), headers: json },
    'a body over the limit in chunks': { body: Buffer.alloc(10_001), chunkBytes: 100, headers: json },
    'a body one byte over the limit when inflated': {
      body: gzipSync(Buffer.alloc(10_001)),
      headers: { ...json, 'content-encoding': 'gzip' },
    },
    'a compressed body over the limit that inflates to less': {
      body: Buffer.concat([...Array(600)].map(() => gzipSync(''))),
      headers: { ...json, 'content-encoding': 'gzip' },
    },
    'a gzip bomb': { body: bomb, headers: { ...json, 'content-encoding': 'gzip' } },
    'a zstd bomb': {
      body: zstdCompressSync(Buffer.alloc(50_000_000)),
      headers: { ...json, 'content-encoding': 'zstd' },
    },
    'a deflate bomb in chunks': {
      body: deflateSync(Buffer.alloc(50_000_000)),
      chunkBytes: 4096,
      headers: { ...json, 'content-encoding': 'deflate' },
    },
  }
  test.each(Object.entries(tooLarge))('8.1/4 %s is 413 and its sender reads so', async (_name, sent) => {
    const budget = createByteBudget(1_000_000)
    const intake = await start({ limits, budget })
    const answer = await send(intake.port, sent)
    expect(answer.status).toBe(413)
    expect(JSON.parse(answer.body.toString())).toMatchObject({
      message: expect.stringContaining('10000 bytes'),
    })
    expect(intake.requests).toEqual([])
    expect(budget.used()).toBe(0)
  })

  test('8.1/4 a bomb is cut off while it inflates: the budget never sees more than the limit', async () => {
    const inner = createByteBudget(1_000_000_000)
    let most = 0
    const reserve = (sender: string) => {
      const reservation = inner.reserve(sender)
      const growTo = (bytes: number) => {
        const refusal = reservation.growTo(bytes)
        most = Math.max(most, inner.used())
        return refusal
      }
      return { ...reservation, growTo }
    }
    const intake = await start({ limits: { bodyBytesMax: 1_000_000 }, budget: { ...inner, reserve } })
    const answer = await send(intake.port, { body: bomb, headers: { 'content-encoding': 'gzip' } })
    expect(answer.status).toBe(413)
    expect(most).toBeLessThanOrEqual(1_000_000)
  })
})

describe('the budget of bytes in flight', () => {
  test('8.1/9 overload: requests beyond it are 503 with Retry-After at the door, and pass when others have been answered', async () => {
    const budget = createByteBudget(10_000)
    const intake = await start({ budget, limits: { bodyBytesMax: 10_000 } })
    let finish = () => {}
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    intake.handle = async () => {
      await finished
      return accepted
    }
    const first = send(intake.port, { body: Buffer.alloc(6_000) })
    await until(() => intake.requests.length === 1)
    for (const chunkBytes of [0, 500]) {
      const second = await send(intake.port, { body: Buffer.alloc(6_000), chunkBytes })
      expect(second.status).toBe(503)
      expect(second.headers['retry-after']).toBe('1')
    }
    finish()
    expect((await first).status).toBe(200)
    expect((await send(intake.port, { body: Buffer.alloc(6_000) })).status).toBe(200)
    expect(budget.used()).toBe(0)
  })

  test('a request that alone is larger than the budget still passes, or its sender would come again for ever', async () => {
    const intake = await start({ budget: createByteBudget(1_000), limits: { bodyBytesMax: 10_000_000 } })
    const body = Buffer.alloc(5_000_000)
    expect((await send(intake.port, { body })).status).toBe(200)
    expect((await send(intake.port, { body, chunkBytes: 60_000 })).status).toBe(200)
    expect(
      (await send(intake.port, { body: gzipSync(body), headers: { 'content-encoding': 'gzip' } })).status,
    ).toBe(200)
  })

  test('what a sender reserved is given back when it hangs up half way', async () => {
    const budget = createByteBudget(10_000)
    const intake = await start({ budget, limits: { bodyBytesMax: 10_000 } })
    const hungUp = send(intake.port, { body: 'short', headers: { 'content-length': '9000' } })
    await until(() => budget.used() > 0)
    await intake.close()
    await expect(hungUp).rejects.toThrow()
    await until(() => budget.used() === 0)
  })
})

describe('access keys', () => {
  const accessKeys = ['first-key', 'second-key']
  const withKey = (authorization: string): Sent => ({ body: bytes, headers: { authorization } })

  test.each(accessKeys)('8.1/14 bearer token: %s opens', async (key) => {
    const intake = await start({ accessKeys })
    expect((await send(intake.port, withKey(`Bearer ${key}`))).status).toBe(200)
    expect((await send(intake.port, withKey(`bearer ${key}`))).status).toBe(200)
  })

  test.each([
    '',
    'Bearer',
    'Bearer first-ke',
    'Bearer first-keyy',
    'Basic first-key',
    'first-key',
    'Bearer first-key second-key',
  ])('8.1/14 bearer token: %j is 401 before the body is looked at', async (authorization) => {
    const intake = await start({ accessKeys })
    const answer = await send(intake.port, withKey(authorization))
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toBe('Bearer')
    expect(readStatusMessage(answer.body, 'application/x-protobuf')).toContain('access key')
    expect(intake.requests).toEqual([])
  })
})

describe('browsers', () => {
  const origin = 'https://shop.example'

  test('8.1/14 CORS: a preflight is answered without a key, for any origin, without credentials', async () => {
    const intake = await start({ accessKeys: ['key'] })
    const answer = await send(intake.port, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    })
    expect(answer.status).toBe(204)
    expect(answer.headers['access-control-allow-origin']).toBe('*')
    expect(answer.headers['access-control-allow-methods']).toContain('POST')
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined()
    for (const name of ['content-type', 'content-encoding', 'authorization', 'traceparent'])
      expect(answer.headers['access-control-allow-headers']).toContain(name)
  })

  test('8.1/14 CORS: answers can be read by the page, refusals and Retry-After too', async () => {
    const intake = await start()
    for (const sent of [
      { body: bytes },
      { body: bytes, method: 'PUT' },
      { headers: { 'content-type': 'x' } },
    ]) {
      const answer = await send(intake.port, { ...sent, headers: { ...sent.headers, origin } })
      expect(answer.headers['access-control-allow-origin']).toBe('*')
      expect(answer.headers['access-control-expose-headers']).toContain('retry-after')
    }
  })

  test('8.1/14 CORS: senders that are no browsers see no CORS headers', async () => {
    const intake = await start()
    expect((await send(intake.port, { body: bytes })).headers['access-control-allow-origin']).toBeUndefined()
  })
})

describe('the age of connections', () => {
  test('8.1/13 connection age: a connection is closed after its age, so that senders spread over replicas, and not before', async () => {
    const clock = createManualClock()
    const intake = await start({ limits: { connectionAgeMs: 1_000 }, clock, random: () => 0.5 })
    const seen: (string | null)[] = []
    for (const waitMs of [0, 500, 499, 2]) {
      await clock.advance(waitMs)
      const answer = await fetch(`${intake.url}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      })
      await answer.text()
      seen.push(answer.headers.get('connection'))
    }
    expect(seen).toEqual(['keep-alive', 'keep-alive', 'keep-alive', 'close'])
  })
})
