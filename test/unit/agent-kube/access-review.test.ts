import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAccessReview, neededRights } from '../../../collector/kube/access-review.ts'
import { createKubeClient, type KubeClient } from '../../../collector/kube/client.ts'
import { silentLog } from '../../../collector/std/log.ts'
import { type FakeKubeApi, startFakeKubeApi } from '../../support/kube-api/server.ts'
import { createManualClock } from '../../support/manual-clock.ts'

let kube: FakeKubeApi
let client: KubeClient
beforeAll(async () => {
  kube = await startFakeKubeApi()
  client = createKubeClient({
    access: { server: kube.url, tls: {}, headers: async () => ({}) },
    log: silentLog,
  })
})
afterAll(async () => {
  await client.close()
  await kube.close()
})

const everything = {
  mode: 'cluster',
  namespaces: [],
  nodes: true,
  scrape: true,
  crashLogs: true,
  lease: { namespace: 'binnacle', name: 'agent' },
  switchedOff: { namespace: 'binnacle', name: 'agent-injection' },
} as const

async function review(needs = neededRights(everything), isDenied = () => false) {
  const clock = createManualClock()
  const stopping = new AbortController()
  let results = 0
  const one = createAccessReview(
    { client, clock, isDenied, onResult: () => results++ },
    { needs, intervalMs: 600_000, soonMs: 60_000 },
  )
  const running = one.run(stopping.signal)
  const settled = async () => {
    while (clock.sleepers() === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  }
  await settled()
  return {
    one,
    results: () => results,
    async advance(ms: number) {
      for (let gone = 0; gone < ms; gone += 5_000) {
        await clock.advance(5_000)
        await settled()
      }
    },
    async stop() {
      stopping.abort()
      await running
    },
  }
}

test('asks for every verb the agent needs, and names those that are denied', async () => {
  kube.faults.forbid({ verb: 'watch', resource: 'cronjobs' })
  kube.faults.forbid({ resource: 'leases', verb: 'create' })
  kube.faults.forbid({ resource: 'pods/log' })
  kube.faults.forbid({ resource: 'configmaps', verb: 'update' })
  const { one, stop } = await review()
  expect(one.result()).toEqual({
    asked: 2 * 16 + 2 + 1 + 3 + 3,
    denied: [
      { resource: 'configmaps', namespace: 'binnacle', verbs: ['update'] },
      { resource: 'cronjobs', namespace: '', verbs: ['watch'] },
      { resource: 'leases', namespace: 'binnacle', verbs: ['create'] },
      { resource: 'pods/log', namespace: '', verbs: ['get'] },
    ],
  })
  await stop()
  kube.faults.heal()
})

test('asks again after ten minutes, and after one while something is denied', async () => {
  let denied = false
  const { results, advance, stop } = await review([], () => denied)
  await advance(595_000)
  expect(results()).toBe(1)
  await advance(5_000)
  expect(results()).toBe(2)
  denied = true
  await advance(60_000)
  expect(results()).toBe(3)
  await stop()
})

test('while the API server does not answer the last result stands', async () => {
  const { one, advance, stop } = await review(neededRights({ ...everything, nodes: false }))
  const before = one.result()
  kube.faults.fail({ match: /selfsubjectaccessreviews/, status: 500 })
  await advance(600_000)
  expect(one.result()).toBe(before)
  await stop()
  kube.faults.heal()
})

test('in mode namespaced it asks in each namespace, up to twenty, and not for the cluster', () => {
  const namespaces = Array.from({ length: 30 }, (_, index) => `n${index}`)
  const needs = neededRights({
    mode: 'namespaced',
    namespaces,
    nodes: true,
    scrape: false,
    crashLogs: false,
    lease: undefined,
    switchedOff: undefined,
  })
  expect(new Set(needs.map(({ namespace }) => namespace)).size).toBe(20)
  expect(needs.map(({ resource }) => resource)).not.toContain('nodes')
})
