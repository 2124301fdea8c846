import { injectionAnnotation } from '../../record/injection.ts'
import type { ContainerState } from '../../record/kube.ts'
import { projectContainers, projectResources } from './containers.ts'
import { amounts } from './kinds/described.ts'
import { annotation, type ProjectedMeta, projectMeta, resourceAnnotations } from './metadata.ts'
import { type PodStatus, podStatus } from './pod-status.ts'
import { memoryBytes } from './quantity.ts'
import { count, type Json, list, object, text, timeMs } from './read.ts'
import { versionOf } from './version.ts'

/** What is kept of pods, namespaces, replica sets and events, picked as it is parsed: about a tenth of the object. */
export interface ProjectedPod extends ProjectedMeta {
  readonly kind: 'Pod'
  readonly status: PodStatus
  readonly phase: string
  /** Of the pod itself, such as Evicted; else of the condition that keeps it from running. */
  readonly reason: string
  readonly message: string
  readonly node: string
  readonly hostNetwork: boolean
  readonly podIps: readonly string[]
  readonly qosClass: string
  readonly version: string
  readonly containers: ContainerState[]
  /** Without the runtime's prefix. */
  readonly containerIds: readonly string[]
  /** From annotations, for the telemetry of the pod. Most have none. */
  readonly resourceAttributes?: Readonly<Record<string, string>>
  /** What the webhook says it did with it; absent: the webhook did not see it. */
  readonly injection?: string
  readonly amounts: Record<string, number>
  /** Of the pod as a whole (spec.resources, since Kubernetes 1.34), beside those of its containers. Most have none. */
  readonly resources?: Resources
}

export type Resources = Pick<
  ContainerState,
  'cpuRequestMillicores' | 'cpuLimitMillicores' | 'memoryRequestBytes' | 'memoryLimitBytes'
>

export interface ProjectedNamespace extends ProjectedMeta {
  readonly kind: 'Namespace'
  readonly phase: string
  /** Rancher's `<cluster>:<project>`; empty: in no project. */
  readonly rancherProject: string
}

/** Read as metadata only: enough for the owner chain. */
export interface ProjectedReplicaSet extends ProjectedMeta {
  readonly kind: 'ReplicaSet'
  readonly desired: number
}

export function projectPod(raw: Json): ProjectedPod | undefined {
  const meta = projectMeta(raw)
  if (!meta) return undefined
  const spec = object(raw['spec'])
  const status = object(raw['status'])
  const containers = projectContainers(raw)
  const resourceAttributes = resourceAnnotations(raw)
  const injection = annotation(raw, injectionAnnotation).slice(0, injectionLengthMax)
  const blocking = list(status['conditions']).find(
    (one) =>
      (one['type'] === 'PodScheduled' && one['status'] === 'False') || one['type'] === 'DisruptionTarget',
  )
  return {
    kind: 'Pod',
    ...meta,
    status: podStatus(raw),
    phase: text(status['phase']),
    reason: text(status['reason']) || text(blocking?.['reason']),
    message: (text(status['message']) || text(blocking?.['message'])).slice(0, 1024),
    node: text(spec['nodeName']),
    hostNetwork: spec['hostNetwork'] === true,
    podIps: podIpsOf(status),
    qosClass: text(status['qosClass']),
    version: versionOf(
      meta.labels,
      containers.filter((one) => !one.init).map((one) => one.image),
    ),
    containers,
    containerIds: ['containerStatuses', 'initContainerStatuses']
      .flatMap((key) => list(status[key]))
      .map((one) => whole(text(one['containerID']).replace(/^[a-z0-9.+-]+:\/\//, '')))
      .filter(Boolean),
    ...(resourceAttributes ? { resourceAttributes } : {}),
    ...(injection ? { injection } : {}),
    amounts: podAmounts(raw),
    ...('resources' in spec ? { resources: projectResources(spec['resources']) } : {}),
  }
}

const injectionLengthMax = 256

/** A text of its own: of one that was cut off another V8 keeps both. */
const whole = (cut: string) => Buffer.from(cut).toString()

/** When it was placed, ready and done, with when it started: what PendingTime and UpTime are made of. */
function podAmounts(raw: Json): Record<string, number> {
  const status = object(raw['status'])
  const since = (type: string) =>
    timeMs(
      list(status['conditions']).find((one) => one['type'] === type && one['status'] === 'True')?.[
        'lastTransitionTime'
      ],
    )
  const isDone = status['phase'] === 'Succeeded' || status['phase'] === 'Failed'
  const ends = ['containerStatuses', 'initContainerStatuses']
    .flatMap((key) => list(status[key]))
    .map((one) => timeMs(object(object(one['state'])['terminated'])['finishedAt']))
  const storage = list(object(raw['spec'])['containers']).map((one) =>
    memoryBytes(object(object(one['resources'])['requests'])['ephemeral-storage']),
  )
  return amounts('Pod', {
    scheduledAtMs: since('PodScheduled'),
    readyAtMs: since('Ready'),
    finishedAtMs: isDone ? Math.max(0, ...ends) : 0,
    ephemeralStorageRequestBytes: storage.reduce((sum, one) => sum + one, 0) || undefined,
  })
}

function podIpsOf(status: Json): string[] {
  const ips = list(status['podIPs']).map((one) => text(one['ip']))
  return [...new Set([...ips, text(status['podIP'])])].filter(Boolean)
}

export function projectNamespace(raw: Json): ProjectedNamespace | undefined {
  const meta = projectMeta(raw)
  if (!meta) return undefined
  return {
    kind: 'Namespace',
    ...meta,
    phase: text(object(raw['status'])['phase']) || 'Active',
    rancherProject: annotation(raw, 'field.cattle.io/projectId'),
  }
}

export function projectReplicaSet(raw: Json): ProjectedReplicaSet | undefined {
  const meta = projectMeta(raw)
  if (!meta) return undefined
  const annotated = Number(annotation(raw, 'deployment.kubernetes.io/desired-replicas'))
  return { kind: 'ReplicaSet', ...meta, desired: count(annotated) }
}

export interface ProjectedEvent {
  readonly uid: string
  readonly resourceVersion: string
  readonly namespace: string
  readonly name: string
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly count: number
  readonly firstTimeMs: number
  readonly lastTimeMs: number
  readonly component: string
  readonly host: string
  readonly involved: {
    readonly kind: string
    readonly name: string
    readonly namespace: string
    readonly uid: string
  }
}

/**
 * A core/v1 Event. Those written through events.k8s.io have null first and last timestamps, no count, and a series
 * instead; the fall-backs give every event a time.
 */
export function projectEvent(raw: Json): ProjectedEvent | undefined {
  const meta = projectMeta(raw)
  if (!meta) return undefined
  const series = object(raw['series'])
  const source = object(raw['source'])
  const involved = object(raw['involvedObject'])
  const eventTimeMs = timeMs(raw['eventTime'])
  const firstMs = timeMs(raw['firstTimestamp']) || eventTimeMs || meta.createdAtMs
  const lastMs = timeMs(series['lastObservedTime']) || timeMs(raw['lastTimestamp']) || eventTimeMs || firstMs
  return {
    uid: meta.uid,
    resourceVersion: meta.resourceVersion,
    namespace: meta.namespace,
    name: meta.name,
    type: text(raw['type']),
    reason: text(raw['reason']),
    message: text(raw['message']),
    count: Math.max(1, count(series['count']) || count(raw['count'])),
    firstTimeMs: firstMs,
    lastTimeMs: Math.max(firstMs, lastMs),
    component: text(source['component']) || text(raw['reportingComponent']),
    host: text(source['host']) || text(raw['reportingInstance']),
    involved: {
      kind: text(involved['kind']),
      name: text(involved['name']),
      namespace: text(involved['namespace']),
      uid: text(involved['uid']),
    },
  }
}
