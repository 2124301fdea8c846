import type { KubeRecord } from '../record/kube.ts'
import {
  endpointSlicesResource,
  eventsResource,
  type KubeApi,
  type KubeResource,
  podsResource,
  replicaSetsResource,
  servicesResource,
} from '../record/kube-api.ts'
import { aborted } from '../std/aborted.ts'
import type { Clock } from '../std/clock.ts'
import type { Log } from '../std/log.ts'
import { deriveEventRecord } from './derive/event-record.ts'
import type { Described } from './derive/kinds/described.ts'
import { projectEndpointSlice, projectService } from './derive/kinds/network.ts'
import { jobKind, limitRangeKind, quotaKind, type WatchedKind, watchedKinds } from './derive/kinds/watched.ts'
import { type Missing, mergeMissing, missingIn } from './derive/missing.ts'
import type { NamespaceQuotas, ProjectedObject } from './derive/object-state.ts'
import { createObjectTeller, type Sight } from './derive/object-teller.ts'
import { isGettingReady } from './derive/pod-findings.ts'
import type { PodIndexWriter } from './derive/pod-index.ts'
import {
  type ProjectedEvent,
  type ProjectedPod,
  type ProjectedReplicaSet,
  projectEvent,
  projectPod,
  projectReplicaSet,
} from './derive/projections.ts'
import { createServiceView } from './derive/service-view.ts'
import { type FindOwner, type Workload, workloadOf } from './derive/workload.ts'
import type { CrashGuard } from './guard/crash-guard.ts'
import { keyOf } from './guard/switched-off.ts'
import type { StoreView } from './watch/object-store.ts'
import type { Project, Projected, ReflectorEvent } from './watch/projected.ts'
import { createReflector, type ReflectorStatus } from './watch/reflector.ts'
import type { CheckTarget } from './watch/self-check.ts'
import type { Sharing } from './watch/sharing.ts'
import type { Turns } from './watch/turns.ts'

/**
 * Mirrors the pods, workloads, events, services, quotas, claims and autoscalers of one namespace, or of the member namespaces of the whole cluster, and emits
 * their records. Owners are read before pods, so that a pod's workload is known when the pod is first seen.
 */
export interface KubeCollection {
  run(signal: AbortSignal): Promise<void>
  /** Nothing is emitted about the namespace from now on, and nothing of it is kept. */
  forget(namespace: string): void
  /** Tells that these of its objects were deleted, as nobody else will. */
  declareDeleted(isGone: (object: Projected, resource: KubeResource) => boolean): void
  /** Tells of these of its objects, but events, as if they had just been read. */
  retell(isDue: (object: Projected, resource: KubeResource) => boolean): void
  /** What the guard says of these workloads (by `keyOf`) has changed: tells of them. */
  retellWorkloads(keys: ReadonlySet<string>): void
  /** Everything was read, as far as it may be. */
  isRead(): boolean
  /** Whether it has told of the object in this very version. */
  hasTold(object: Projected, resource: KubeResource): boolean
  /** Answers for an object of another collection, once it has read all; false: it was deleted. */
  inherit(object: Projected, resource: KubeResource): boolean
  /** Undefined while they have not been read. */
  quotasOf(namespace: string): NamespaceQuotas | undefined
  /** Reads everything, and tells of it, anew. */
  resync(): void
  status(): readonly ReflectorStatus[]
  /** What can be counted against the API server. */
  checks(): readonly CheckTarget[]
}

export interface KubeCollectionDeps {
  readonly client: KubeApi
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly turns: Turns
  readonly pods: PodIndexWriter
  readonly sharing: Sharing
  readonly emit: (record: KubeRecord) => void
  /** Absent: nobody watches over injected pods. */
  readonly guard?: Pick<CrashGuard, 'see' | 'reasonOf'> | undefined
  /** What `quotasOf` says of the namespace may have changed. */
  readonly onQuotas: (namespace: string) => void
  /** Undefined: there is room for more records; else when there is. */
  readonly room: () => Promise<void> | undefined
}

export interface KubeCollectionConfig {
  /** Whose records may leave. */
  readonly members: ReadonlySet<string>
  /** Watch this namespace; absent: watch the whole cluster and keep the members. */
  readonly namespace?: string
}

/** What follows from several objects is told again at most this often. */
const tellAgainMs = 2_000

export function createKubeCollection(deps: KubeCollectionDeps, config: KubeCollectionConfig): KubeCollection {
  const { clock, pods: index } = deps
  const forgotten = new Set<string>()
  const accepts = (namespace: string) => config.members.has(namespace) && !forgotten.has(namespace)
  const teller = createObjectTeller({
    nowMs: clock.nowMs,
    emit: (record, object) => emit(record, object.namespace),
  })
  /** Another one speaks of its objects: not even of what is still on its way. */
  let ended = false
  /** By uid of the pod: what events say it lacks, until its containers start. */
  const missing = new Map<string, Missing>()
  /** Namespaces whose quotas changed. */
  const quotasDue = new Set<string>()

  function only<T extends Projected>(project: Project<T>): Project<T> {
    // Of a cluster-wide stream most may be of others: their objects are not looked at.
    return (raw) => {
      const { namespace } = (raw['metadata'] ?? {}) as { namespace?: unknown }
      return typeof namespace === 'string' && accepts(namespace) ? project(raw) : undefined
    }
  }

  /** A stream may hand over what it had buffered when its namespace was forgotten. */
  function emit(record: KubeRecord, namespace: string): void {
    if (accepts(namespace) && !ended) deps.emit(record)
  }

  const scope = config.namespace === undefined ? {} : { namespace: config.namespace }
  const watchKind = (
    { resource, project }: WatchedKind,
    onEvent: (event: ReflectorEvent<Described>) => void = onObject,
  ) => {
    const what = { ...scope, resource, project: only(project), remember: deps.sharing.share<Described> }
    return createReflector<Described>({ ...deps, emit: onEvent }, what)
  }

  const replicaSets = createReflector<ProjectedReplicaSet>(
    { ...deps, emit: onObject },
    {
      ...scope,
      resource: replicaSetsResource,
      project: only(projectReplicaSet),
      remember: deps.sharing.share,
    },
  )
  const jobs = watchKind(jobKind)
  const pods = createReflector<ProjectedPod>(
    { ...deps, emit: onPod },
    { ...scope, resource: podsResource, project: only(projectPod), remember: deps.sharing.share },
  )
  const events = createReflector<ProjectedEvent>(
    { ...deps, emit: onEvent },
    // A relist needs to know versions only: there may be hundreds of thousands of events, of which nothing else is asked.
    {
      ...scope,
      resource: eventsResource,
      project: only(projectEvent),
      remember: ({ uid, resourceVersion, namespace }, known) =>
        deps.sharing.share<Projected>({ uid, resourceVersion, namespace, name: '' }, known) as ProjectedEvent,
    },
  )
  const kinds = watchedKinds.map((kind) => watchKind(kind))
  const slices = watchKind({ resource: endpointSlicesResource, project: projectEndpointSlice }, (event) => {
    if (event.type !== 'synced') serviceView.onSlice(event)
  })
  const services = watchKind({ resource: servicesResource, project: projectService }, (event) => {
    if (event.type !== 'synced') serviceView.onService(event)
  })
  const quotas = watchKind(quotaKind, onQuota)
  const limitRanges = watchKind(limitRangeKind, onQuota)
  const serviceView = createServiceView({
    services: services.store,
    slices: slices.store,
    readiness: (resource) => readinessOf(resource === 'services' ? services : slices),
    tell: (sight) => teller.tell(sight, { workload: noWorkload }),
  })
  /** In the order in which their first lists take turns: owners, what they own, and what nobody waits for. */
  const first = [replicaSets, jobs, pods, events]
  const later = [...kinds, slices, services, quotas, limitRanges]
  const reflectors = [...first, ...later]

  /** All but events. */
  const objects: readonly {
    readonly resource: KubeResource
    readonly store: StoreView<ProjectedPod | ProjectedReplicaSet | Described>
  }[] = [pods, replicaSets, jobs, ...later]

  function forgetObject(uid: string): void {
    teller.forget(uid)
    missing.delete(uid)
  }

  const findOwner: FindOwner = (owner, namespace) => {
    const store = { ReplicaSet: replicaSets.store, Job: jobs.store }[owner.kind]
    return store?.named(namespace, owner.name)
  }

  function onPod(event: ReflectorEvent<ProjectedPod>): void {
    if (event.type !== 'synced' && !ended) {
      const { object, previous, type } = event
      const deleted = type === 'deleted'
      const workload = workloadOf('Pod', object, findOwner)
      if (deleted) index.remove(object.uid, clock.nowMs())
      else index.put(object, workload, clock.nowMs())
      deps.guard?.see({
        ...{ pod: object, previous, deleted },
        workload: nameOf(object.namespace, workload),
        siblings: () => podsOf(object.namespace, workload),
      })
      if (type === 'deleted' || !isGettingReady(object)) missing.delete(object.uid)
    }
    onObject(event)
  }

  function podsOf(namespace: string, { kind, name }: Workload): ProjectedPod[] {
    return [...pods.store.values()].filter((pod) => {
      if (pod.namespace !== namespace) return false
      const workload = workloadOf('Pod', pod, findOwner)
      return workload.kind === kind && workload.name === name
    })
  }

  function onObject(event: ReflectorEvent<ProjectedPod | ProjectedReplicaSet | Described>): void {
    if (event.type === 'synced') return
    const { object, previous, type, fromList } = event
    tell({ object, previous, deleted: type === 'deleted', fromList })
  }

  function tell(sight: Sight): void {
    const { object } = sight
    const workload = workloadFor(object)
    const switchedOff = speaksFor(object, workload)
      ? deps.guard?.reasonOf(nameOf(object.namespace, workload))
      : undefined
    teller.tell(sight, { workload, missing: missing.get(object.uid), switchedOff })
  }

  function workloadFor(object: ProjectedObject): Workload {
    if ('about' in object && object.about) return object.about
    return isWorkload.has(object.kind) ? workloadOf(object.kind, object, findOwner) : noWorkload
  }

  function onQuota(event: ReflectorEvent<Described>): void {
    onObject(event)
    if (event.type !== 'synced') quotasDue.add(event.object.namespace)
    else for (const namespace of config.members) quotasDue.add(namespace)
  }

  /** DELETED of an event means that its hour is over. */
  function onEvent(event: ReflectorEvent<ProjectedEvent>): void {
    if (event.type === 'synced' || event.type === 'deleted') return
    const { object, fromList } = event
    const context = { workload: workloadOfEvent(object), observedAtMs: clock.nowMs(), backfill: fromList }
    emit({ type: 'event', record: deriveEventRecord(object, context) }, object.namespace)
    noteMissing(object)
  }

  function noteMissing({ involved, message }: ProjectedEvent): void {
    const pod = involved.kind === 'Pod' ? pods.store.get(involved.uid) : undefined
    if (!pod || !isGettingReady(pod)) return
    const said = missingIn(message)
    if (Object.keys(said).length === 0) return
    const before = missing.get(pod.uid) ?? {}
    const now = mergeMissing(before, said)
    if (JSON.stringify(now) === JSON.stringify(before)) return
    missing.set(pod.uid, now)
    tell({ object: pod, previous: pod, deleted: false, fromList: false })
  }

  /** Until the signal ends it. */
  async function tellAgain(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(tellAgainMs, signal)
      if (signal.aborted) return
      for (const _ of serviceView.flush()) {
        const wait = deps.room()
        if (wait) await Promise.race([wait, aborted(signal)])
        if (signal.aborted) return
      }
      for (const namespace of quotasDue) if (accepts(namespace)) deps.onQuotas(namespace)
      quotasDue.clear()
    }
  }

  function workloadOfEvent({ involved }: ProjectedEvent): Workload {
    const { kind, name, namespace } = involved
    if (kind === 'Pod') {
      const pod = pods.store.get(involved.uid) ?? pods.store.named(namespace, name)
      if (pod) return workloadOf('Pod', pod, findOwner)
      // The event often outlives or outruns its pod: pods of a ReplicaSet are named after it.
      const replicaSet = replicaSets.store.named(namespace, name.replace(/-[a-z0-9]{5}$/, ''))
      if (replicaSet) return workloadOf('ReplicaSet', replicaSet, findOwner)
      const identity = index.find({ podUid: involved.uid }, clock.nowMs())
      return identity ? { kind: identity.workloadKind, name: identity.workloadName } : { kind, name }
    }
    const owner = findOwner({ kind, name, uid: involved.uid }, namespace)
    return owner ? workloadOf(kind, { ...owner, name, namespace, labels: {} }, findOwner) : { kind, name }
  }

  return {
    async run(signal) {
      signal.addEventListener('abort', () => {
        ended = true
      })
      const firstRuns = first.map((one) => one.run(signal))
      // Behind the first lists of all collections that start now.
      await Promise.resolve()
      await Promise.all([...firstRuns, ...later.map((one) => one.run(signal)), tellAgain(signal)])
    },
    forget(namespace) {
      forgotten.add(namespace)
      for (const { store } of objects) {
        for (const { uid, namespace: home } of store.values()) if (home === namespace) forgetObject(uid)
      }
      for (const reflector of reflectors) reflector.forget(namespace)
      serviceView.forget(namespace)
      index.forget(namespace)
    },
    declareDeleted(isGone) {
      for (const { store, resource } of objects) {
        for (const object of store.values()) {
          if (!isGone(object, resource)) continue
          if (object.kind === 'Pod') index.remove(object.uid, clock.nowMs())
          tell({ object, previous: object, deleted: true, fromList: true })
        }
      }
    },
    retell(isDue) {
      for (const one of [replicaSets, jobs, pods, ...later])
        one.retell((object: Projected) => isDue(object, one.resource))
    },
    retellWorkloads(keys) {
      for (const one of [replicaSets, jobs, pods, ...kinds])
        one.retell((object: ProjectedObject & { readonly namespace: string }) => {
          const workload = workloadFor(object)
          return speaksFor(object, workload) && keys.has(keyOf(nameOf(object.namespace, workload)))
        })
    },
    hasTold: ({ uid, resourceVersion }, { plural }) =>
      reflectors.find((one) => one.resource.plural === plural)?.store.get(uid)?.resourceVersion ===
      resourceVersion,
    isRead: () => reflectors.every((one) => readinessOf(one) !== 'unread'),
    inherit: (object, resource) =>
      // What is projected of a resource is the same in every collection.
      reflectors.find((one) => one.resource.plural === resource.plural)?.inherit(object as never) ?? false,
    quotasOf(namespace) {
      if (readinessOf(quotas) !== 'read' || readinessOf(limitRanges) === 'unread') return undefined
      const countIn = ({ store }: typeof quotas) =>
        [...store.values()].filter((one) => one.namespace === namespace).length
      return { quotas: countIn(quotas), limitRanges: countIn(limitRanges) }
    },
    resync() {
      for (const reflector of reflectors) reflector.resync({ tellAll: true })
    },
    status: () => reflectors.map((one) => one.status()),
    checks: () =>
      reflectors.flatMap((reflector) => [...config.members].map((namespace) => ({ namespace, reflector }))),
  }
}

const noWorkload: Workload = { kind: '', name: '' }
const nameOf = (namespace: string, { kind, name }: Workload) => ({ namespace, kind, name })

/** What is said of a workload is said of its object, or of its pods where its kind is not watched. */
function speaksFor(object: ProjectedObject, { kind, name }: Workload): boolean {
  if (object.kind === kind && object.name === name) return true
  return object.kind === 'Pod' && kind !== '' && !isWorkload.has(kind)
}

/** Kinds that run pods; the others belong to no workload. */
const isWorkload: ReadonlySet<string> = new Set([
  'Pod',
  'ReplicaSet',
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
])

/** A resource that the server does not have cannot be seen either. */
function readinessOf(reflector: { status(): ReflectorStatus }): 'unread' | 'read' | 'denied' {
  const { syncs, state } = reflector.status()
  return syncs > 0 ? 'read' : state === 'denied' || state === 'absent' ? 'denied' : 'unread'
}
