import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { createByteBudget } from '../../../collector/intake/byte-budget.ts'
import type { OtlpListenerOptions } from '../../../collector/intake/otlp-listener.ts'
import { exportOverGrpc, openGrpcClient } from '../../support/grpc-export.ts'
import { until } from '../../support/until.ts'
import { accepted, type Sent } from './harness.ts'
import { type Listener, sendOver, startListener, startRelay, versions } from './listener-harness.ts'

const opened: Listener[] = []
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
})

async function start(options?: Partial<OtlpListenerOptions>): Promise<Listener> {
  const listener = await startListener(options)
  opened.push(listener)
  return listener
}

const json = { 'content-type': 'application/json' }
const body = Buffer.from('bytes that are not looked at '.repeat(5_000))

describe.each(Object.entries(versions))('OTLP/HTTP over %s', (_name, send) => {
  test('8.1/2 a body goes to the handler as it is, and success is in the encoding of the request', async () => {
    const listener = await start()
    const inProtobuf = await send(listener.port, { path: '/v1/logs?x=1', body })
    const inJson = await send(listener.port, { body: '{}', headers: json })
    expect([inProtobuf.status, inJson.status]).toEqual([200, 200])
    expect([inProtobuf.body.length, inJson.body.toString()]).toEqual([0, '{}'])
    expect(listener.requests).toMatchObject([
      { signal: 'logs', encoding: 'protobuf', compression: 'identity', peerAddress: '127.0.0.1' },
      { signal: 'traces', encoding: 'json' },
    ])
    expect(Buffer.from(listener.requests[0]?.body ?? [])).toEqual(body)
  })

  test.each(['listener', 'handler'] as const)('8.1/3 gzip is inflated by the %s', async (inflate) => {
    const listener = await start({ inflate })
    const packed = gzipSync(body)
    const headers = { 'content-encoding': 'gzip' }
    expect((await send(listener.port, { body: packed, headers })).status).toBe(200)
    const { body: got, compression } = listener.requests[0] ?? {}
    expect(compression).toBe(inflate === 'handler' ? 'gzip' : 'identity')
    expect(Buffer.from(got ?? [])).toEqual(inflate === 'handler' ? packed : body)
  })

  test('a body that is handed on has a buffer of its own, so that it can go to another thread', async () => {
    const listener = await start({ inflate: 'handler' })
    await send(listener.port, { body: 'small' })
    await send(listener.port, { body })
    expect(listener.requests.map((request) => request.body.buffer.byteLength)).toEqual([5, body.length])
  })

  const refused: Record<string, { readonly sent: Sent; readonly status: number; readonly reason?: string }> =
    {
      'an unknown path': { sent: { path: '/v1/profiles', body }, status: 404 },
      'another method': { sent: { method: 'PUT', body }, status: 405 },
      'no key': { sent: { body, headers: { authorization: '' } }, status: 401, reason: 'unauthenticated' },
      'another type': {
        sent: { body, headers: { 'content-type': 'text/plain' } },
        status: 415,
        reason: 'unknown-type',
      },
      'another encoding': {
        sent: { body, headers: { 'content-encoding': 'snappy' } },
        status: 415,
        reason: 'unknown-encoding',
      },
      'damaged gzip': {
        sent: { body, headers: { 'content-encoding': 'gzip' } },
        status: 400,
        reason: 'damaged',
      },
      'a body over the limit': { sent: { body: Buffer.alloc(1_000_001) }, status: 413, reason: 'too-large' },
      'a body that inflates over the limit': {
        sent: { body: gzipSync(Buffer.alloc(1_000_001)), headers: { 'content-encoding': 'gzip' } },
        status: 413,
        reason: 'too-large',
      },
    }
  test.each(Object.entries(refused))(
    '8.1/8 %s is refused, and told',
    async (_name, { sent, status, reason }) => {
      const reasons: string[] = []
      const listener = await start({
        accessKeys: ['test-key'],
        limits: { bodyBytesMax: 1_000_000 },
        onRefused: (refusal) => reasons.push(refusal.reason),
      })
      const headers = { authorization: 'Bearer test-key', ...sent.headers }
      const answer = await send(listener.port, { ...sent, headers })
      expect(answer.status).toBe(status)
      expect(answer.body.length).toBeGreaterThan(0)
      expect(reasons).toEqual(reason ? [reason] : [])
      expect(listener.requests).toEqual([])
    },
  )

  test('8.1/9 bytes beyond the budget are 503 with Retry-After, until others have been answered', async () => {
    const budget = createByteBudget(200_000)
    const listener = await start({ budget })
    const gate = Promise.withResolvers<void>()
    listener.handle = async () => {
      await gate.promise
      return accepted
    }
    const first = send(listener.port, { body })
    await until(() => listener.requests.length === 1)
    const second = await send(listener.port, { body })
    expect([second.status, second.headers['retry-after']]).toEqual([503, '1'])
    gate.resolve()
    expect((await first).status).toBe(200)
    await until(() => budget.used() === 0)
  })

  test('8.1/14 CORS: a preflight of a browser is answered, and every answer can be read by the page', async () => {
    const listener = await start()
    const headers = { origin: 'https://shop.example' }
    const preflight = await send(listener.port, { method: 'OPTIONS', headers })
    expect([preflight.status, preflight.headers['access-control-allow-methods']]).toEqual([204, 'POST'])
    const answer = await send(listener.port, { body, headers })
    expect(answer.headers['access-control-allow-origin']).toBe('*')
  })

  test('a request under way is answered while the listener closes', async () => {
    const listener = await start()
    const gate = Promise.withResolvers<void>()
    listener.handle = async () => {
      await gate.promise
      return accepted
    }
    const answer = send(listener.port, { body })
    await until(() => listener.requests.length === 1)
    const closed = listener.close(10_000)
    gate.resolve()
    expect((await answer).status).toBe(200)
    await closed
    await expect(send(listener.port, { body })).rejects.toThrow()
  })
})

test('8.1/1 HTTP/1.1, HTTP/2 and gRPC come in by one port', async () => {
  const listener = await start()
  for (const send of Object.values(versions)) expect((await send(listener.port, { body })).status).toBe(200)
  await exportOverGrpc(`127.0.0.1:${listener.port}`, body)
  expect(listener.requests.map((request) => Buffer.from(request.body))).toEqual([body, body, body])
})

test('the protocol is found also when its first bytes come one by one', async () => {
  const listener = await start()
  const head = 'POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
  const text = `${head}Content-Length: 2\r\nConnection: close\r\n\r\n{}`
  const socket = connect(listener.port, '127.0.0.1')
  socket.setNoDelay(true)
  let answer = ''
  socket.on('data', (chunk) => {
    answer += String(chunk)
  })
  for (const byte of text) await new Promise((done) => socket.write(byte, done))
  await until(() => answer.endsWith('{}'))
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
})

test('a request after a refused one is answered on the same connection', async () => {
  const listener = await start()
  const socket = connect(listener.port, '127.0.0.1')
  let answers = ''
  socket.on('data', (chunk) => {
    answers += String(chunk)
  })
  const request = (path: string) =>
    `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`
  socket.write(request('/nowhere'))
  await until(() => answers.includes('404'))
  socket.write(request('/v1/traces'))
  await until(() => answers.includes('200 OK'))
  socket.destroy()
})

test('what is no HTTP is answered with 400 and closed', async () => {
  const listener = await start()
  const socket = connect(listener.port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk) => {
    answer += String(chunk)
  })
  socket.write('\u0016\u0003\u0001 a TLS hello\r\n\r\n')
  await new Promise((done) => socket.once('close', done))
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
})

describe('connections', () => {
  test('more than the limit are closed, and counted', async () => {
    let dropped = 0
    const listener = await start({ connectionsMax: 2, onDropped: () => dropped++ })
    const sockets = Array.from({ length: 3 }, () => connect(listener.port, '127.0.0.1'))
    for (const socket of sockets) socket.on('error', () => {})
    await until(() => dropped === 1)
    await until(() => sockets.filter((socket) => socket.destroyed).length === 1)
    for (const socket of sockets) socket.destroy()
    await until(async () => (await sendOnce(listener.port)) === 200)
  })

  test('one that says nothing, and one that rests, do not keep the listener from closing', async () => {
    const listener = await start()
    const silent = connect(listener.port, '127.0.0.1')
    const resting = connectHttp2(`http://127.0.0.1:${listener.port}`)
    silent.on('error', () => {})
    expect((await sendOver(resting, { body })).status).toBe(200)
    const startedMs = performance.now()
    await listener.close(60_000)
    expect(performance.now() - startedMs).toBeLessThan(5_000)
    await until(() => silent.destroyed && resting.destroyed)
  })

  test('one that hangs up before it said anything is forgotten', async () => {
    const listener = await start()
    const socket = connect(listener.port, '127.0.0.1')
    await new Promise<void>((done) => socket.once('connect', done))
    socket.end()
    await new Promise<void>((done) => socket.once('close', done))
    expect(await sendOnce(listener.port)).toBe(200)
  })
})

describe('senders that share the budget', () => {
  const keys = { flood: 'Bearer flooding-key', small: 'Bearer small-key' }

  test('8.1/9 overload: one that floods is asked to come again, over HTTP and gRPC, while a small one enters', async () => {
    const reasons: string[] = []
    const listener = await start({
      accessKeys: ['flooding-key', 'small-key'],
      budget: createByteBudget(1_000_000),
      onRefused: ({ transport, reason }) => reasons.push(`${transport} ${reason}`),
    })
    const gate = Promise.withResolvers<void>()
    listener.handle = async () => {
      await gate.promise
      return accepted
    }
    const send = versions['HTTP/2'] ?? expect.fail()
    const sent = (authorization: string, bytes: number) =>
      send(listener.port, { body: Buffer.alloc(bytes), headers: { authorization } })
    const under = [sent(keys.small, 10), sent(keys.flood, 250_000), sent(keys.flood, 240_000)]
    await until(() => listener.requests.length === 3)
    const overHttp = await sent(keys.flood, 250_000)
    expect([overHttp.status, overHttp.headers['retry-after']]).toEqual([503, '1'])
    const large = Buffer.alloc(250_000)
    const overGrpc = exportOverGrpc(`127.0.0.1:${listener.port}`, large, { authorization: keys.flood })
    await expect(overGrpc).rejects.toMatchObject({
      code: 14,
      details: expect.stringContaining('this sender'),
    })
    under.push(sent(keys.small, 100_000))
    await until(() => listener.requests.length === 4)
    gate.resolve()
    for (const answer of await Promise.all(under)) expect(answer.status).toBe(200)
    expect(reasons).toEqual(['http over-share', 'grpc over-share'])
  })
})

describe('the age of connections', () => {
  const old = { limits: { connectionAgeMs: 50 }, random: () => 0.5 }

  test('8.1/13 connection age: an old HTTP/2 connection is sent away with GOAWAY; what is under way is answered', async () => {
    const listener = await start(old)
    const gate = Promise.withResolvers<void>()
    listener.handle = async () => {
      await gate.promise
      return accepted
    }
    const session = connectHttp2(`http://127.0.0.1:${listener.port}`)
    const goaways: number[] = []
    session.on('goaway', (code) => goaways.push(code))
    const answer = sendOver(session, { body })
    await until(() => goaways.length > 0)
    expect(session.destroyed).toBe(false)
    gate.resolve()
    expect((await answer).status).toBe(200)
    await until(() => session.destroyed)
    expect(new Set(goaways)).toEqual(new Set([0]))
  })

  test('8.1/13 connection age: an old connection whose call does not end is cut after a grace', async () => {
    const listener = await start({ ...old, limits: { connectionAgeMs: 50, connectionGraceMs: 50 } })
    listener.handle = () => new Promise(() => {})
    const session = connectHttp2(`http://127.0.0.1:${listener.port}`)
    await expect(sendOver(session, { body })).rejects.toThrow()
    await until(() => session.destroyed)
  })

  test('8.1/13 connection age: a gRPC client loses no call when its connections are sent away again and again', async () => {
    const listener = await start(old)
    const relay = await startRelay(listener.port)
    const client = openGrpcClient(`127.0.0.1:${relay.port}`)
    let calls = 0
    try {
      await until(async () => {
        await Promise.all(Array.from({ length: 8 }, () => client.export(Buffer.from(`call ${calls++}`))))
        return relay.connections() >= 5
      })
    } finally {
      client.close()
      relay.close()
    }
    expect(listener.requests).toHaveLength(calls)
  })

  test('8.1/13 connection age: an old HTTP/1.1 connection is closed with an answer', async () => {
    const listener = await start(old)
    const connections: (string | null)[] = []
    await until(async () => {
      const url = `http://127.0.0.1:${listener.port}/v1/traces`
      const answer = await fetch(url, { method: 'POST', headers: json, body: '{}' })
      await answer.text()
      connections.push(answer.headers.get('connection'))
      return connections.at(-1) === 'close'
    })
    expect(connections[0]).toBe('keep-alive')
  })
})

async function sendOnce(port: number): Promise<number> {
  const send = versions['HTTP/1.1'] ?? expect.fail()
  return send(port, { body }).then(
    ({ status }) => status,
    () => 0,
  )
}
