import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createElector, type Elector, type LeaseApi } from '../../../collector/agent/elect/elector.ts'
import type { JsonObject, KubeError } from '../../../collector/record/kube-api.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { createManualClock, type ManualClock } from '../../support/manual-clock.ts'

/** One Lease with the API server's rules of versions. */
function createLeaseServer() {
  let lease: { spec: JsonObject; version: number } | undefined
  let versions = 0
  const error = (status: number): KubeError => ({
    type: 'error',
    status,
    reason: '',
    message: `status ${status}`,
  })
  const view = (): { type: 'object'; object: JsonObject } | KubeError =>
    lease
      ? {
          type: 'object',
          object: { metadata: { resourceVersion: String(lease.version) }, spec: lease.spec },
        }
      : error(404)
  return {
    spec: () => lease?.spec,
    remove() {
      lease = undefined
    },
    /** Somebody writes into it. */
    touch(spec: JsonObject) {
      if (lease) lease = { spec: { ...lease.spec, ...spec }, version: ++versions }
    },
    /** What one replica sees of it; `fault`: the status of every answer, 'void': none comes. */
    api(link: { fault?: number | 'void' | undefined; writes?: number }): LeaseApi {
      const answer = async (signal: AbortSignal, usual: () => ReturnType<typeof view>) => {
        if (link.fault === 'void')
          await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
        return link.fault === undefined ? usual() : error(typeof link.fault === 'number' ? link.fault : 0)
      }
      return {
        get: (_path, signal) => answer(signal, view),
        write: ({ method, body }, signal) =>
          answer(signal, () => {
            link.writes = (link.writes ?? 0) + 1
            const sent = (body['metadata'] as JsonObject)['resourceVersion']
            if (method === 'POST' ? lease !== undefined : String(lease?.version) !== sent) return error(409)
            lease = { spec: body['spec'] as JsonObject, version: ++versions }
            return view()
          }),
      }
    },
  }
}

interface Replica {
  readonly elector: Elector
  readonly link: { fault?: number | 'void' | undefined; writes?: number }
  readonly calls: string[]
  stop(): Promise<void>
}

let clock: ManualClock
let server: ReturnType<typeof createLeaseServer>
let replicas: Replica[]

beforeEach(() => {
  clock = createManualClock()
  server = createLeaseServer()
  replicas = []
})
afterEach(async () => {
  for (const one of replicas) await one.stop()
})

function start(identity: string, random = 0): Replica {
  const link: Replica['link'] = {}
  const calls: string[] = []
  const stop = new AbortController()
  const elector = createElector(
    {
      client: server.api(link),
      clock,
      random: () => random,
      log: silentLog,
      onLead: () => calls.push('lead'),
      onOtherLeads: () => calls.push('other'),
    },
    { namespace: 'binnacle', name: 'agent', identity },
  )
  const running = elector.run(stop.signal)
  const replica = {
    elector,
    link,
    calls,
    async stop() {
      stop.abort()
      await running
    },
  }
  replicas.push(replica)
  return replica
}

const leaders = () => replicas.filter((one) => one.elector.isLeader()).length

describe('an election by Lease', () => {
  test('the first makes the Lease and leads, the second stands by', async () => {
    const a = start('a')
    await clock.advance(0)
    const b = start('b')
    await clock.advance(0)
    expect(a.elector.status()).toMatchObject({ state: 'leader', holder: 'a', transitions: 0 })
    expect(b.elector.status()).toMatchObject({ state: 'standby', holder: 'a' })
    expect(server.spec()).toMatchObject({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      leaseTransitions: 0,
    })
    expect(server.spec()?.['renewTime']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    await clock.advance(60_000)
    expect([a.elector.isLeader(), b.elector.isLeader()]).toEqual([true, false])
    expect(a.link.writes).toBe(31)
    expect(b.calls).toContain('other')
    expect(b.calls).not.toContain('lead')
  })

  test('a leader that is gone is followed 15 s after its last renewal was seen, whatever the clocks in the Lease say', async () => {
    const a = start('a')
    await clock.advance(0)
    const b = start('b', 0.99)
    await clock.advance(4_000)
    server.touch({ renewTime: '2001-01-01T00:00:00.000000Z' })
    await clock.advance(3_000)
    await a.stop()
    const diedMs = clock.monotonicMs()
    await clock.advance(12_500)
    expect(b.elector.isLeader()).toBe(false)
    await clock.advance(5_000)
    expect(b.elector.isLeader()).toBe(true)
    expect(clock.monotonicMs() - diedMs).toBeLessThan(20_000)
    expect(server.spec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 })
  })

  test('never two at once while links break and heal, and one again afterwards', async () => {
    const all = ['a', 'b', 'c'].map((name, index) => start(name, index / 3))
    await clock.advance(0)
    expect(leaders()).toBe(1)
    for (const step of [0, 1, 2, 0, 2, 1]) {
      const link = all[step]?.link
      if (link) link.fault = step % 2 === 0 ? 503 : 500
      for (let second = 0; second < 25; second++) {
        await clock.advance(1_000)
        expect(leaders()).toBeLessThanOrEqual(1)
      }
      expect(leaders()).toBe(1)
      if (link) link.fault = undefined
    }
  })

  test('a leader that cannot renew is silent by its own clock after 10 s, before another may begin', async () => {
    const a = start('a')
    await clock.advance(0)
    const b = start('b')
    await clock.advance(6_000)
    a.link.fault = 0
    await clock.advance(9_900)
    expect(a.elector.isLeader()).toBe(true)
    await clock.advance(200)
    expect([a.elector.isLeader(), b.elector.isLeader()]).toEqual([false, false])
    expect(a.elector.status()).toMatchObject({ state: 'failing' })
    await clock.advance(5_000)
    expect([a.elector.isLeader(), b.elector.isLeader()]).toEqual([false, true])
    a.link.fault = undefined
    await clock.advance(3_000)
    expect(a.elector.status()).toMatchObject({ state: 'standby', holder: 'b' })
  })

  test('an event loop that stood still has lost the lead when it wakes up, and takes it back if nobody else did', async () => {
    let elapsedMs = 0
    let wake = () => {}
    const stop = new AbortController()
    const calls: string[] = []
    const elector = createElector(
      {
        client: server.api({}),
        clock: {
          nowMs: () => elapsedMs,
          monotonicMs: () => elapsedMs,
          sleep: () =>
            new Promise((resolve) => {
              wake = resolve
            }),
        },
        random: () => 0,
        log: silentLog,
        onLead: () => calls.push('lead'),
        onOtherLeads: () => {},
      },
      { namespace: 'binnacle', name: 'agent', identity: 'a' },
    )
    const running = elector.run(stop.signal)
    while (!elector.isLeader()) await new Promise((resolve) => setImmediate(resolve))
    elapsedMs += 12_000
    expect(elector.isLeader()).toBe(false)
    wake()
    while (!elector.isLeader()) await new Promise((resolve) => setImmediate(resolve))
    expect(calls).toEqual(['lead', 'lead'])
    stop.abort()
    wake()
    await running
  })

  test('given back: the next leads at its next look', async () => {
    const a = start('a')
    await clock.advance(0)
    const b = start('b', 0.99)
    await clock.advance(4_000)
    await a.stop()
    await a.elector.release()
    expect(server.spec()).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 })
    expect(a.elector.isLeader()).toBe(false)
    await clock.advance(2_500)
    expect(b.elector.isLeader()).toBe(true)
    expect(server.spec()).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 })
  })

  test("what is another's is not given back", async () => {
    const a = start('a')
    await clock.advance(0)
    await a.stop()
    server.touch({ holderIdentity: 'b' })
    await a.elector.release()
    expect(server.spec()).toMatchObject({ holderIdentity: 'b' })
  })

  test('a Lease that somebody else wrote into is read and renewed without losing the lead', async () => {
    const a = start('a')
    await clock.advance(0)
    server.touch({ strategy: 'edited' })
    for (let second = 0; second < 10; second++) {
      await clock.advance(1_000)
      expect(a.elector.isLeader()).toBe(true)
    }
    server.remove()
    await clock.advance(6_000)
    expect(a.elector.isLeader()).toBe(true)
    expect(server.spec()).toMatchObject({ holderIdentity: 'a' })
  })

  test('of two that find the Lease run out at the same moment, one gets it', async () => {
    const a = start('a')
    await clock.advance(0)
    start('b')
    start('c')
    await clock.advance(1_000)
    await a.stop()
    for (let step = 0; step < 200; step++) {
      await clock.advance(100)
      expect(leaders()).toBeLessThanOrEqual(1)
    }
    expect(leaders()).toBe(1)
  })

  test('where the Lease is forbidden every replica leads and says why', async () => {
    const a = start('a')
    a.link.fault = 403
    await clock.advance(0)
    expect(a.elector.isLeader()).toBe(true)
    expect(a.elector.status()).toMatchObject({
      state: 'denied',
      message: 'cannot create the Lease binnacle/agent: status 403',
    })
    a.link.fault = undefined
    await clock.advance(61_000)
    expect(a.elector.status()).toMatchObject({ state: 'leader', message: '' })
  })
})
