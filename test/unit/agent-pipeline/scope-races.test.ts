import { afterEach, describe, expect, test } from 'vitest'
import {
  createKubePipeline,
  type KubePipeline,
  type KubePipelineConfig,
} from '../../../collector/agent/kube-pipeline.ts'
import type { KubeRecord } from '../../../collector/record/kube.ts'
import type { JsonObject } from '../../../collector/record/kube-api.ts'
import { createManualClock } from '../../support/manual-clock.ts'
import { createMemoryCollected, type MemoryFile } from '../../support/memory-collected.ts'
import { createMemoryKube } from './memory-kube.ts'
import { pipelineDeps } from './pipeline-deps.ts'

const label = (value: string) => ({ 'binnacle.dev/collect': value })
const enabled = label('enabled')

const namespace = (name: string, labels: Record<string, string> = {}, uid = `uid-${name}`): JsonObject => ({
  metadata: { uid, name, labels },
  status: { phase: 'Active' },
})
const pod = (name: string, home = 'shop'): JsonObject => ({
  metadata: { uid: `uid-${name}`, name, namespace: home },
  status: { phase: 'Running' },
})
const event = (name: string, home = 'shop'): JsonObject => ({
  metadata: { uid: `uid-${name}`, name, namespace: home },
  involvedObject: { kind: 'Pod', namespace: home, name: 'a', uid: 'uid-a' },
  reason: name,
})

const noScope = { include: [], exclude: [], rancherProjects: [], default: 'off', allowed: [] } as const
const open: KubePipeline[] = []
afterEach(() => Promise.all(open.splice(0).map((one) => one.close())))

/** A cluster with a namespace `shop` of two pods and an event, its clock, and a disk that outlives an agent. */
function createCluster() {
  const kube = createMemoryKube()
  const clock = createManualClock()
  const disk: MemoryFile = { bytes: undefined }
  kube.put('namespaces', namespace('kube-system'))
  kube.put('namespaces', namespace('shop'))
  for (const name of ['a', 'b']) kube.put('pods', pod(name))
  kube.put('events', event('started'))

  async function startAgent(config: Partial<KubePipelineConfig> = {}) {
    const { deps, records, stopped } = pipelineDeps({
      client: kube,
      clock,
      collected: createMemoryCollected(disk, clock),
    })
    const pipeline = createKubePipeline(deps, {
      namespaces: noScope,
      watch: { mode: 'cluster', namespaces: [], nodes: 'off' },
      ...config,
    })
    open.push(pipeline)
    await pipeline.start(new AbortController().signal)
    await clock.advance(5_000)
    const drain = () => records.splice(0).flatMap(lineOf)
    return { records, stopped, pipeline, drain }
  }

  async function stopAgent(): Promise<void> {
    const closing = Promise.all(open.splice(0).map((one) => one.close()))
    await clock.advance(0)
    await closing
  }

  const label = (labels: Record<string, string>) => kube.put('namespaces', namespace('shop', labels))
  return { kube, clock, disk, label, startAgent, stopAgent }
}

/** The scope, objects and events; not the changes of objects, which follow from them. */
function lineOf({ type, record }: KubeRecord): string[] {
  if (type === 'event') return [`event ${record.reason}`]
  if (type === 'object') return [`${record.deleted ? 'gone' : 'is'} ${record.kind} ${record.name}`]
  if (type === 'crash' || !record.change.startsWith('collection-')) return []
  return [`${record.change} ${record.kind} ${record.name}: ${record.reason}`.replace('Cluster :', 'cluster:')]
}

const began = 'collection-started cluster: the agent started'
const startedByLabel = 'collection-started Namespace shop: label binnacle.dev/collect=enabled'
/** The namespace again, once its quotas are known. */
const told = ['is Namespace shop', 'is Pod a', 'is Pod b', 'event started', 'is Namespace shop']
const stoppedByDefault = 'collection-stopped Namespace shop: namespaces.default is off'

describe('opt-in and opt-out', () => {
  test('a flapping label tells starts and stops at times of their own, and ends as it stands', async () => {
    const { clock, label, startAgent } = createCluster()
    const { records, drain } = await startAgent()
    drain()
    for (let turn = 0; turn < 3; turn++) {
      label(enabled)
      label({})
    }
    label(enabled)
    await clock.advance(5_000)
    const scope = records.flatMap((one) =>
      one.type === 'change' && one.record.change.startsWith('collection-') ? [one.record] : [],
    )
    const pods = records.filter((one) => one.type === 'object' && one.record.kind === 'Pod')
    expect(scope.map((one) => one.change.slice(11)).join()).toBe(
      'started,stopped,started,stopped,started,stopped,started',
    )
    expect(new Set(scope.map((one) => one.timeMs)).size).toBe(7)
    expect(scope.map((one) => one.timeMs)).toEqual(scope.map((one) => one.timeMs).toSorted())
    // The service takes what is older than the start for gone.
    const startMs = scope.at(-1)?.timeMs ?? 0
    expect(pods).toHaveLength(2)
    for (const { record } of pods)
      expect('observedAtMs' in record && record.observedAtMs >= startMs).toBe(true)
  })

  test('label and namespace gone together: collection stops once, and nothing follows', async () => {
    const { kube, clock, label, startAgent } = createCluster()
    label(enabled)
    const { drain, stopped, pipeline } = await startAgent()
    drain()
    label({})
    kube.delete('pods', 'uid-a')
    kube.delete('namespaces', 'uid-shop')
    await clock.advance(5_000)
    expect(drain()).toEqual([stoppedByDefault])
    expect(stopped).toEqual(['shop'])
    expect(pipeline.status().reflectors.map((one) => one.resource)).toEqual(['namespaces'])
  })

  test('a namespace that is gone as soon as it was labelled is told of, and told gone', async () => {
    const { kube, clock, label, startAgent } = createCluster()
    const { drain, pipeline } = await startAgent()
    drain()
    label(enabled)
    kube.delete('namespaces', 'uid-shop')
    await clock.advance(5_000)
    expect(drain()).toEqual([
      startedByLabel,
      'is Namespace shop',
      'gone Namespace shop',
      'collection-stopped Namespace shop: the namespace was deleted',
    ])
    expect(pipeline.status().reflectors.map((one) => one.resource)).toEqual(['namespaces'])
  })

  test('a namespace made again under its name is another one: all of the first is told gone', async () => {
    const { kube, clock, label, startAgent } = createCluster()
    label(enabled)
    const { drain } = await startAgent()
    drain()
    kube.delete('namespaces', 'uid-shop')
    for (const name of ['a', 'b']) kube.delete('pods', `uid-${name}`)
    kube.put('namespaces', namespace('shop', enabled, 'uid-again'))
    kube.put('pods', pod('c'))
    await clock.advance(5_000)
    expect(drain()).toEqual([
      'gone Namespace shop',
      'gone Pod a',
      'gone Pod b',
      'collection-stopped Namespace shop: the namespace was deleted',
      startedByLabel,
      'is Namespace shop',
      'is Pod c',
      'event started',
      'is Namespace shop',
    ])
  })

  test('a label that is set while namespaces are listed again is not missed', async () => {
    const { kube, clock, label, startAgent } = createCluster()
    const { drain } = await startAgent()
    drain()
    const arrive = kube.hold('namespaces')
    kube.expire('namespaces')
    await clock.advance(2_000)
    // The list was made before the label, and arrives after it.
    label(enabled)
    arrive()
    await clock.advance(5_000)
    expect(drain()).toEqual([startedByLabel, ...told])
  })

  test('a label that is set before namespaces are listed again is not missed either', async () => {
    const { kube, clock, label, startAgent } = createCluster()
    const { drain } = await startAgent()
    drain()
    kube.expire('namespaces')
    label(enabled)
    await clock.advance(10_000)
    expect(drain()).toEqual([startedByLabel, ...told])
  })

  test('what the expression includes and the label disables is not collected, until the label goes', async () => {
    const { clock, label, startAgent } = createCluster()
    label(enabled)
    const { drain } = await startAgent({ namespaces: { ...noScope, include: ['sh.*'] } })
    expect(drain()).toEqual([startedByLabel, ...told.slice(0, 1), began, ...told.slice(1)])
    label({ 'binnacle.dev/collect': 'disabled' })
    await clock.advance(5_000)
    expect(drain()).toEqual(['collection-stopped Namespace shop: label binnacle.dev/collect=disabled'])
    label({})
    await clock.advance(5_000)
    expect(drain()).toEqual(['collection-started Namespace shop: namespaces.include matches "sh.*"', ...told])
  })

  test('what the label enables and an expression excludes is not collected', async () => {
    const { label, startAgent } = createCluster()
    label(enabled)
    const { drain, pipeline } = await startAgent({ namespaces: { ...noScope, exclude: ['s.*p'] } })
    expect(drain()).toEqual([began])
    expect(pipeline.decide('shop').reason).toBe('namespaces.exclude matches "s.*p"')
  })
})

describe('an interrupted backfill', () => {
  test('a list that breaks off tells nothing, and the next one all, once', async () => {
    const { kube, clock, label, startAgent } = createCluster()
    const { drain } = await startAgent()
    drain()
    kube.breakList('pods')
    label(enabled)
    await clock.advance(5_000)
    expect(drain().toSorted()).toEqual([startedByLabel, ...told].toSorted())
  })

  test('an opt-out in the middle of it ends it: what arrives later is not told', async () => {
    const { kube, clock, label, startAgent } = createCluster()
    const { drain } = await startAgent()
    drain()
    const arrive = kube.hold('pods')
    label(enabled)
    await clock.advance(1_000)
    label({})
    arrive()
    await clock.advance(5_000)
    expect(drain().filter((one) => one.includes('Pod'))).toEqual([])
  })

  test('an opt-out and in again in the middle of it backfills anew', async () => {
    const { kube, clock, label, startAgent } = createCluster()
    const { drain } = await startAgent()
    drain()
    const arrive = kube.hold('pods')
    label(enabled)
    await clock.advance(1_000)
    label({})
    label(enabled)
    await clock.advance(40_000)
    arrive()
    await clock.advance(5_000)
    expect(drain().filter((one) => one.includes('Pod'))).toEqual(['is Pod a', 'is Pod b'])
  })

  test('an agent that stopped in the middle of it: the next one tells all', async () => {
    const { kube, clock, label, startAgent, stopAgent } = createCluster()
    const first = await startAgent()
    const arrive = kube.hold('pods')
    label(enabled)
    await clock.advance(1_000)
    const stopping = stopAgent()
    arrive()
    await stopping
    expect(first.drain()).not.toContain('is Pod a')
    const next = await startAgent()
    expect(next.drain()).toEqual([startedByLabel, 'is Namespace shop', began, ...told.slice(1)])
  })
})

describe('an agent that was away', () => {
  async function away(
    change: (cluster: ReturnType<typeof createCluster>) => void,
    config: Partial<KubePipelineConfig> = {},
  ) {
    const cluster = createCluster()
    cluster.label(enabled)
    await cluster.startAgent()
    await cluster.stopAgent()
    await cluster.clock.advance(60_000)
    change(cluster)
    return (await cluster.startAgent(config)).drain()
  }

  test('tells that a namespace opted out meanwhile', async () => {
    expect(await away(({ label }) => label({}))).toEqual([stoppedByDefault, began])
  })
  test('tells that a namespace was deleted meanwhile', async () => {
    expect(await away(({ kube }) => kube.delete('namespaces', 'uid-shop'))).toEqual([
      'gone Namespace shop',
      'collection-stopped Namespace shop: the namespace was deleted',
      began,
    ])
  })
  test('tells that a namespace was made again under its name, which is collected', async () => {
    const lines = await away(({ kube }) => {
      kube.delete('namespaces', 'uid-shop')
      kube.put('namespaces', namespace('shop', enabled, 'uid-again'))
    })
    expect(lines).toEqual([
      startedByLabel,
      'is Namespace shop',
      'gone Namespace shop',
      began,
      ...told.slice(1),
    ])
  })
  test('tells that a namespace was made again under its name, which is not collected', async () => {
    const lines = await away(({ kube }) => {
      kube.delete('namespaces', 'uid-shop')
      kube.put('namespaces', namespace('shop', {}, 'uid-again'))
    })
    expect(lines).toEqual([
      'gone Namespace shop',
      'collection-stopped Namespace shop: the namespace was deleted',
      began,
    ])
  })
  test('in namespaced mode tells what is no longer listed', async () => {
    const lines = await away(() => {}, {
      clusterUid: 'uid-kube-system',
      watch: { mode: 'namespaced', namespaces: ['other'], nodes: 'off' },
    })
    expect(lines).toEqual([
      'collection-started Namespace other: watch.namespaces lists it',
      'collection-stopped Namespace shop: watch.namespaces does not list it',
      began,
    ])
  })
  test('says nothing of another cluster', async () => {
    expect(await away(({ label }) => label({}), { clusterUid: 'another' })).toEqual([began])
  })
  test('without its disk tells from when on what it does not speak of is not collected', async () => {
    const lines = await away(({ label, disk }) => {
      label({})
      disk.bytes = undefined
    })
    expect(lines).toEqual([began])
  })
  test('says it once', async () => {
    const cluster = createCluster()
    cluster.label(enabled)
    await cluster.startAgent()
    cluster.label({})
    await cluster.clock.advance(10_000)
    await cluster.stopAgent()
    expect((await cluster.startAgent()).drain()).toEqual([began])
  })
  test('a stop that may not have reached the disk before the end is told again', async () => {
    const cluster = createCluster()
    cluster.label(enabled)
    const { drain } = await cluster.startAgent()
    cluster.label({})
    await cluster.clock.advance(100)
    expect(drain().at(-1)).toBe(stoppedByDefault)
    // Killed: nothing is written after this.
    const bytes = cluster.disk.bytes
    await cluster.stopAgent()
    cluster.disk.bytes = bytes
    expect((await cluster.startAgent()).drain()).toEqual([stoppedByDefault, began])
  })
  test.each(['', '{', 'null', '{"cluster":"uid-kube-system","namespaces":[1,{"name":2}]}'])(
    'with %j on its disk starts all the same',
    async (text) => {
      const lines = await away(({ disk }) => {
        disk.bytes = Buffer.from(text)
      })
      expect(lines).toEqual([startedByLabel, 'is Namespace shop', began, ...told.slice(1)])
    },
  )
})
