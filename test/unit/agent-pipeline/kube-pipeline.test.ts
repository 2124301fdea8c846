import { afterEach, describe, expect, test } from 'vitest'
import {
  createKubePipeline,
  type KubePipeline,
  type KubePipelineConfig,
} from '../../../collector/agent/kube-pipeline.ts'
import type { KubeRecord } from '../../../collector/record/kube.ts'
import type { JsonObject } from '../../../collector/record/kube-api.ts'
import { createManualClock } from '../../support/manual-clock.ts'
import { createMemoryKube } from './memory-kube.ts'
import { pipelineDeps } from './pipeline-deps.ts'

const created = new Date(1_700_000_000_000 - 60_000).toISOString()
const meta = (name: string, more: JsonObject = {}) => ({
  uid: `uid-${name}`,
  name,
  creationTimestamp: created,
  ...more,
})
const enabled = { 'binnacle.dev/collect': 'enabled' }
const owner = (kind: string, name: string) => ({
  ownerReferences: [{ kind, name, uid: `uid-${name}`, controller: true }],
})

const namespace = (name: string, labels: Record<string, string> = {}): JsonObject => ({
  metadata: meta(name, { labels }),
  status: { phase: 'Active' },
})
const pod = (name: string, home: string, more: JsonObject = {}): JsonObject => ({
  metadata: meta(name, { namespace: home, ...owner('ReplicaSet', `web-${home}`) }),
  spec: {
    nodeName: 'node-a',
    containers: [{ name: 'web', image: 'web:1', env: [{ name: 'SECRET', value: 'hunter2' }] }],
  },
  status: {
    phase: 'Running',
    podIP: '10.0.0.1',
    containerStatuses: [
      { name: 'web', ready: true, restartCount: 0, state: { running: { startedAt: created } } },
    ],
    ...more,
  },
})
const replicaSet = (home: string): JsonObject => ({
  metadata: meta(`web-${home}`, { namespace: home, ...owner('Deployment', 'web') }),
})
const event = (name: string, home: string, about: string): JsonObject => ({
  metadata: meta(name, { namespace: home }),
  involvedObject: { kind: 'Pod', namespace: home, name: about, uid: `uid-${about}` },
  reason: 'Started',
  type: 'Normal',
  message: 'Started container web',
  firstTimestamp: created,
  lastTimestamp: created,
  count: 1,
})

function setUp(config: Partial<KubePipelineConfig> = {}) {
  const kube = createMemoryKube()
  const clock = createManualClock()
  const { deps, records, stopped } = pipelineDeps({ client: kube, clock })
  kube.put('namespaces', namespace('kube-system'))
  for (const home of ['shop', 'hidden']) {
    kube.put('replicasets', replicaSet(home))
    kube.put('pods', pod(`${home}-1`, home))
    kube.put('events', event(`${home}-e`, home, `${home}-1`))
  }
  const pipeline = createKubePipeline(deps, {
    namespaces: { include: [], exclude: [], rancherProjects: [], default: 'off', allowed: [] },
    watch: { mode: 'cluster', namespaces: [], nodes: 'off' },
    ...config,
  })
  open.push(pipeline)
  const signal = new AbortController().signal
  const drain = () => records.splice(0).filter(isOfNamespaces).map(line)
  return { kube, clock, records, stopped, pipeline, drain, start: () => pipeline.start(signal) }
}

const open: KubePipeline[] = []
afterEach(() => Promise.all(open.splice(0).map((one) => one.close())))

/** Not that the agent started. */
const isOfNamespaces = ({ type, record }: KubeRecord) => type !== 'change' || record.kind !== 'Cluster'

function line({ type, record }: KubeRecord): string {
  if (type === 'event') return `event ${record.reason} of ${record.workloadKind}/${record.workloadName}`
  if (type === 'crash') return `crash of ${record.podName}`
  if (type === 'change') return `${record.change} ${record.kind}/${record.name} ${record.from}>${record.to}`
  return `${record.deleted ? 'deleted' : 'state'} ${record.kind}/${record.name} ${record.status} of ${record.workloadName}`
}

const backfill = [
  'collection-started Namespace/shop >',
  'state Namespace/shop Active of ',
  'created Namespace/shop >Active',
  'state ReplicaSet/web-shop  of web',
  'created ReplicaSet/web-shop >',
  'state Pod/shop-1 Running of web',
  'created Pod/shop-1 >Running',
  'event Started of Deployment/web',
  // Again, when its quotas are known.
  'state Namespace/shop Active of ',
]

describe('the Kubernetes pipeline', () => {
  test('emits the state of a selected namespace, and nothing of the others', async () => {
    const { kube, clock, pipeline, records, drain, start } = setUp()
    kube.put('namespaces', namespace('shop', enabled))
    kube.put('namespaces', namespace('hidden'))
    await start()
    await clock.advance(5_000)
    expect(pipeline.clusterUid()).toBe('uid-kube-system')
    expect(JSON.stringify(records)).not.toMatch(/hidden|hunter2/)
    expect(drain()).toEqual(backfill)
    expect(kube.asked.filter((one) => one.includes('hidden'))).toEqual([])
    expect(pipeline.pods.find({ podIp: '10.0.0.1' }, clock.nowMs())?.namespace).toBe('shop')
    expect(pipeline.decide('hidden')).toEqual({ selected: false, reason: 'namespaces.default is off' })
    expect(pipeline.status()).toMatchObject({ synced: true, selectedNamespaces: ['shop'] })
  })

  test('backfills a namespace that opts in within five seconds, and ends one that opts out at once', async () => {
    const { kube, clock, pipeline, stopped, drain, start } = setUp()
    kube.put('namespaces', namespace('shop'))
    await start()
    await clock.advance(60_000)
    expect(drain()).toEqual([])
    kube.put('namespaces', namespace('shop', enabled))
    await clock.advance(5_000)
    expect(drain()).toEqual(backfill)
    kube.put('namespaces', namespace('shop', { 'binnacle.dev/collect': 'disabled' }))
    kube.put('pods', pod('shop-2', 'shop'))
    await clock.advance(5_000)
    expect(drain()).toEqual(['collection-stopped Namespace/shop >'])
    expect(stopped).toEqual(['shop'])
    expect(pipeline.pods.find({ podUid: 'uid-shop-1' }, clock.nowMs())).toBeUndefined()
    expect(pipeline.status().reflectors.map((one) => one.resource)).toEqual(['namespaces'])
  })

  test('tells transitions with the previous status and how long it held', async () => {
    const { kube, clock, records, drain, start } = setUp()
    kube.put('namespaces', namespace('shop', enabled))
    await start()
    await clock.advance(5_000)
    drain()
    const crash = (restartCount: number, reason: string) =>
      pod('shop-1', 'shop', {
        containerStatuses: [
          {
            name: 'web',
            ready: false,
            restartCount,
            state: { waiting: { reason } },
            lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: created } },
          },
        ],
      })
    kube.put('pods', crash(1, 'CrashLoopBackOff'))
    await clock.advance(20_000)
    kube.put('pods', crash(3, 'Backoff'))
    await clock.advance(0)
    const changes = records.flatMap((one) => (one.type === 'change' ? [one.record] : []))
    expect(changes).toMatchObject([
      {
        change: 'restart',
        from: '0',
        to: '1',
        exitCode: 137,
        reason: 'OOMKilled',
        id: 'uid-shop-1:restart:web:1',
      },
      { change: 'status', from: 'Running', to: 'CrashLoopBackOff', previousDurationMs: 0, container: 'web' },
      { change: 'restart', from: '1', to: '3' },
      { change: 'status', from: 'CrashLoopBackOff', to: 'Backoff', previousDurationMs: 20_000 },
    ])
  })

  test('a deleted namespace takes what is left in it along, and nothing queued is dropped', async () => {
    const { kube, clock, stopped, drain, start } = setUp()
    kube.put('namespaces', namespace('shop', enabled))
    await start()
    await clock.advance(5_000)
    drain()
    kube.delete('namespaces', 'uid-shop')
    await clock.advance(5_000)
    expect(drain()).toEqual([
      'deleted Namespace/shop Active of ',
      'deleted Namespace/shop Active>',
      'deleted Pod/shop-1 Running of web',
      'deleted Pod/shop-1 Running>',
      'deleted ReplicaSet/web-shop  of web',
      'deleted ReplicaSet/web-shop >',
      'collection-stopped Namespace/shop >',
    ])
    expect(stopped).toEqual([])
  })

  test('a flapping label ends in the state of its last value', async () => {
    const { kube, clock, drain, start } = setUp()
    await start()
    await clock.advance(5_000)
    for (let turn = 0; turn < 5; turn++) {
      kube.put('namespaces', namespace('shop', enabled))
      kube.put('namespaces', namespace('shop'))
    }
    kube.put('namespaces', namespace('shop', enabled))
    await clock.advance(20_000)
    const lines = drain()
    expect(lines.filter((one) => one.startsWith('collection-started'))).toHaveLength(6)
    expect(lines.filter((one) => one.startsWith('state Pod/shop-1'))).toHaveLength(1)
  })

  test('many selected namespaces share cluster-wide watches, and unselected ones stay out', async () => {
    const { kube, clock, records, drain, start } = setUp({ namespacedWatchesMax: 0 })
    kube.put('namespaces', namespace('shop', enabled))
    await start()
    await clock.advance(5_000)
    expect(JSON.stringify(records)).not.toContain('hidden')
    expect(drain()).toEqual(backfill)
    expect(kube.asked).toContain('list pods')
    kube.put('namespaces', namespace('hidden', enabled))
    await clock.advance(5_000)
    expect(drain()).toContain('state Pod/hidden-1 Running of web')
    kube.put('namespaces', namespace('shop'))
    kube.put('pods', pod('shop-2', 'shop'))
    await clock.advance(5_000)
    expect(drain()).toEqual(['collection-stopped Namespace/shop >'])
  })

  test('namespaced mode needs no right to see namespaces', async () => {
    const { kube, clock, pipeline, drain, start } = setUp({
      clusterUid: 'set-by-hand',
      watch: { mode: 'namespaced', namespaces: ['shop'], nodes: 'off' },
    })
    kube.forbid('namespaces')
    await start()
    await clock.advance(5_000)
    expect(drain().filter((one) => !one.includes('Namespace/'))).toEqual(backfill.slice(3, -1))
    expect(kube.asked.filter((one) => one.includes('namespaces'))).toEqual([])
    expect(pipeline.decide('hidden')).toEqual({
      selected: false,
      reason: 'watch.namespaces does not list it',
    })
    expect(pipeline.decide('shop').reason).toBe('watch.namespaces lists it')
  })

  test('a resource that is refused is reported and stops no other', async () => {
    const { kube, clock, pipeline, drain, start } = setUp()
    kube.forbid('replicasets')
    kube.put('namespaces', namespace('shop', enabled))
    await start()
    await clock.advance(5_000)
    expect(drain()).toContain('state Pod/shop-1 Running of web-shop')
    expect(pipeline.status().reflectors.find((one) => one.resource === 'replicasets')).toMatchObject({
      state: 'denied',
      namespace: 'shop',
      message: 'status 403',
    })
  })

  test('remote configuration selects within what is allowed', async () => {
    const { kube, clock, pipeline, drain, start } = setUp({
      namespaces: { include: [], exclude: [], rancherProjects: [], default: 'off', allowed: ['shop'] },
    })
    kube.put('namespaces', namespace('shop'))
    kube.put('namespaces', namespace('hidden'))
    await start()
    await clock.advance(5_000)
    pipeline.setScope(
      { include: [], exclude: [], rancherProjects: [], default: 'off', allowed: ['shop'] },
      { include: ['.*'], exclude: [] },
    )
    await clock.advance(5_000)
    expect(pipeline.selectedNamespaces()).toEqual(['shop'])
    expect(drain()).toEqual(backfill)
  })

  /** The last record of each object, as `Kind/name STATUS ready/desired amounts findings`. */
  const lastOf = (records: readonly KubeRecord[], kind: string, name: string) =>
    records
      .flatMap((one) =>
        one.type === 'object' && one.record.kind === kind && one.record.name === name ? [one.record] : [],
      )
      .at(-1)

  test('tells nodes of the whole cluster, with where their collection starts', async () => {
    const { kube, clock, records, start } = setUp({ watch: { mode: 'cluster', namespaces: [], nodes: 'on' } })
    const node = (ready: string) => ({
      metadata: meta('node-a'),
      status: { conditions: [{ type: 'Ready', status: ready, lastTransitionTime: created }] },
    })
    kube.put('nodes', node('True'))
    await start()
    await clock.advance(5_000)
    expect(records[0]).toMatchObject({ record: { change: 'collection-started', namespace: '', name: '' } })
    expect(lastOf(records, 'Node', 'node-a')).toMatchObject({ namespace: '', status: 'Ready' })
    kube.put('nodes', node('False'))
    await clock.advance(5_000)
    const changes = records.flatMap((one) => (one.type === 'change' ? [one.record] : []))
    expect(changes.at(-1)).toMatchObject({ kind: 'Node', from: 'Ready', to: 'NotReady' })
    // It has been so since before we saw it, and the node says since when.
    expect(changes.at(-1)?.previousDurationMs).toBeGreaterThan(60_000)
  })

  test('nodes that may not be read are a state, and an agent without the option does not ask', async () => {
    const denied = setUp({ watch: { mode: 'cluster', namespaces: [], nodes: 'on' } })
    denied.kube.forbid('nodes')
    await denied.start()
    await denied.clock.advance(5_000)
    expect(denied.pipeline.status().reflectors.find((one) => one.resource === 'nodes')?.state).toBe('denied')
    // Nothing is known of them, so what was known before is not to be buried.
    expect(denied.drain().filter((one) => one.startsWith('collection-started'))).toEqual([])
    for (const watch of [
      { mode: 'cluster', namespaces: [], nodes: 'off' },
      { mode: 'namespaced', namespaces: ['shop'], nodes: 'on' },
    ] as const) {
      const { kube, clock, start } = setUp({ watch, clusterUid: 'set' })
      await start()
      await clock.advance(5_000)
      expect(kube.asked.filter((one) => one.includes('nodes'))).toEqual([])
    }
  })

  test('tells a Service with its endpoints, and a Namespace with its quotas', async () => {
    const { kube, clock, records, start } = setUp()
    kube.put('namespaces', namespace('shop', enabled))
    kube.put('services', { metadata: meta('web', { namespace: 'shop' }), spec: { selector: { app: 'web' } } })
    const slice = (ready: boolean) => ({
      metadata: meta('web-x1', { namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } }),
      endpoints: [{ conditions: { ready } }],
    })
    kube.put('endpointslices', slice(true))
    await start()
    await clock.advance(5_000)
    expect(lastOf(records, 'Service', 'web')).toMatchObject({ status: 'Available', ready: 1, desired: 1 })
    expect(lastOf(records, 'Namespace', 'shop')).toMatchObject({
      amounts: { quotas: 0, limitRanges: 0 },
      findings: { 'namespace-without-quota': 'no LimitRange either' },
    })
    kube.put('endpointslices', slice(false))
    kube.put('resourcequotas', { metadata: meta('q', { namespace: 'shop' }), spec: { hard: { pods: '5' } } })
    await clock.advance(5_000)
    expect(lastOf(records, 'Service', 'web')).toMatchObject({
      status: 'Unavailable',
      findings: { 'service-without-endpoints': 'none of 1 is ready' },
    })
    const changes = records.flatMap((one) =>
      one.type === 'change' && one.record.kind === 'Service' ? [one.record] : [],
    )
    expect(changes.at(-1)).toMatchObject({ change: 'status', from: 'Available', to: 'Unavailable' })
    expect(lastOf(records, 'Namespace', 'shop')).toMatchObject({ amounts: { quotas: 1 }, findings: {} })
    kube.delete('resourcequotas', 'uid-q')
    await clock.advance(5_000)
    expect(lastOf(records, 'Namespace', 'shop')).toMatchObject({ amounts: { quotas: 0 } })
  })

  test('says of a pod what its events say is missing, until its containers start', async () => {
    const { kube, clock, records, start } = setUp()
    kube.put('namespaces', namespace('shop', enabled))
    const starting = {
      containerStatuses: [{ name: 'web', state: { waiting: { reason: 'ContainerCreating' } } }],
    }
    kube.put('pods', pod('shop-1', 'shop', { phase: 'Pending', ...starting }))
    await start()
    await clock.advance(5_000)
    expect(lastOf(records, 'Pod', 'shop-1')?.findings).not.toHaveProperty('missing-secret')
    kube.put('events', {
      ...event('mount', 'shop', 'shop-1'),
      reason: 'FailedMount',
      message: 'MountVolume.SetUp failed for volume "tls" : secret "web-tls" not found',
    })
    await clock.advance(1_000)
    expect(lastOf(records, 'Pod', 'shop-1')?.findings).toMatchObject({ 'missing-secret': 'web-tls' })
    kube.put('pods', pod('shop-1', 'shop'))
    await clock.advance(1_000)
    expect(lastOf(records, 'Pod', 'shop-1')?.findings).not.toHaveProperty('missing-secret')
  })

  test('a version of an object in which nothing changed that we tell is not told', async () => {
    const { kube, clock, records, drain, start } = setUp()
    kube.put('namespaces', namespace('shop', enabled))
    const claim = (phase: string, annotations: JsonObject) => ({
      metadata: meta('data', { namespace: 'shop', annotations }),
      status: { phase },
    })
    kube.put('persistentvolumeclaims', claim('Pending', {}))
    await start()
    await clock.advance(5_000)
    drain()
    kube.put('persistentvolumeclaims', claim('Pending', { beat: '2' }))
    await clock.advance(5_000)
    expect(records).toEqual([])
    kube.put('persistentvolumeclaims', claim('Bound', {}))
    await clock.advance(5_000)
    expect(drain()).toEqual([
      'state PersistentVolumeClaim/data Bound of ',
      'status PersistentVolumeClaim/data Pending>Bound',
    ])
  })

  test('what is told anew after a gap includes namespaces and nodes', async () => {
    const { kube, clock, pipeline, drain, start } = setUp({
      watch: { mode: 'cluster', namespaces: [], nodes: 'on' },
    })
    kube.put('namespaces', namespace('shop', enabled))
    kube.put('nodes', { metadata: meta('node-a'), status: {} })
    await start()
    await clock.advance(5_000)
    drain()
    kube.put('namespaces', namespace('left', enabled))
    await clock.advance(5_000)
    kube.put('namespaces', namespace('left', {}))
    await clock.advance(5_000)
    const before = drain().filter((one) => one.includes('collection-stopped'))
    expect(before).toHaveLength(1)
    pipeline.resync()
    await clock.advance(5_000)
    const told = drain()
    // The service takes for gone what is not told of after a start.
    const isStart = (one: string) => one.includes('collection-started')
    expect(told.filter((one) => isStart(one) || one.includes('collection-stopped'))).toEqual([
      ...before,
      'collection-started Namespace/ >',
      'collection-started Namespace/shop >',
    ])
    const states = told.filter((one) => one.startsWith('state'))
    expect(told.findIndex((one) => one.startsWith('state'))).toBeGreaterThan(told.findLastIndex(isStart))
    for (const one of ['Namespace/shop Active', 'Node/node-a Unknown', 'Pod/shop-1 Running'])
      expect(states.filter((state) => state.includes(one)).length).toBeGreaterThan(0)
  })
})
