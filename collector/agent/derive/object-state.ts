import type { ObjectState } from '../../record/kube.ts'
import { type Described, facts, findings } from './kinds/described.ts'
import type { ProjectedMeta } from './metadata.ts'
import type { Missing } from './missing.ts'
import { podFindings } from './pod-findings.ts'
import type { ProjectedNamespace, ProjectedPod, ProjectedReplicaSet, Resources } from './projections.ts'
import type { Workload } from './workload.ts'

export type ProjectedObject = ProjectedPod | ProjectedNamespace | ProjectedReplicaSet | Described

export interface StateContext {
  readonly workload: Workload
  readonly observedAtMs: number
  readonly deleted: boolean
  /** Of a Namespace. */
  readonly scopeReason?: string
  /** Of a Namespace, when its quotas are known. */
  readonly quotas?: NamespaceQuotas | undefined
  /** Of a Pod: what events say it lacks. */
  readonly missing?: Missing | undefined
  /** Why its pods are not injected any more. */
  readonly switchedOff?: string | undefined
}

export interface NamespaceQuotas {
  readonly quotas: number
  readonly limitRanges: number
}

/** The record of one object as it is now. */
export function deriveObjectState(object: ProjectedObject, context: StateContext): ObjectState {
  const state = stateOf(object, context)
  if (context.switchedOff === undefined) return state
  const switchedOff = findings({ 'injection-switched-off': context.switchedOff })
  return { ...state, findings: { ...state.findings, ...switchedOff } }
}

function stateOf(object: ProjectedObject, context: StateContext): ObjectState {
  const base = { ...neutral, ...identity(object, context), status: statusOf(object) }
  switch (object.kind) {
    case 'Namespace':
      return { ...base, ...namespaceFields(object, context) }
    case 'ReplicaSet':
      return { ...base, desired: object.desired }
    case 'Pod':
      return { ...base, ...podFields(object, context) }
    default:
      return { ...base, ...object.fields }
  }
}

/** Pod: as kubectl prints it. Namespace: its phase. The others: see their kinds. */
export function statusOf(object: ProjectedObject): string {
  switch (object.kind) {
    case 'Pod':
      return object.status.status
    case 'Namespace':
      return object.phase
    case 'ReplicaSet':
      return ''
    default:
      return object.status
  }
}

function namespaceFields(
  { phase }: ProjectedNamespace,
  { scopeReason = '', quotas }: StateContext,
): Partial<ObjectState> {
  if (!quotas) return { phase, scopeReason }
  const where = quotas.quotas > 0 ? '' : quotas.limitRanges > 0 ? 'only a LimitRange' : 'no LimitRange either'
  return {
    phase,
    scopeReason,
    amounts: { quotas: quotas.quotas, limitRanges: quotas.limitRanges },
    findings: findings({ 'namespace-without-quota': where }),
  }
}

function podFields(pod: ProjectedPod, { missing, workload }: StateContext): Partial<ObjectState> {
  const running = pod.containers.filter((one) => !one.init)
  const starts = running.flatMap((one) => one.startedAtMs ?? [])
  /** What the pod has as a whole counts before what its containers say. */
  const total = (key: keyof Resources) =>
    pod.resources?.[key] || running.reduce((sum, one) => sum + one[key], 0)
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
    amounts: { ...pod.amounts, ...(starts.length > 0 ? { startedAtMs: Math.min(...starts) } : {}) },
    ...podFacts(pod, workload),
    findings: podFindings(pod, missing),
  }
}

function podFacts(pod: ProjectedPod, { isInferred }: Workload): Partial<ObjectState> {
  const said = facts('Pod', {
    ...(isInferred ? { workloadInferred: 'true' } : {}),
    injection: pod.injection ?? notAskedAbout(pod),
  })
  return Object.keys(said).length > 0 ? { facts: said } : {}
}

/** Why the API server does not ask the webhook about the pod; '': it does, where the namespace asks for injection. */
function notAskedAbout({ hostNetwork, owner }: ProjectedPod): string {
  if (hostNetwork) return 'skipped: it uses the network of its node'
  return owner.kind === 'Node' ? 'skipped: it is a static pod of its node' : ''
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
