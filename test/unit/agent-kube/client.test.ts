import { mkdtempSync, writeFileSync } from 'node:fs'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGzip, gzipSync, constants as zlib } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { createTokenFile, type KubeAccess, loadKubeAccess } from '../../../collector/kube/access.ts'
import { createKubeClient, type KubeClientConfig } from '../../../collector/kube/client.ts'
import {
  type JsonObject,
  podsResource,
  replicaSetsResource,
  type WatchItem,
} from '../../../collector/record/kube-api.ts'
import { systemClock } from '../../../collector/std/clock.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { createManualClock } from '../../support/manual-clock.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function serve(handle: RequestListener): Promise<string> {
  const server: Server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function connect(
  handle: RequestListener,
  more: { access?: Partial<KubeAccess>; config?: KubeClientConfig } = {},
) {
  const server = await serve(handle)
  const access: KubeAccess = { server, tls: {}, headers: async () => ({}), ...more.access }
  const client = createKubeClient({ access, log: silentLog }, more.config)
  closers.push(() => client.close())
  return client
}

const json = (response: ServerResponse, value: unknown, status = 200, headers = {}) =>
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))

const pod = (name: string): JsonObject => ({ metadata: { name, uid: name } })
const watchRequest = (signal: AbortSignal, resource = podsResource) => ({
  resource,
  resourceVersion: '5',
  timeoutSeconds: 300,
  sendInitialEvents: false,
  signal,
})

async function all(items: AsyncIterable<WatchItem>): Promise<WatchItem[]> {
  const found: WatchItem[] = []
  for await (const item of items) found.push(item)
  return found
}

const never = new AbortController().signal

describe('a list', () => {
  test('asks for a page and hands its items over', async () => {
    const seen: IncomingMessage[] = []
    const client = await connect((request, response) => {
      seen.push(request)
      json(response, { metadata: { resourceVersion: '9', continue: 'next' }, items: [pod('a'), pod('b')] })
    })
    const items: JsonObject[] = []
    const list = { resource: replicaSetsResource, namespace: 'shop', limit: 500, signal: never }
    expect(await client.list({ ...list, resourceVersion: '0' }, (item) => items.push(item))).toEqual({
      type: 'page',
      resourceVersion: '9',
      continueToken: 'next',
    })
    await client.list({ ...list, resourceVersion: '0', continueToken: 'next' }, () => {})
    expect(items).toEqual([pod('a'), pod('b')])
    expect(seen.map((one) => one.url)).toEqual([
      '/apis/apps/v1/namespaces/shop/replicasets?limit=500&resourceVersion=0',
      '/apis/apps/v1/namespaces/shop/replicasets?limit=500&continue=next',
    ])
    expect(seen[0]?.headers.accept).toContain('as=PartialObjectMetadataList')
    expect(seen[0]?.headers['accept-encoding']).toBe('gzip')
  })
  test('reads gzip', async () => {
    const client = await connect((_, response) => {
      const body = gzipSync(JSON.stringify({ metadata: { resourceVersion: '9' }, items: [pod('a')] }))
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(body)
    })
    const items: JsonObject[] = []
    const page = await client.list({ resource: podsResource, limit: 1, signal: never }, (item) =>
      items.push(item),
    )
    expect(page).toMatchObject({ resourceVersion: '9', continueToken: '' })
    expect(items).toHaveLength(1)
  })
  test('tells an error with its reason and Retry-After', async () => {
    const client = await connect((_, response) =>
      json(response, { kind: 'Status', reason: 'TooManyRequests', message: 'slow down', code: 429 }, 429, {
        'retry-after': '7',
      }),
    )
    expect(await client.list({ resource: podsResource, limit: 1, signal: never }, () => {})).toEqual({
      type: 'error',
      status: 429,
      reason: 'TooManyRequests',
      message: 'slow down',
      retryAfterMs: 7_000,
    })
  })
  test('fails when the body is cut short', async () => {
    const client = await connect((_, response) => {
      response.writeHead(200)
      response.write('{"metadata":{"resourceVersion":"9"},"items":[{"a":1},', () => response.destroy())
    })
    const page = await client.list({ resource: podsResource, limit: 1, signal: never }, () => {})
    expect(page).toMatchObject({ type: 'error', status: 0 })
  })
  test('may come in drips, but not fall silent', async () => {
    const client = await connect(
      async (request, response) => {
        response.writeHead(200)
        for (const byte of '{"metadata":{"remainingItemCount":7},"items":[]}') {
          response.write(byte)
          await new Promise((resolve) => setTimeout(resolve, 10))
        }
        if (request.url?.includes('/shop/')) response.end()
      },
      { config: { listSilenceMsMax: 300 } },
    )
    const list = { resource: podsResource, limit: 1, signal: never }
    expect(await client.list({ ...list, namespace: 'shop' }, () => {})).toMatchObject({ remainingItems: 7 })
    expect(await client.list(list, () => {})).toMatchObject({ type: 'error', status: 0 })
  })
  test('fails at its deadline when the server drips', async () => {
    const client = await connect((_, response) => void response.writeHead(200).write('{'), {
      config: { listTimeoutMs: 50 },
    })
    expect(await client.list({ resource: podsResource, limit: 1, signal: never }, () => {})).toMatchObject({
      type: 'error',
      status: 0,
    })
  })
})

describe('a watch', () => {
  const events = ['ADDED', 'MODIFIED', 'BOOKMARK', 'DELETED'].map((type) => ({ type, object: pod('größe') }))
  const want = events.map(({ type, object }) => ({ type: 'event', kind: type, object }))

  test.each([1, 2, 3, 7, 1000])('reads events in chunks of %d bytes', async (size) => {
    let url: string | undefined
    const client = await connect(async (request, response) => {
      url = request.url
      const body = Buffer.from(events.map((one) => `${JSON.stringify(one)}\n`).join(''))
      response.writeHead(200)
      response.socket?.setNoDelay(true)
      for (let at = 0; at < body.length; at += size) {
        response.write(body.subarray(at, at + size))
        if (size < 10) await new Promise(setImmediate)
      }
      response.end()
    })
    expect(await all(client.watch(watchRequest(never)))).toEqual(want)
    expect(url).toBe('/api/v1/pods?watch=1&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=5')
  })
  test('hands a compressed event over as soon as it is flushed', async () => {
    const client = await connect((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' })
      const gzip = createGzip()
      gzip.pipe(response)
      gzip.write(`${JSON.stringify(events[0])}\n`)
      gzip.flush(zlib.Z_SYNC_FLUSH)
    })
    const stop = new AbortController()
    const items = client.watch(watchRequest(stop.signal))[Symbol.asyncIterator]()
    expect((await items.next()).value).toEqual(want[0])
    stop.abort()
    expect((await items.next()).value).toMatchObject({ type: 'failed', error: { status: 0 } })
  })
  test.each<[string, RequestListener, object[]]>([
    [
      'an error as the answer',
      (_, response) => json(response, { reason: 'Expired', message: 'too old' }, 410),
      [{ type: 'failed', error: { status: 410, reason: 'Expired' } }],
    ],
    [
      'an ERROR event',
      (_, response) =>
        response.end(
          '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Gone","message":"too old"}}\n',
        ),
      [{ type: 'failed', error: { status: 410, reason: 'Gone', message: 'too old' } }],
    ],
    [
      'a malformed line',
      (_, response) =>
        response.end(`${JSON.stringify(events[0])}\n{"type":"ADD\n${JSON.stringify(events[1])}\n`),
      [want[0] ?? {}, { type: 'failed', error: { status: 0 } }],
    ],
    ['an unknown type', (_, response) => response.end('{"type":"SYNC","object":{}}\n'), [{ type: 'failed' }]],
    [
      'a reset',
      (_, response) => void response.write(`${JSON.stringify(events[0])}\n`, () => response.destroy()),
      [want[0] ?? {}, { type: 'failed', error: { status: 0 } }],
    ],
    [
      'a close in the middle of a line',
      (_, response) => response.end(`${JSON.stringify(events[0])}\n{"ty`),
      [want[0] ?? {}],
    ],
  ])('tells %s', async (_, handle, found) => {
    const client = await connect(handle)
    const items = await all(client.watch(watchRequest(never)))
    expect(items).toMatchObject(found)
    expect(items).toHaveLength(found.length)
  })
  test('a server that cannot be reached is an error of the network', async () => {
    const access: KubeAccess = { server: 'http://127.0.0.1:1', tls: {}, headers: async () => ({}) }
    const client = createKubeClient({ access, log: silentLog })
    closers.push(() => client.close())
    expect(await all(client.watch(watchRequest(never)))).toMatchObject([
      { type: 'failed', error: { status: 0 } },
    ])
  })
})

describe('credentials', () => {
  test('a refused token is read again once', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kube-token-'))
    const path = join(directory, 'token')
    writeFileSync(path, 'old\n')
    const token = createTokenFile(path, systemClock)
    const seen: (string | undefined)[] = []
    const client = await connect(
      (request, response) => {
        seen.push(request.headers.authorization)
        if (request.headers.authorization === 'Bearer old') writeFileSync(path, 'new\n')
        json(response, { message: 'no' }, request.headers.authorization === 'Bearer new' ? 200 : 401)
      },
      { access: { headers: async (options) => ({ authorization: `Bearer ${await token.read(options)}` }) } },
    )
    expect(await client.get('/version', never)).toMatchObject({ type: 'object' })
    expect(seen).toEqual(['Bearer old', 'Bearer new'])
    writeFileSync(path, 'bad\n')
    await token.read({ refresh: true })
    expect(await client.get('/version', never)).toMatchObject({ type: 'error', status: 401 })
    expect(seen).toHaveLength(4)
  })
  test('a token file is read again every minute', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'kube-token-')), 'token')
    writeFileSync(path, 'one')
    const clock = createManualClock()
    const token = createTokenFile(path, clock)
    expect(await token.read({ refresh: false })).toBe('one')
    writeFileSync(path, 'two')
    await clock.advance(59_999)
    expect(await token.read({ refresh: false })).toBe('one')
    await clock.advance(1)
    expect(await token.read({ refresh: false })).toBe('two')
  })
  test('an access that cannot be read is an error, not an exception', async () => {
    const client = await connect((_, response) => json(response, {}), {
      access: { headers: () => Promise.reject(new Error('no such file')) },
    })
    expect(await client.get('/version', never)).toMatchObject({
      type: 'error',
      status: 0,
      message: 'no such file',
    })
  })
  test('in a pod the service account is used', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'kube-account-'))
    writeFileSync(join(directory, 'token'), 'secret')
    writeFileSync(join(directory, 'ca.crt'), 'certificate')
    const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' }
    const access = await loadKubeAccess({ clock: systemClock, env, serviceAccountDir: directory })
    expect(access.server).toBe('https://[fd00::1]:6443')
    expect(access.tls.ca?.toString()).toBe('certificate')
    expect(await access.headers({ refresh: false })).toEqual({ authorization: 'Bearer secret' })
  })
  test('a kubeconfig is used when it is named', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'kube-config-')), 'config')
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      clusters: [{ name: 'k', cluster: { server: 'http://127.0.0.1:8001/k8s/clusters/c-1' } }],
      users: [{ name: 'u', user: { token: 'abc' } }],
      contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
    }
    writeFileSync(path, JSON.stringify(config))
    const access = await loadKubeAccess({ clock: systemClock, kubeconfig: path })
    expect(access.server).toBe('http://127.0.0.1:8001/k8s/clusters/c-1')
    expect(await access.headers({ refresh: false })).toEqual({ authorization: 'Bearer abc' })
    writeFileSync(path, JSON.stringify({ ...config, 'current-context': 'gone' }))
    await expect(loadKubeAccess({ clock: systemClock, kubeconfig: path })).rejects.toThrow(
      'current context gone',
    )
  })
})

describe('the clock of the API server', () => {
  const clockOf = async (dates: readonly number[]) => {
    const left = [...dates]
    const client = await connect((_request, response) => {
      response.sendDate = false
      json(response, {}, 200, { date: new Date(Date.now() + (left.shift() ?? 0)).toUTCString() })
    })
    const seen: number[] = []
    for (const _ of dates) {
      await client.get('/api', new AbortController().signal)
      seen.push(client.clockAheadMs())
    }
    return seen
  }
  test('that is set as ours is, is not followed', async () => {
    expect(await clockOf([0, 2_000, -2_000])).toEqual([0, 0, 0])
  })
  test('is followed where ours is wrong, without a jump for each answer', async () => {
    const hour = 3_600_000
    const [first = 0, second, third = 0, last] = await clockOf([hour, hour + 900, -hour, 0])
    expect(Math.abs(first - hour)).toBeLessThan(2_000)
    expect(second).toBe(first)
    expect(Math.abs(third + hour)).toBeLessThan(2_000)
    expect(last).toBe(0)
  })
})
