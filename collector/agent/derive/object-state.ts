import type { ObjectState } from '../../record/kube.ts'
import type { ProjectedMeta } from './metadata.ts'
import type {
  ProjectedDeployment,
  ProjectedNamespace,
  ProjectedPod,
  ProjectedReplicaSet,
} from './projections.ts'
import type { Workload } from './workload.ts'

export type ProjectedObject = ProjectedPod | ProjectedNamespace | ProjectedReplicaSet | ProjectedDeployment

export interface StateContext {
  readonly workload: Workload
  readonly observedAtMs: number
  readonly deleted: boolean
  /** Of a Namespace. */
  readonly scopeReason?: string
}

/** The record of one object as it is now. */
export function deriveObjectState(object: ProjectedObject, context: StateContext): ObjectState {
  const base = { ...neutral, ...identity(object, context), status: statusOf(object) }
  switch (object.kind) {
    case 'Namespace':
      return { ...base, phase: object.phase, scopeReason: context.scopeReason ?? '' }
    case 'ReplicaSet':
      return { ...base, desired: object.desired }
    case 'Deployment':
      return {
        ...base,
        reason: object.conditions.find(isTrouble)?.reason ?? '',
        version: object.version,
        ready: object.available,
        desired: object.desired,
      }
    case 'Pod':
      return { ...base, ...podFields(object) }
  }
}

/** Pod: as kubectl prints it. Deployment: Available, Progressing, Degraded. Namespace: its phase. */
export function statusOf(object: ProjectedObject): string {
  switch (object.kind) {
    case 'Pod':
      return object.status.status
    case 'Namespace':
      return object.phase
    case 'ReplicaSet':
      return ''
    case 'Deployment':
      return deploymentStatus(object)
  }
}

function deploymentStatus(object: ProjectedDeployment): string {
  const { desired, replicas, updated, available, generation, observedGeneration } = object
  if (object.conditions.some(isTrouble)) return 'Degraded'
  const rolledOut = observedGeneration >= generation && updated >= desired && replicas <= updated
  if (!rolledOut) return 'Progressing'
  if (available >= desired) return 'Available'
  // A finished rollout that lost pods is in trouble; one that is still waiting for its new pods is not yet.
  const progress = object.conditions.find((one) => one.type === 'Progressing')
  return progress?.reason === 'NewReplicaSetAvailable' ? 'Degraded' : 'Progressing'
}

function isTrouble({ type, status }: { readonly type: string; readonly status: string }): boolean {
  return (type === 'ReplicaFailure' && status === 'True') || (type === 'Progressing' && status === 'False')
}

function podFields(pod: ProjectedPod): Partial<ObjectState> {
  const running = pod.containers.filter((one) => !one.init)
  const total = (
    key: 'cpuRequestMillicores' | 'cpuLimitMillicores' | 'memoryRequestBytes' | 'memoryLimitBytes',
  ) => running.reduce((sum, one) => sum + one[key], 0)
  return {
    phase: pod.phase,
    reason: pod.reason || (pod.containers.find((one) => one.reason !== '')?.reason ?? ''),
    node: pod.node,
    podIp: pod.podIps[0] ?? '',
    version: pod.version,
    ready: pod.status.ready,
    desired: pod.status.total,
    restarts: pod.status.restarts,
    ...(pod.status.lastRestartAtMs > 0 ? { lastRestartAtMs: pod.status.lastRestartAtMs } : {}),
    cpuRequestMillicores: total('cpuRequestMillicores'),
    cpuLimitMillicores: total('cpuLimitMillicores'),
    memoryRequestBytes: total('memoryRequestBytes'),
    memoryLimitBytes: total('memoryLimitBytes'),
    qosClass: pod.qosClass,
    containers: pod.containers,
  }
}

function identity(object: ProjectedMeta & { readonly kind: string }, context: StateContext) {
  return {
    kind: object.kind,
    // A Namespace stands in itself, so that one filter finds all that belongs to it.
    namespace: object.kind === 'Namespace' ? object.name : object.namespace,
    name: object.name,
    uid: object.uid,
    resourceVersion: object.resourceVersion,
    observedAtMs: context.observedAtMs,
    deleted: context.deleted,
    createdAtMs: object.createdAtMs,
    ownerKind: object.owner.kind,
    ownerName: object.owner.name,
    workloadKind: context.workload.kind,
    workloadName: context.workload.name,
    labels: object.labels,
  }
}

const neutral = {
  phase: '',
  reason: '',
  node: '',
  podIp: '',
  version: '',
  ready: 0,
  desired: 0,
  restarts: 0,
  cpuRequestMillicores: 0,
  cpuLimitMillicores: 0,
  memoryRequestBytes: 0,
  memoryLimitBytes: 0,
  qosClass: '',
  containers: [],
  scopeReason: '',
}
