import { afterEach, describe, expect, test } from 'vitest'
import { createKubeClient } from '../../collector/agent/kube/client.ts'
import type { Projected, ReflectorEvent } from '../../collector/agent/watch/projected.ts'
import { createReflector } from '../../collector/agent/watch/reflector.ts'
import { createTurns } from '../../collector/agent/watch/turns.ts'
import { type JsonObject, podsResource } from '../../collector/record/kube-api.ts'
import { type Clock, systemClock } from '../../collector/std/clock.ts'
import { silentLog } from '../../collector/std/log.ts'
import { type FakeKubeApi, startFakeKubeApi } from '../support/kube-api/server.ts'

/** Real sockets need real time, but back-off of half a minute does not: this clock runs a hundred times as fast. */
const speed = 100
const fastClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  monotonicMs: () => systemClock.monotonicMs() * speed,
  sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
}

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

const names = ['a', 'b', 'c', 'd', 'e', 'größe']

function write(api: FakeKubeApi, random: () => number): void {
  const name = names[Math.floor(random() * names.length)] ?? 'a'
  const where = { namespace: 'shop', name }
  if (!api.get('Pod', where))
    api.create('Pod', { metadata: { ...where, labels: { text: 'größe'.repeat(20) } } })
  else if (random() < 0.6) api.patch('Pod', where, { metadata: { labels: { turn: String(random()) } } })
  else api.remove('Pod', where)
}

const faults: readonly ((api: FakeKubeApi, random: () => number) => void)[] = [
  ({ faults }) => faults.closeWatches(),
  ({ faults }) => faults.cutWatches(),
  ({ faults }) => faults.silenceWatches(),
  ({ faults }) => faults.resetConnections(),
  ({ faults }) => faults.compact(),
  ({ faults }) => faults.errorOnWatches(410),
  ({ faults }) => faults.errorOnWatches(500),
  ({ faults }, random) => {
    const status = [403, 410, 429, 500, 503, 504][Math.floor(random() * 6)] ?? 500
    faults.fail({ match: /pods/, status, times: 2 })
  },
  ({ faults }, random) => {
    faults.chunkBytes = random() < 0.5 ? undefined : 1 + Math.floor(random() * 50)
  },
  ({ faults }, random) => {
    faults.watchListDiesAfter = random() < 0.5 ? undefined : 2
  },
]

async function until(condition: () => boolean, withinMs: number): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end; await systemClock.sleep(10))
    if (condition()) return true
  return condition()
}

describe('the reflector against the fake API server, through real sockets', () => {
  test.each([
    { seed: 1, watchList: true },
    { seed: 2, watchList: false },
    { seed: 3, watchList: true },
    { seed: 4, watchList: false },
  ])('ends with the state of the server after any faults (%j)', async ({ seed, watchList }) => {
    const random = seeded(seed)
    const api = await startFakeKubeApi({ bookmarkEveryMs: 100, firstVersion: 9_007_199_254_740_980n })
    closers.push(() => api.close())
    api.faults.watchList = watchList
    const client = createKubeClient({
      access: { server: api.url, tls: {}, headers: async () => ({}) },
      log: silentLog,
    })
    closers.push(() => client.close())
    const mirror = new Map<string, string>()
    const emit = (event: ReflectorEvent<Projected>) => {
      if (event.type === 'synced') return
      if (event.type === 'deleted') mirror.delete(event.object.uid)
      else mirror.set(event.object.uid, event.object.resourceVersion)
    }
    const reflector = createReflector<Projected>(
      {
        client,
        clock: fastClock,
        random,
        log: silentLog,
        turns: createTurns({ clock: fastClock, random }),
        emit,
      },
      {
        resource: podsResource,
        namespace: 'shop',
        project: (raw) => raw['metadata'] as Projected & JsonObject,
        pageItemsMax: 2,
        // At a hundredth of the time: 300 ms without a word, three times the interval of bookmarks.
        silenceMsMax: 30_000,
        deniedRetryMs: 20_000,
      },
    )
    const stop = new AbortController()
    const run = reflector.run(stop.signal)
    closers.push(async () => {
      stop.abort()
      await run
    })
    for (let step = 0; step < 150; step++) {
      write(api, random)
      if (random() < 0.25) faults[Math.floor(random() * faults.length)]?.(api, random)
      if (random() < 0.5) await systemClock.sleep(random() * 20)
    }
    api.faults.heal()
    api.faults.watchListDiesAfter = undefined
    const state = () =>
      [...api.list('Pod', 'shop').map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`)].sort()
    const mirrored = () => [...mirror].map(([uid, version]) => `${uid} ${version}`).sort()
    await until(() => String(mirrored()) === String(state()) && reflector.status().state === 'synced', 8_000)
    expect(mirrored()).toEqual(state())
    expect(reflector.status().state).toBe('synced')
    expect([...reflector.store.values()].map((one) => `${one.uid} ${one.resourceVersion}`).sort()).toEqual(
      state(),
    )
  })
})
