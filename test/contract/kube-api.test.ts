import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Projected, ReflectorEvent } from '../../collector/agent/watch/projected.ts'
import { createReflector, type Reflector } from '../../collector/agent/watch/reflector.ts'
import { createTurns } from '../../collector/agent/watch/turns.ts'
import { loadKubeAccess } from '../../collector/kube/access.ts'
import { createKubeClient, type KubeClient } from '../../collector/kube/client.ts'
import { type JsonObject, podsResource, type WatchItem } from '../../collector/record/kube-api.ts'
import { systemClock } from '../../collector/std/clock.ts'
import { silentLog } from '../../collector/std/log.ts'
import { type FakeKubeApi, startFakeKubeApi } from '../support/kube-api/server.ts'
import { until } from '../support/until.ts'

/**
 * What the agent relies on an API server for. The fake must pass it, and a real one does when KUBECONFIG names it and
 * BINNACLE_TEST_KUBE=1 is set: in a namespace of its own, which is removed afterwards. The pods are never scheduled.
 */
const isReal = process.env['BINNACLE_TEST_KUBE'] === '1' && process.env['KUBECONFIG'] !== undefined
const namespace = `binnacle-contract-${randomUUID().slice(0, 8)}`
const signal = AbortSignal.timeout(120_000)

interface Server {
  readonly client: KubeClient
  send(method: string, path: string, body?: JsonObject): Promise<JsonObject>
  close(): Promise<void>
}

async function connectFake(): Promise<Server> {
  const api: FakeKubeApi = await startFakeKubeApi()
  api.create('Namespace', { metadata: { name: 'kube-system' } })
  return connect({ server: api.url, tls: {}, headers: async () => ({}) }, () => api.close())
}

const connectReal = async () =>
  connect(
    await loadKubeAccess({ clock: systemClock, kubeconfig: process.env['KUBECONFIG'] ?? '' }),
    async () => {},
  )

async function connect(
  access: Awaited<ReturnType<typeof loadKubeAccess>>,
  closeServer: () => Promise<void>,
): Promise<Server> {
  const { Agent, request } = await import('undici')
  const dispatcher = new Agent({ connect: access.tls })
  const client = createKubeClient({ access, log: silentLog })
  return {
    client,
    async send(method, path, body) {
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
      const answer = await request(access.server.replace(/\/+$/, '') + path, {
        dispatcher,
        method: method as 'POST' | 'PATCH' | 'DELETE',
        headers: { ...(await access.headers({ refresh: false })), 'content-type': type },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      const text = await answer.body.text()
      if (answer.statusCode >= 300) throw new Error(`${method} ${path}: ${answer.statusCode} ${text}`)
      return JSON.parse(text) as JsonObject
    },
    async close() {
      await client.close()
      await dispatcher.destroy()
      await closeServer()
    },
  }
}

const pods = `/api/v1/namespaces/${namespace}/pods`
const pod = (name: string): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: {
    containers: [{ name: 'main', image: 'registry.invalid/none' }],
    nodeSelector: { 'binnacle.dev/no-such-node': 'x' },
    terminationGracePeriodSeconds: 0,
  },
})

describe.each([
  ['the fake API server', connectFake, true],
  ['a real API server (KUBECONFIG and BINNACLE_TEST_KUBE=1)', connectReal, isReal],
] as const)('%s', (_, connectTo, isHere) => {
  describe.skipIf(!isHere)('as the agent relies on it', () => {
    let server: Server
    beforeAll(async () => {
      server = await connectTo()
      await server.send('POST', '/api/v1/namespaces', {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: namespace },
      })
      for (const name of ['a', 'b', 'c']) await server.send('POST', pods, pod(name))
    })
    afterAll(async () => {
      await server?.send('DELETE', `/api/v1/namespaces/${namespace}`)
      await server?.close()
    })

    const list = async (options: { limit: number; continueToken?: string }) => {
      const names: string[] = []
      const page = await server.client.list(
        { resource: podsResource, namespace, signal, ...options },
        (item) => names.push((item['metadata'] as { name: string }).name),
      )
      if (page.type === 'error') throw new Error(page.message)
      return { names, ...page }
    }

    test('a list of one item tells its version and how many more there are', async () => {
      const page = await list({ limit: 1 })
      expect(page).toMatchObject({ names: ['a'], remainingItems: 2 })
      expect(page.resourceVersion).toMatch(/^\d+$/)
    })

    test('pages are of one state, and a token of none is expired or refused', async () => {
      const first = await list({ limit: 2 })
      await server.send('POST', pods, pod('between'))
      const second = await list({ limit: 2, continueToken: first.continueToken })
      await server.send('DELETE', `${pods}/between`)
      expect([...first.names, ...second.names]).toEqual(['a', 'b', 'c'])
      expect(second.resourceVersion).toBe(first.resourceVersion)
      const wrong = await server.client.list(
        { resource: podsResource, namespace, signal, limit: 2, continueToken: 'nonsense' },
        () => {},
      )
      expect([400, 410]).toContain(wrong.type === 'error' ? wrong.status : 0)
    })

    test('a watch from long ago, and one from the future, are refused as the agent understands it', async () => {
      const newest = (await list({ limit: 1 })).resourceVersion
      const from = async (resourceVersion: string): Promise<WatchItem | undefined> => {
        const limited = AbortSignal.timeout(5_000)
        const items = server.client.watch({
          resource: podsResource,
          namespace,
          resourceVersion,
          timeoutSeconds: 2,
          sendInitialEvents: false,
          signal: limited,
        })
        for await (const item of items) return item
        return undefined
      }
      // A server that waits for the future says nothing at all, and its bookmarks tell then.
      expect([undefined, 504, 500, 0]).toContain(statusOf(await from(`${newest}0`)))
      expect([undefined, 410]).toContain(statusOf(await from('1')))
    })

    test.each([true, false])('the reflector mirrors it (watch-list %s)', async (watchList) => {
      const told: string[] = []
      const reflector: Reflector<Projected> = createReflector<Projected>(
        {
          client: server.client,
          clock: systemClock,
          random: () => 0,
          log: silentLog,
          turns: createTurns({ clock: systemClock, random: () => 0 }),
          emit: (event: ReflectorEvent<Projected>) =>
            told.push(event.type === 'synced' ? 'synced' : `${event.type} ${event.object.name}`),
        },
        {
          resource: podsResource,
          namespace,
          watchList,
          pageItemsMax: 2,
          project: (raw) => {
            const { uid, name, namespace: home, resourceVersion } = raw['metadata'] as Projected & JsonObject
            return { uid, name, namespace: home, resourceVersion }
          },
        },
      )
      const stop = new AbortController()
      const run = reflector.run(stop.signal)
      try {
        await until(() => told.includes('synced'), 30_000)
        expect(told.slice(0, told.indexOf('synced')).toSorted()).toEqual(['added a', 'added b', 'added c'])
        await server.send('POST', pods, pod('d'))
        await server.send('PATCH', `${pods}/d`, { metadata: { labels: { turn: '1' } } })
        await server.send('DELETE', `${pods}/d`)
        await server.send('POST', pods, pod('d'))
        await server.send('DELETE', `${pods}/d`)
        await until(() => told.filter((one) => one === 'deleted d').length === 2, 30_000)
        expect(told.filter((one) => one === 'added d')).toHaveLength(2)
        expect(told).toContain('modified d')
        expect(reflector.status()).toMatchObject({ state: 'synced', objects: 3, syncs: 1 })
      } finally {
        stop.abort()
        await run
      }
    })
  })
})

function statusOf(item: WatchItem | undefined): number | undefined {
  return item?.type === 'failed' ? item.error.status : undefined
}
