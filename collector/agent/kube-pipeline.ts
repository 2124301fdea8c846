import { injectLabel } from '../record/injection.ts'
import type { KubeRecord, ObjectChange } from '../record/kube.ts'
import { type KubeApi, namespacesResource, nodesResource } from '../record/kube-api.ts'
import type { PodIndex, ScopeDecision } from '../record/pod-identity.ts'
import type { NamespaceFacts, RemoteScope, ScopeConfig } from '../record/remote-config.ts'
import type { ScopeExplanation } from '../scope/decide.ts'
import { assert } from '../std/assert.ts'
import { createBackoff } from '../std/backoff.ts'
import type { Clock } from '../std/clock.ts'
import type { Log } from '../std/log.ts'
import type { SelfMetrics } from '../std/self-metrics.ts'
import type { Described } from './derive/kinds/described.ts'
import { projectNode } from './derive/kinds/node.ts'
import { scopeChange } from './derive/object-changes.ts'
import { createObjectTeller } from './derive/object-teller.ts'
import { createPodIndex } from './derive/pod-index.ts'
import { type ProjectedNamespace, projectNamespace } from './derive/projections.ts'
import type { CrashGuard, PodSight } from './guard/crash-guard.ts'
import { createKubeCollection } from './kube-collection.ts'
import { createKubeWatches } from './kube-watches.ts'
import type { CollectedNamespace, CollectedNamespaces } from './scope/collected.ts'
import { createScope, type ScopeChange } from './scope/scope.ts'
import type { ReflectorEvent } from './watch/projected.ts'
import { createReflector, type ReflectorStatus } from './watch/reflector.ts'
import { createSelfCheck } from './watch/self-check.ts'
import { createSharing } from './watch/sharing.ts'
import { createTurns } from './watch/turns.ts'

/**
 * The Kubernetes half of the agent: which namespaces are selected, and the records of those and of no others.
 *
 *   namespaces ──▶ scope ──start──▶ a collection: replicasets, deployments, pods, events ──▶ emit
 *                        ──stop───▶ collection ends at once, queued records are dropped, `collection-stopped`
 *
 * kube-watches.ts says how many collections there are.
 * An agent that comes back tells of what it collected before and no longer does, from the names it keeps on disk; where the
 * disk is gone too, the service concludes it from `collection-started` of the cluster itself, which says that whatever has no
 * such record of its own since then is not collected.
 * In namespaced mode the agent has no right to see namespaces: the configured list takes their place.
 */
export interface KubePipeline {
  /** Resolves when the cluster is known and the watches run; tries for ever while the API server cannot be reached. */
  start(signal: AbortSignal): Promise<void>
  /** uid of namespace kube-system, or the configured id; '' before `start` resolves. */
  clusterUid(): string
  decide(namespace: string): ScopeDecision
  explain(namespace: string): ScopeExplanation
  /** Throws with the name of the key that is wrong; the present selection then stays. */
  setScope(config: ScopeConfig, remote: RemoteScope): void
  /** Those of the cluster with the decision on each; in mode namespaced the configured ones. */
  namespaces(): readonly (NamespaceFacts & ScopeDecision)[]
  selectedNamespaces(): readonly string[]
  /**
   * Whether what is queued of the namespace may leave the agent: not when it is there and not selected, also when it opted
   * out while the agent was away. What a deleted namespace left may. Pending: the namespaces have not been read yet.
   */
  mayLeave(namespace: string): 'yes' | 'no' | 'pending'
  readonly pods: PodIndex
  status(): KubePipelineStatus
  /** Reads all that is watched of the selected namespaces, and tells it, anew. */
  resync(): void
  /** What the guard says of these workloads (by `keyOf`) has changed. */
  retellWorkloads(keys: ReadonlySet<string>): void
  close(): Promise<void>
}

export interface KubePipelineStatus {
  readonly clusterUid: string
  readonly mode: 'cluster' | 'namespaced'
  /** The first list of namespaces was read. */
  readonly synced: boolean
  readonly selectedNamespaces: readonly string[]
  readonly reflectors: readonly ReflectorStatus[]
}

export interface KubePipelineDeps {
  readonly client: KubeApi
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly metrics: SelfMetrics
  readonly emit: (record: KubeRecord) => void
  /** Undefined: there is room for more records; else when there is. Absent: there always is. */
  readonly room?: () => Promise<void> | undefined
  /** The namespace opted out: what is queued of it must not be sent. */
  readonly onScopeStop: (namespace: string) => void
  /** `namespaces()` has changed, or is known now. */
  readonly onNamespaces: () => void
  readonly collected: CollectedNamespaces
  /** Absent: nobody watches over injected pods. */
  readonly guard?: Pick<CrashGuard, 'see' | 'reasonOf'> | undefined
}

export interface KubePipelineConfig {
  /** Empty: ask the cluster. */
  readonly clusterUid?: string
  readonly namespaces: ScopeConfig
  readonly watch: {
    readonly mode: 'cluster' | 'namespaced'
    readonly namespaces: readonly string[]
    /** Nodes belong to no namespace, so mode namespaced cannot see them. */
    readonly nodes: 'on' | 'off'
  }
  /** In mode namespaced all have their own. Each costs some fifteen connections, a quarter of a megabyte each. */
  readonly namespacedWatchesMax?: number
  /** Which agent speaks, where several watch one cluster. */
  readonly installation?: string
  /** Between two counts of a collection against the API server. */
  readonly selfCheckMs?: number
}

export function createKubePipeline(deps: KubePipelineDeps, config: KubePipelineConfig): KubePipeline {
  const { client, clock, random, log, metrics, onScopeStop, collected, room = () => undefined } = deps
  const guard = deps.guard && {
    ...deps.guard,
    see: (sight: PodSight) => asksForInjection(sight.pod.namespace) && deps.guard?.see(sight),
  }
  const { namespacedWatchesMax = 10, installation = '', selfCheckMs = 300_000 } = config
  const { mode } = config.watch
  const stopping = new AbortController()
  const turns = createTurns({ clock, random })
  const pods = createPodIndex()
  const sharing = createSharing()
  const listed = mode === 'namespaced' ? config.watch.namespaces : []
  const scope = createScope({ emit: onScopeChange }, { ...config.namespaces, listed })
  const runs = new Set<Promise<void>>()
  let synced = false
  let clusterUid = config.clusterUid ?? ''

  /** What was collected when the agent last ran, until it is known what is now. */
  let before: readonly CollectedNamespace[] = []
  /**
   * The service orders by time what it is told of a namespace, and takes what an agent has not told of since the start for
   * gone: so no two scope records have the same time, and no record is older than the scope record before it.
   */
  let scopeMs = 0
  const nextScopeMs = () => {
    scopeMs = Math.max(clock.nowMs(), scopeMs + 1)
    return scopeMs
  }
  const recordClock: Clock = { ...clock, nowMs: () => Math.max(clock.nowMs(), scopeMs) }
  let startedMs = 0

  const records = metrics.counter('kube_records', 'Kubernetes records emitted, by type')
  metrics.gauge('kube_namespaces_selected', 'Namespaces selected', () => scope.selected().length)
  metrics.gauge('kube_store_objects', 'Objects held, by resource', () => {
    const sums = new Map<string, number>()
    for (const { resource, objects } of reflectorStatus())
      sums.set(resource, (sums.get(resource) ?? 0) + objects)
    return [...sums].map(([resource, sum]) => [sum, { resource }] as const)
  })
  metrics.gauge('kube_reflectors', 'Watched collections, by state', () =>
    (['starting', 'synced', 'retrying', 'denied', 'absent'] as const).map(
      (state) => [reflectorStatus().filter((one) => one.state === state).length, { state }] as const,
    ),
  )

  const namespaces = createReflector<ProjectedNamespace>(
    { client, clock, random, log, turns, emit: onNamespace },
    { resource: namespacesResource, project: projectNamespace },
  )
  const watchesNodes = mode === 'cluster' && config.watch.nodes === 'on'
  const nodes = createReflector<Described>(
    { client, clock, random, log, turns, emit: onNode },
    { resource: nodesResource, project: projectNode },
  )
  const selfCheck = createSelfCheck(
    {
      client,
      clock,
      random,
      log,
      metrics,
      targets: () => [
        ...(mode === 'cluster' ? [{ namespace: '', reflector: namespaces }] : []),
        ...(watchesNodes ? [{ namespace: '', reflector: nodes }] : []),
        ...watches.collections().flatMap((one) => one.checks()),
      ],
    },
    { intervalMs: selfCheckMs },
  )

  const watches = createKubeWatches(
    {
      clock,
      log,
      signal: stopping.signal,
      track,
      createCollection: (what) =>
        createKubeCollection(
          { client, clock: recordClock, random, log, turns, pods, sharing, emit, onQuotas, room, guard },
          what,
        ),
    },
    { mayBeWide: mode === 'cluster', namespacedMax: namespacedWatchesMax },
  )
  const teller = createObjectTeller({ nowMs: recordClock.nowMs, emit })

  /** What was told last of namespaces that left, which nothing that is watched can tell again. */
  const departures: KubeRecord[] = []

  function emit(record: KubeRecord): void {
    if (isDeparture(record)) departures.push(record)
    if (departures.length > departuresMax) departures.shift()
    records.add(1, { type: record.type })
    deps.emit(record)
  }

  function emitChange(record: ObjectChange): void {
    emit({ type: 'change', record })
  }

  function emitScope(
    change: 'collection-started' | 'collection-stopped',
    of: Omit<Parameters<typeof scopeChange>[1], 'installation'>,
  ): void {
    emitChange(scopeChange(change, { ...of, installation }))
  }

  function onNamespace(event: ReflectorEvent<ProjectedNamespace>): void {
    if (event.type === 'synced') {
      tellOfStart()
      synced = true
      watches.open()
      deps.onNamespaces()
      return
    }
    if (synced) deps.onNamespaces()
    const { object } = event
    const { selected } = scope.decide(object.name)
    if (event.type === 'deleted') {
      if (selected) emitNamespace(object, { previous: object, deleted: true })
      scope.remove(object)
      return
    }
    scope.put(factsOf(object))
    // One that has just been selected is told of where its collection starts.
    if (selected && event.previous && scope.decide(object.name).selected) {
      emitNamespace(object, { previous: event.previous, deleted: false })
    }
  }

  function emitNamespace(
    object: ProjectedNamespace,
    { previous, deleted }: { previous: ProjectedNamespace | undefined; deleted: boolean },
  ): void {
    const quotas = watches.collectionOf(object.name)?.quotasOf(object.name)
    const context = { workload: noWorkload, scopeReason: scope.decide(object.name).reason, quotas }
    teller.tell({ object, previous, deleted, fromList: previous === undefined }, context)
  }

  /** How many quotas it has may differ. */
  function onQuotas(namespace: string): void {
    const uid = scope.selected().includes(namespace) && namespaces.store.named('', namespace)?.uid
    const object = uid ? namespaces.store.get(uid) : undefined
    if (object) emitNamespace(object, { previous: object, deleted: false })
  }

  let nodesStarted = false
  function onNode(event: ReflectorEvent<Described>): void {
    if (!nodesStarted) {
      nodesStarted = true
      emitScope('collection-started', {
        kind: 'Namespace',
        name: '',
        uid: '',
        reason: 'watch.nodes is on',
        timeMs: nextScopeMs(),
      })
    }
    if (event.type === 'synced') return
    const { object, previous, type, fromList } = event
    teller.tell({ object, previous, deleted: type === 'deleted', fromList }, { workload: noWorkload })
  }

  function onScopeChange({ type, namespace, reason }: ScopeChange): void {
    if (type === 'start') start(namespace, reason)
    else stop(namespace, reason)
  }

  function start({ name, uid }: NamespaceFacts, reason: string): void {
    log.info({ namespace: name, reason }, 'collecting the namespace')
    emitScope('collection-started', { kind: 'Namespace', name, uid, reason, timeMs: nextScopeMs() })
    collected.add({ name, uid })
    const namespace = namespaces.store.get(uid)
    if (namespace) emitNamespace(namespace, { previous: undefined, deleted: false })
    watches.add(name)
  }

  function stop({ name, uid }: NamespaceFacts, reason: string): void {
    log.info({ namespace: name, reason }, 'collecting the namespace no longer')
    const gone = mode === 'cluster' && namespaces.store.get(uid) === undefined
    watches.remove(name, { isGone: gone })
    if (!gone) onScopeStop(name)
    tellOfStop({ name, uid }, reason)
  }

  function tellOfStop({ name, uid }: CollectedNamespace, reason: string): void {
    emitScope('collection-stopped', { kind: 'Namespace', name, uid, reason, timeMs: nextScopeMs() })
    collected.remove({ name, uid })
  }

  /** Once it is known what is collected: that, and what no longer is. */
  function tellOfStart(): void {
    for (const one of before) tellOfAbsence(one)
    before = []
    const reason = 'the agent started'
    emitScope('collection-started', { kind: 'Cluster', name: '', uid: clusterUid, reason, timeMs: startedMs })
  }

  /** A namespace that was collected before the agent was away. */
  function tellOfAbsence(namespace: CollectedNamespace): void {
    const { name, uid } = namespace
    const isThere = mode === 'namespaced' || namespaces.store.get(uid) !== undefined
    const { selected, reason } = scope.decide(name)
    if (isThere && selected) return
    if (!isThere) emitNamespace(goneNamespace(namespace), { previous: undefined, deleted: true })
    // One of the same name that is collected now has said so.
    if (selected) collected.remove(namespace)
    else tellOfStop(namespace, isThere ? reason : 'the namespace was deleted')
  }

  /** Labels of namespaces cannot be read in mode namespaced. */
  function asksForInjection(name: string): boolean {
    return mode === 'namespaced' || namespaces.store.named('', name)?.labels[injectLabel] === 'enabled'
  }

  function track(run: Promise<void>): void {
    const settled = run.finally(() => runs.delete(settled))
    runs.add(settled)
  }

  async function findClusterUid(signal: AbortSignal): Promise<void> {
    const backoff = createBackoff({ firstMs: 1_000, maxMs: 30_000, random })
    while (clusterUid === '' && !signal.aborted) {
      const answer = await client.get('/api/v1/namespaces/kube-system', signal)
      if (answer.type === 'object') clusterUid = projectNamespace(answer.object)?.uid ?? ''
      if (clusterUid !== '' || signal.aborted) return
      const cause = answer.type === 'error' ? answer.message : 'it has no uid'
      log.warn(`cannot read namespace kube-system, whose uid names the cluster: ${cause}`)
      await clock.sleep(backoff.nextMs(), signal)
    }
  }

  function reflectorStatus(): readonly ReflectorStatus[] {
    const own = mode === 'cluster' ? [namespaces.status()] : []
    const ofNodes = watchesNodes ? [nodes.status()] : []
    return [...own, ...ofNodes, ...watches.collections().flatMap((one) => one.status())]
  }

  return {
    async start(signal) {
      signal.addEventListener('abort', () => stopping.abort(), { once: true })
      if (signal.aborted) stopping.abort()
      await findClusterUid(stopping.signal)
      if (stopping.signal.aborted) return
      before = await collected.load(clusterUid)
      startedMs = nextScopeMs()
      track(selfCheck.run(stopping.signal))
      if (watchesNodes) track(nodes.run(stopping.signal))
      if (mode === 'cluster') return track(namespaces.run(stopping.signal))
      for (const name of listed) scope.put({ name, uid: '', labels: {}, rancherProject: '' })
      tellOfStart()
      synced = true
      watches.open()
      deps.onNamespaces()
    },
    clusterUid: () => clusterUid,
    decide: scope.decide,
    explain: scope.explain,
    setScope: (next, remote) => scope.setRules({ ...next, listed }, remote),
    namespaces: scope.namespaces,
    selectedNamespaces: scope.selected,
    mayLeave(name) {
      if (!synced) return 'pending'
      const known = mode === 'namespaced' || scope.has(name)
      return known && !scope.decide(name).selected ? 'no' : 'yes'
    },
    pods,
    status: () => ({
      clusterUid,
      mode,
      synced,
      selectedNamespaces: scope.selected(),
      reflectors: reflectorStatus(),
    }),
    resync() {
      // The service takes for gone what is not told of after a start. A departure is the same record again.
      const reason = 'everything is told anew'
      const name = ''
      emitScope('collection-started', {
        kind: 'Cluster',
        name,
        uid: clusterUid,
        reason,
        timeMs: nextScopeMs(),
      })
      for (const record of [...departures]) deps.emit(record)
      if (nodesStarted)
        emitScope('collection-started', { kind: 'Namespace', name, uid: '', reason, timeMs: nextScopeMs() })
      for (const one of scope.namespaces())
        if (one.selected)
          emitScope('collection-started', { kind: 'Namespace', ...one, reason, timeMs: nextScopeMs() })
      for (const collection of watches.collections()) collection.resync()
      nodes.resync({ tellAll: true })
      for (const one of namespaces.store.values())
        if (scope.decide(one.name).selected) emitNamespace(one, { previous: undefined, deleted: false })
    },
    retellWorkloads(keys) {
      for (const collection of watches.collections()) collection.retellWorkloads(keys)
    },
    async close() {
      stopping.abort()
      await Promise.all(runs)
      await collected.close()
    },
  }
}

/** All that is still known of it. */
function goneNamespace({ name, uid }: CollectedNamespace): ProjectedNamespace {
  const namespace = projectNamespace({ metadata: { name, uid }, status: { phase: 'Terminating' } })
  assert(namespace !== undefined, 'a namespace with a name and a uid can be projected')
  return namespace
}

function factsOf({ name, uid, labels, rancherProject }: ProjectedNamespace): NamespaceFacts {
  return { name, uid, labels, rancherProject }
}

/** Oldest first forgotten. */
const departuresMax = 2_000

function isDeparture(record: KubeRecord): boolean {
  if (record.type === 'object') return record.record.kind === 'Namespace' && record.record.deleted
  return record.type === 'change' && record.record.change === 'collection-stopped'
}

const noWorkload = { kind: '', name: '' }
