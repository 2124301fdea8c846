import type { KubeRecord, ObjectChange } from '../record/kube.ts'
import { type KubeApi, namespacesResource, nodesResource } from '../record/kube-api.ts'
import type { PodIndex, ScopeDecision } from '../record/pod-identity.ts'
import type { NamespaceFacts, RemoteScope, ScopeConfig } from '../record/remote-config.ts'
import type { ScopeExplanation } from '../scope/decide.ts'
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
import { createKubeCollection, type KubeCollection } from './kube-collection.ts'
import { createScope, type ScopeChange } from './scope/scope.ts'
import type { ReflectorEvent } from './watch/projected.ts'
import { createReflector, type ReflectorStatus } from './watch/reflector.ts'
import { createSelfCheck } from './watch/self-check.ts'
import { createTurns } from './watch/turns.ts'

/**
 * The Kubernetes half of the agent: which namespaces are selected, and the records of those and of no others.
 *
 *   namespaces ──▶ scope ──start──▶ a collection: replicasets, deployments, pods, events ──▶ emit
 *                        ──stop───▶ collection ends at once, queued records are dropped, `collection-stopped`
 *
 * A namespace that opts in gets watches of its own, so its backfill is an ordinary first list and has no race with a
 * stream that runs already. When more than `namespacedWatchesMax` namespaces are selected at start, they share one
 * cluster-wide collection instead; its members are fixed, and later ones get their own.
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
   * Whether what was written of the namespace then may leave the agent: not when it opted out since, also while the agent
   * was away. What a deleted namespace left may. Pending: the namespaces have not been read yet.
   */
  mayLeave(namespace: string, writtenAtMs: number): 'yes' | 'no' | 'pending'
  readonly pods: PodIndex
  status(): KubePipelineStatus
  /** Reads all that is watched of the selected namespaces, and tells it, anew. */
  resync(): void
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
  readonly namespacedWatchesMax?: number
  /** Between two counts of a collection against the API server. */
  readonly selfCheckMs?: number
}

interface Running {
  readonly collection: KubeCollection
  readonly members: Set<string>
  /** Absent: the whole cluster is watched for the members. */
  readonly namespace?: string | undefined
  readonly stop: AbortController
}

export function createKubePipeline(deps: KubePipelineDeps, config: KubePipelineConfig): KubePipeline {
  const { client, clock, random, log, metrics, onScopeStop, room = () => undefined } = deps
  const { namespacedWatchesMax = 50, selfCheckMs = 300_000 } = config
  const { mode } = config.watch
  const stopping = new AbortController()
  const turns = createTurns({ clock, random })
  const pods = createPodIndex()
  const listed = mode === 'namespaced' ? config.watch.namespaces : []
  const scope = createScope({ emit: onScopeChange }, { ...config.namespaces, listed })
  const running = new Set<Running>()
  const runs = new Set<Promise<void>>()
  /** Selected before the first list of namespaces was complete: how many decides how they are watched. */
  let waiting: Set<string> | undefined = new Set()
  let clusterUid = config.clusterUid ?? ''
  /** When a namespace last opted out; one entry a namespace of the cluster at most. */
  const optedOutAtMs = new Map<string, number>()

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
        ...[...running].flatMap(({ collection }) => collection.checks()),
      ],
    },
    { intervalMs: selfCheckMs },
  )

  const teller = createObjectTeller({ nowMs: clock.nowMs, emit })

  function emit(record: KubeRecord): void {
    records.add(1, { type: record.type })
    deps.emit(record)
  }

  function emitChange(record: ObjectChange): void {
    emit({ type: 'change', record })
  }

  function onNamespace(event: ReflectorEvent<ProjectedNamespace>): void {
    if (event.type === 'synced') {
      launchWaiting()
      deps.onNamespaces()
      return
    }
    if (!waiting) deps.onNamespaces()
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
    const quotas = collectionOf(object.name)?.quotasOf(object.name)
    const context = { workload: noWorkload, scopeReason: scope.decide(object.name).reason, quotas }
    teller.tell({ object, previous, deleted, fromList: previous === undefined }, context)
  }

  /** How many quotas it has may differ. */
  function onQuotas(namespace: string): void {
    const uid = scope.selected().includes(namespace) && namespaces.store.named('', namespace)?.uid
    const object = uid ? namespaces.store.get(uid) : undefined
    if (object) emitNamespace(object, { previous: object, deleted: false })
  }

  function collectionOf(namespace: string): KubeCollection | undefined {
    return [...running].find(({ members }) => members.has(namespace))?.collection
  }

  let nodesStarted = false
  function onNode(event: ReflectorEvent<Described>): void {
    if (!nodesStarted) {
      nodesStarted = true
      emitChange(
        scopeChange('collection-started', {
          namespace: '',
          uid: '',
          reason: 'watch.nodes is on',
          nowMs: clock.nowMs(),
        }),
      )
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
    emitChange(scopeChange('collection-started', { namespace: name, uid, reason, nowMs: clock.nowMs() }))
    const namespace = namespaces.store.get(uid)
    if (namespace) emitNamespace(namespace, { previous: undefined, deleted: false })
    if (waiting) waiting.add(name)
    else launch({ members: new Set([name]), namespace: name })
  }

  function stop({ name, uid }: NamespaceFacts, reason: string): void {
    log.info({ namespace: name, reason }, 'collecting the namespace no longer')
    waiting?.delete(name)
    const gone = mode === 'cluster' && namespaces.store.get(uid) === undefined
    for (const one of [...running].filter(({ members }) => members.has(name))) {
      // Its last deletions may still be on their way when the namespace itself is gone.
      if (gone) one.collection.declareDeleted(name)
      one.collection.forget(name)
      one.members.delete(name)
      if (one.members.size === 0) halt(one)
    }
    if (gone) optedOutAtMs.delete(name)
    else {
      optedOutAtMs.set(name, clock.nowMs())
      onScopeStop(name)
    }
    emitChange(scopeChange('collection-stopped', { namespace: name, uid, reason, nowMs: clock.nowMs() }))
  }

  function launchWaiting(): void {
    const names = [...(waiting ?? [])]
    waiting = undefined
    if (names.length > namespacedWatchesMax) launch({ members: new Set(names) })
    else for (const name of names) launch({ members: new Set([name]), namespace: name })
  }

  function launch(what: { readonly members: Set<string>; readonly namespace?: string }): void {
    const stopOne = new AbortController()
    const collection = createKubeCollection(
      { client, clock, random, log, turns, pods, emit, onQuotas, room },
      what,
    )
    running.add({ collection, ...what, stop: stopOne })
    track(collection.run(AbortSignal.any([stopping.signal, stopOne.signal])))
  }

  /** Those with a namespace of their own, and the one for many, start again with what is a member now. */
  function resync(): void {
    for (const one of [...running]) {
      halt(one)
      const { members, namespace } = one
      launch({ members, ...(namespace === undefined ? {} : { namespace }) })
    }
  }

  function halt(one: Running): void {
    one.stop.abort()
    running.delete(one)
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
    return [...own, ...ofNodes, ...[...running].flatMap(({ collection }) => collection.status())]
  }

  return {
    async start(signal) {
      signal.addEventListener('abort', () => stopping.abort(), { once: true })
      if (signal.aborted) stopping.abort()
      await findClusterUid(stopping.signal)
      if (stopping.signal.aborted) return
      track(selfCheck.run(stopping.signal))
      if (watchesNodes) track(nodes.run(stopping.signal))
      if (mode === 'cluster') return track(namespaces.run(stopping.signal))
      for (const name of listed) scope.put({ name, uid: '', labels: {}, rancherProject: '' })
      launchWaiting()
      deps.onNamespaces()
    },
    clusterUid: () => clusterUid,
    decide: scope.decide,
    explain: scope.explain,
    setScope: (next, remote) => scope.setRules({ ...next, listed }, remote),
    namespaces: scope.namespaces,
    selectedNamespaces: scope.selected,
    mayLeave(name, writtenAtMs) {
      if (waiting) return 'pending'
      if (writtenAtMs <= (optedOutAtMs.get(name) ?? Number.NEGATIVE_INFINITY)) return 'no'
      const known = mode === 'namespaced' || scope.has(name)
      return known && !scope.decide(name).selected ? 'no' : 'yes'
    },
    pods,
    status: () => ({
      clusterUid,
      mode,
      synced: waiting === undefined,
      selectedNamespaces: scope.selected(),
      reflectors: reflectorStatus(),
    }),
    resync,
    async close() {
      stopping.abort()
      await Promise.all(runs)
    },
  }
}

function factsOf({ name, uid, labels, rancherProject }: ProjectedNamespace): NamespaceFacts {
  return { name, uid, labels, rancherProject }
}

const noWorkload = { kind: '', name: '' }
