import type { KubeRecord } from '../record/kube.ts'
import {
  deploymentsResource,
  eventsResource,
  type KubeApi,
  podsResource,
  replicaSetsResource,
} from '../record/kube-api.ts'
import type { Clock } from '../std/clock.ts'
import type { Log } from '../std/log.ts'
import { deriveEventRecord } from './derive/event-record.ts'
import { deriveChanges } from './derive/object-changes.ts'
import { deriveObjectState, statusOf } from './derive/object-state.ts'
import type { PodIndexWriter } from './derive/pod-index.ts'
import {
  type ProjectedDeployment,
  type ProjectedEvent,
  type ProjectedPod,
  type ProjectedReplicaSet,
  projectDeployment,
  projectEvent,
  projectPod,
  projectReplicaSet,
} from './derive/projections.ts'
import { type FindOwner, type Workload, workloadOf } from './derive/workload.ts'
import type { Project, Projected, ReflectorEvent } from './watch/projected.ts'
import { createReflector, type ReflectorStatus } from './watch/reflector.ts'
import type { CheckTarget } from './watch/self-check.ts'
import type { Turns } from './watch/turns.ts'

/**
 * Mirrors the pods, workloads and events of one namespace, or of the member namespaces of the whole cluster, and emits
 * their records. Owners are read before pods, so that a pod's workload is known when the pod is first seen.
 */
export interface KubeCollection {
  run(signal: AbortSignal): Promise<void>
  /** Nothing is emitted about the namespace from now on, and nothing of it is kept. */
  forget(namespace: string): void
  /** The namespace itself was deleted, so all that is left in it is too. */
  declareDeleted(namespace: string): void
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
  readonly emit: (record: KubeRecord) => void
}

export interface KubeCollectionConfig {
  /** Whose records may leave. */
  readonly members: ReadonlySet<string>
  /** Watch this namespace; absent: watch the whole cluster and keep the members. */
  readonly namespace?: string
}

type Kept = ProjectedPod | ProjectedReplicaSet | ProjectedDeployment

export function createKubeCollection(deps: KubeCollectionDeps, config: KubeCollectionConfig): KubeCollection {
  const { clock, pods: index } = deps
  const forgotten = new Set<string>()
  /** Since when each object has its present status; 0: since before we saw it. */
  const statusSinceMs = new Map<string, number>()
  const accepts = (namespace: string) => config.members.has(namespace) && !forgotten.has(namespace)

  function only<T extends Projected>(project: Project<T>): Project<T> {
    return (raw) => {
      const object = project(raw)
      return object && accepts(object.namespace) ? object : undefined
    }
  }

  /** A stream may hand over what it had buffered when its namespace was forgotten. */
  function emit(record: KubeRecord, namespace: string): void {
    if (accepts(namespace)) deps.emit(record)
  }

  const scope = config.namespace === undefined ? {} : { namespace: config.namespace }
  const replicaSets = createReflector<ProjectedReplicaSet>(
    { ...deps, emit: onObject },
    { ...scope, resource: replicaSetsResource, project: only(projectReplicaSet) },
  )
  const deployments = createReflector<ProjectedDeployment>(
    { ...deps, emit: onObject },
    { ...scope, resource: deploymentsResource, project: only(projectDeployment) },
  )
  const pods = createReflector<ProjectedPod>(
    { ...deps, emit: onPod },
    { ...scope, resource: podsResource, project: only(projectPod) },
  )
  const events = createReflector<ProjectedEvent>(
    { ...deps, emit: onEvent },
    // A relist needs to know versions only; the message is the bulk of an event.
    {
      ...scope,
      resource: eventsResource,
      project: only(projectEvent),
      remember: (event) => ({ ...event, message: '' }),
    },
  )
  /** In the order in which their first lists take turns. */
  const reflectors = [replicaSets, deployments, pods, events]

  const findOwner: FindOwner = (owner, namespace) =>
    owner.kind === 'ReplicaSet' ? replicaSets.store.named(namespace, owner.name) : undefined

  function onPod(event: ReflectorEvent<ProjectedPod>): void {
    if (event.type !== 'synced') {
      if (event.type === 'deleted') index.remove(event.object.uid, clock.nowMs())
      else index.put(event.object, workloadOf('Pod', event.object, findOwner), clock.nowMs())
    }
    onObject(event)
  }

  function onObject(event: ReflectorEvent<Kept>): void {
    if (event.type === 'synced') return
    const { object, previous, type, fromList } = event
    const nowMs = clock.nowMs()
    const deleted = type === 'deleted'
    const workload = workloadOf(object.kind, object, findOwner)
    const record = deriveObjectState(object, { workload, observedAtMs: nowMs, deleted })
    emit({ type: 'object', record }, object.namespace)
    const previousSinceMs = statusSinceMs.get(object.uid) ?? 0
    for (const change of deriveChanges({
      previous,
      next: object,
      deleted,
      workload,
      previousSinceMs,
      nowMs,
    })) {
      emit({ type: 'change', record: change }, object.namespace)
    }
    if (deleted) statusSinceMs.delete(object.uid)
    else if (!previous) statusSinceMs.set(object.uid, fromList ? 0 : object.createdAtMs)
    else if (statusOf(previous) !== statusOf(object))
      statusSinceMs.set(object.uid, object.changedAtMs || nowMs)
  }

  /** DELETED of an event means that its hour is over. */
  function onEvent(event: ReflectorEvent<ProjectedEvent>): void {
    if (event.type === 'synced' || event.type === 'deleted') return
    const { object, fromList } = event
    const context = { workload: workloadOfEvent(object), observedAtMs: clock.nowMs(), backfill: fromList }
    emit({ type: 'event', record: deriveEventRecord(object, context) }, object.namespace)
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
    const replicaSet = kind === 'ReplicaSet' ? replicaSets.store.named(namespace, name) : undefined
    return replicaSet ? workloadOf(kind, replicaSet, findOwner) : { kind, name }
  }

  return {
    async run(signal) {
      await Promise.all(reflectors.map((one) => one.run(signal)))
    },
    forget(namespace) {
      forgotten.add(namespace)
      for (const store of [pods.store, replicaSets.store, deployments.store]) {
        for (const { uid, namespace: home } of store.values())
          if (home === namespace) statusSinceMs.delete(uid)
      }
      for (const reflector of reflectors) reflector.forget(namespace)
      index.forget(namespace)
    },
    declareDeleted(namespace) {
      const left: Kept[] = [pods, replicaSets, deployments].flatMap((one) => [...one.store.values()])
      for (const object of left.filter((one) => one.namespace === namespace)) {
        if (object.kind === 'Pod') index.remove(object.uid, clock.nowMs())
        onObject({ type: 'deleted', object, previous: object, fromList: true })
      }
    },
    status: () => reflectors.map((one) => one.status()),
    checks: () =>
      reflectors.flatMap((reflector) => [...config.members].map((namespace) => ({ namespace, reflector }))),
  }
}
