import { afterEach, describe, expect, test } from 'vitest'
import { createKubePipeline, type KubePipelineConfig } from '../../collector/agent/kube-pipeline.ts'
import { createKubeClient } from '../../collector/kube/client.ts'
import { type Clock, systemClock } from '../../collector/std/clock.ts'
import { silentLog } from '../../collector/std/log.ts'
import { createSelfMetrics } from '../../collector/std/self-metrics.ts'
import { startFakeKubeApi } from '../support/kube-api/server.ts'
import { createMemoryCollected, type MemoryFile } from '../support/memory-collected.ts'
import { testSeed } from '../support/test-seed.ts'
import { calm, kubeFaults, pick, seeded } from './kube-faults.ts'
import { addressesOf, collectedOf, createReader, eventsOf, happen, objectsOf } from './kube-world.ts'

/** Real sockets need real time, but minutes of back-off do not: this clock runs faster. */
const speed = 300
const fastClock: Clock = {
  nowMs: () => systemClock.nowMs(),
  monotonicMs: () => systemClock.monotonicMs() * speed,
  sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
}
const rounds = Number(process.env['BINNACLE_KUBE_ROUNDS'] ?? 1)
const stepsPerPhase = 60
const faultNames = Object.keys(kubeFaults)

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function setUp(random: () => number, config: Partial<KubePipelineConfig>) {
  const api = await startFakeKubeApi({ bookmarkEveryMs: 100 })
  closers.push(() => api.close())
  api.create('Namespace', { metadata: { name: 'kube-system' } })
  let token = ''
  const access = {
    server: api.url,
    tls: {},
    async headers({ refresh }: { readonly refresh: boolean }) {
      if (refresh) token = api.faults.token ?? ''
      return { authorization: `Bearer ${token}` }
    },
  }
  const client = createKubeClient(
    { access, log: silentLog },
    { listSilenceMsMax: 200, headersTimeoutMs: 500 },
  )
  closers.push(() => client.close())
  const reader = createReader()
  const disk: MemoryFile = { bytes: undefined }
  const startAgent = async () => {
    const pipeline = createKubePipeline(
      {
        // Small pages, so that lists have some.
        client: {
          ...client,
          list: (request, onItem) => client.list({ ...request, limit: Math.min(2, request.limit) }, onItem),
        },
        clock: fastClock,
        random,
        log: silentLog,
        metrics: createSelfMetrics({ part: 'agent', version: '0', instanceId: 'test' }),
        emit: reader.apply,
        onScopeStop: () => {},
        onNamespaces: () => {},
        collected: createMemoryCollected(disk),
      },
      {
        namespaces: { include: [], exclude: [], rancherProjects: [], default: 'off', allowed: [] },
        watch: { mode: 'cluster', namespaces: [], nodes: 'off' },
        ...config,
      },
    )
    await pipeline.start(new AbortController().signal)
    return pipeline
  }
  const world = { api, reader, disk, startAgent, pipeline: await startAgent() }
  closers.push(() => world.pipeline.close())
  return world
}

type World = Awaited<ReturnType<typeof setUp>>

/** Everything the agent has told is what the server has, of the namespaces that opted in. */
async function agree({ api, reader, pipeline }: World): Promise<void> {
  const unsaid = () => eventsOf(api).filter((one) => !reader.events.has(one))
  const same = () =>
    String(reader.objects()) === String(objectsOf(api)) &&
    String(reader.collected()) === String(collectedOf(api)) &&
    unsaid().length === 0
  for (const end = Date.now() + 20_000; !same() && Date.now() < end; ) await systemClock.sleep(10)
  expect(reader.objects()).toEqual(objectsOf(api))
  expect(unsaid()).toEqual([])
  expect(reader.collected()).toEqual(collectedOf(api))
  expect(reader.complaints).toEqual([])
  for (const [ip, uid] of addressesOf(api)) {
    expect(pipeline.pods.find({ podIp: ip }, systemClock.nowMs())?.uid).toBe(uid)
  }
}

/** The agent is away while things happen, and comes back, with its disk or without. */
async function away(world: World, random: () => number): Promise<void> {
  const { api, reader, disk } = world
  await world.pipeline.close()
  reader.agentLeft()
  for (let step = 0; step < 15; step++) happen(api, random)
  if (random() < 0.5) disk.bytes = undefined
  world.pipeline = await world.startAgent()
}

const firstSeed = testSeed()
const cases = Array.from({ length: rounds }, (_, round) => firstSeed + round)

describe('the Kubernetes pipeline against the fake API server, whatever fails', () => {
  test.each(cases)('has told of everything that the server has (BINNACLE_TEST_SEED=%d)', async (seed) => {
    const random = seeded(seed)
    // Watches of their own, the whole cluster's, and from one to the other and back as namespaces come and go; or a restored
    // etcd. Both in one moment are left to the self-check.
    const isRestored = random() < 0.5
    const world = await setUp(random, { namespacedWatchesMax: isRestored ? 10 : pick(random, [0, 1, 2, 2]) })
    const { api } = world
    for (let phase = 0; phase < 3; phase++) {
      const done: string[] = []
      for (let step = 0; step < stepsPerPhase; step++) {
        happen(api, random)
        if (random() < 0.3) {
          const name = pick(random, faultNames)
          done.push(name)
          await kubeFaults[name]?.(api, random)
        }
        if (random() < 0.5) await systemClock.sleep(random() * 15)
      }
      calm(api)
      await agree(world).catch((error: unknown) => {
        throw new Error(`after ${done.join(', ')}`, { cause: error })
      })
      if (phase !== 1) continue
      // Versions go back, and come again with other contents once everybody has noticed.
      if (isRestored) await api.faults.restart({ rewindBy: BigInt(1 + Math.floor(random() * 5)) })
      await agree(world)
      await away(world, random)
      await agree(world)
    }
  })

  test('a change that is lost without a trace is found by the self-check, and mended', async () => {
    const world = await setUp(() => 0.5, { selfCheckMs: 5_000 })
    const { api } = world
    api.create('Namespace', { metadata: { name: 'shop', labels: { 'binnacle.dev/collect': 'enabled' } } })
    for (const name of ['a', 'b']) api.create('Pod', { metadata: { namespace: 'shop', name } })
    await agree(world)
    api.faults.loseChanges = 1
    api.create('Pod', { metadata: { namespace: 'shop', name: 'lost' } })
    await agree(world)
    api.faults.loseChanges = 1
    api.remove('Pod', { namespace: 'shop', name: 'a' })
    await agree(world)
  })
})
