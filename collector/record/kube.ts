import { type Static, Type } from 'typebox'
import {
  bool,
  defineTable,
  int64,
  numbers,
  type RowOf,
  string,
  timeMs,
  uint16,
  uint32,
  word,
  words,
} from './table.ts'

/**
 * Kubernetes state and events on the wire: OTLP log records with these event names.
 * The body is the record as JSON text (schemas below); the identity is repeated in semantic-convention attributes
 * (`k8s.namespace.name`, `k8s.object.kind`, `k8s.object.name`, `k8s.object.uid`, `k8s.event.reason`, …) for other back ends.
 * The cluster stands in the resource: `k8s.cluster.uid` (uid of namespace kube-system) and `k8s.cluster.name`.
 */
export const kubeEventNames = {
  object: 'k8s.object.state',
  change: 'k8s.object.change',
  event: 'k8s.event',
  crash: 'k8s.container.crash',
} as const

/** The instrumentation scope of what our agent says of the cluster itself: ingest rules leave its logs and metrics alone. */
export const agentScopeName = 'binnacle.agent'

const Text = Type.String({ maxLength: 65_536 })
const Count = Type.Integer({ minimum: 0 })
const TimeMs = Type.Integer({ minimum: 0, description: 'Unix time in ms' })
const Labels = Type.Record(Type.String(), Type.String())

export const ContainerState = Type.Object({
  name: Text,
  image: Text,
  init: Type.Boolean(),
  ready: Type.Boolean(),
  restarts: Count,
  state: Type.Union([
    Type.Literal('running'),
    Type.Literal('waiting'),
    Type.Literal('terminated'),
    Type.Literal('unknown'),
  ]),
  reason: Text,
  message: Text,
  exitCode: Type.Optional(Type.Integer()),
  startedAtMs: Type.Optional(TimeMs),
  lastExitCode: Type.Optional(Type.Integer()),
  lastReason: Type.Optional(Text),
  lastFinishedAtMs: Type.Optional(TimeMs),
  cpuRequestMillicores: Count,
  cpuLimitMillicores: Count,
  memoryRequestBytes: Count,
  memoryLimitBytes: Count,
  readinessProbe: Type.Boolean(),
  livenessProbe: Type.Boolean(),
  privileged: Type.Boolean(),
})
export type ContainerState = Static<typeof ContainerState>

export const ObjectCondition = Type.Object({
  type: Text,
  status: Text,
  reason: Text,
  message: Text,
  /** Of its last transition; 0: not told. */
  sinceMs: TimeMs,
})
export type ObjectCondition = Static<typeof ObjectCondition>

/** The current projection of one Kubernetes object. Fields that a kind has not are 0, '' or []. */
export const ObjectState = Type.Object({
  kind: Type.String({ description: 'Namespace, Pod, ReplicaSet, Deployment, …' }),
  namespace: Text,
  name: Text,
  uid: Text,
  resourceVersion: Text,
  observedAtMs: TimeMs,
  deleted: Type.Boolean(),
  createdAtMs: TimeMs,
  ownerKind: Text,
  ownerName: Text,
  /** The top of the owner chain: Deployment, StatefulSet, DaemonSet, CronJob, Job, …; a bare pod is its own. */
  workloadKind: Text,
  workloadName: Text,
  labels: Labels,
  /** Pod: STATUS as kubectl prints it. Workload: Available, Progressing, Degraded. Namespace: Active, Terminating. */
  status: Text,
  phase: Text,
  reason: Text,
  node: Text,
  podIp: Text,
  /** Label `version` or `app.kubernetes.io/version`, else the tag of the first image. */
  version: Text,
  ready: Count,
  desired: Count,
  restarts: Count,
  lastRestartAtMs: Type.Optional(TimeMs),
  cpuRequestMillicores: Count,
  cpuLimitMillicores: Count,
  memoryRequestBytes: Count,
  memoryLimitBytes: Count,
  /** Pod: Burstable, Guaranteed, BestEffort. */
  qosClass: Text,
  containers: Type.Array(ContainerState, { maxItems: 256 }),
  /** Why collection is on, of a Namespace (see `binnacle why`). */
  scopeReason: Text,
  /** What the kind has beyond these: names, units and texts are in kube-facts.ts. Absent: nothing. */
  facts: Type.Optional(Type.Record(Type.String(), Text)),
  amounts: Type.Optional(Type.Record(Type.String(), Type.Number())),
  conditions: Type.Optional(Type.Array(ObjectCondition, { maxItems: 64 })),
  /** Finding id → where. */
  findings: Type.Optional(Type.Record(Type.String(), Text)),
})
export type ObjectState = Static<typeof ObjectState>

/** One transition: kept for ever as history, never updated. `id` is deterministic so that a resend or a relist repeats it. */
export const ObjectChange = Type.Object({
  id: Text,
  kind: Text,
  namespace: Text,
  name: Text,
  uid: Text,
  workloadKind: Text,
  workloadName: Text,
  timeMs: TimeMs,
  change: Type.Union([
    Type.Literal('created'),
    Type.Literal('deleted'),
    Type.Literal('status'),
    Type.Literal('restart'),
    Type.Literal('rollout'),
    Type.Literal('scale'),
    Type.Literal('collection-started'),
    Type.Literal('collection-stopped'),
  ]),
  from: Text,
  to: Text,
  /** How long the previous status held; 0 when unknown. */
  previousDurationMs: Count,
  container: Text,
  exitCode: Type.Integer(),
  reason: Text,
  message: Text,
  image: Text,
  version: Text,
  replicas: Count,
})
export type ObjectChange = Static<typeof ObjectChange>

/** One version of a core/v1 Event. Known again by (cluster, uid, resourceVersion); `count` is cumulative per uid. */
export const EventRecord = Type.Object({
  uid: Text,
  resourceVersion: Text,
  namespace: Text,
  type: Text,
  reason: Text,
  message: Text,
  severity: Type.Union([Type.Literal('info'), Type.Literal('warning'), Type.Literal('error')]),
  category: Type.String({
    description:
      'pod, image, storage, quota, eviction, scheduling, scaling, node, probe, network, security, other',
  }),
  objectKind: Text,
  objectName: Text,
  objectNamespace: Text,
  objectUid: Text,
  workloadKind: Text,
  workloadName: Text,
  count: Count,
  firstTimeMs: TimeMs,
  lastTimeMs: TimeMs,
  component: Text,
  host: Text,
  observedAtMs: TimeMs,
  /** True when the event was read by a list rather than seen on the watch. */
  backfill: Type.Boolean(),
})
export type EventRecord = Static<typeof EventRecord>

/** The last lines of a container that ended. `id` is that of the restart that followed, so that a repeat replaces it. */
export const CrashRecord = Type.Object({
  id: Text,
  namespace: Text,
  podName: Text,
  podUid: Text,
  container: Text,
  workloadKind: Text,
  workloadName: Text,
  version: Text,
  /** When the container ended. */
  timeMs: TimeMs,
  exitCode: Type.Integer(),
  reason: Text,
  /** Oldest first, secrets that look like such taken out. */
  lines: Text,
  /** There were more bytes in as many lines. */
  truncated: Type.Boolean(),
  observedAtMs: TimeMs,
})
export type CrashRecord = Static<typeof CrashRecord>

/** What the derive stage emits and the batch stage encodes. */
export type KubeRecord =
  | { readonly type: 'object'; readonly record: ObjectState }
  | { readonly type: 'change'; readonly record: ObjectChange }
  | { readonly type: 'event'; readonly record: EventRecord }
  | { readonly type: 'crash'; readonly record: CrashRecord }

/** The records that say that collection stopped must outlive the stop. */
export function isScopeRecord(record: KubeRecord): boolean {
  switch (record.type) {
    case 'object':
      return record.record.kind === 'Namespace'
    case 'change':
      return record.record.change === 'collection-started' || record.record.change === 'collection-stopped'
    case 'event':
    case 'crash':
      return false
  }
}

export const kubeObjectsTable = defineTable('k8s_objects', null, {
  cluster_id: word,
  kind: word,
  namespace: word,
  name: string,
  uid: string,
  resource_version: string,
  observed_at: timeMs,
  deleted: bool,
  created_at: timeMs,
  owner_kind: word,
  owner_name: string,
  workload_kind: word,
  workload: word,
  labels: words,
  status: word,
  phase: word,
  reason: word,
  node: word,
  pod_ip: string,
  version: word,
  ready: uint16,
  desired: uint16,
  restarts: uint32,
  /** 0 (1970) when there was none. */
  last_restart_at: timeMs,
  cpu_request_millicores: uint32,
  cpu_limit_millicores: uint32,
  memory_request_bytes: int64,
  memory_limit_bytes: int64,
  qos_class: word,
  /** JSON array of ContainerState. */
  containers: string,
  scope_reason: string,
  facts: words,
  amounts: numbers,
  /** JSON array of ObjectCondition. */
  conditions: string,
  findings: words,
  received_at: timeMs,
  batch_id: string,
})
export type KubeObjectRow = RowOf<typeof kubeObjectsTable>

export const kubeChangesTable = defineTable('k8s_changes', 'time', {
  cluster_id: word,
  namespace: word,
  kind: word,
  name: string,
  uid: string,
  workload_kind: word,
  workload: word,
  time: timeMs,
  change: word,
  from_status: word,
  to_status: word,
  previous_duration_ms: int64,
  container: word,
  exit_code: int64,
  reason: word,
  message: string,
  image: string,
  version: word,
  replicas: uint32,
  change_id: string,
  received_at: timeMs,
  batch_id: string,
})
export type KubeChangeRow = RowOf<typeof kubeChangesTable>

export const kubeEventsTable = defineTable('k8s_events', 'first_time', {
  cluster_id: word,
  namespace: word,
  event_uid: string,
  resource_version: string,
  type: word,
  reason: word,
  message: string,
  severity: word,
  category: word,
  object_kind: word,
  object_name: string,
  object_namespace: word,
  object_uid: string,
  workload_kind: word,
  workload: word,
  count: uint32,
  first_time: timeMs,
  last_time: timeMs,
  component: word,
  host: word,
  observed_at: timeMs,
  backfill: bool,
  received_at: timeMs,
  batch_id: string,
})
export type KubeEventRow = RowOf<typeof kubeEventsTable>

export const kubeCrashesTable = defineTable('k8s_crashes', 'time', {
  cluster_id: word,
  namespace: word,
  pod: string,
  pod_uid: string,
  container: word,
  workload_kind: word,
  workload: word,
  version: word,
  time: timeMs,
  exit_code: int64,
  reason: word,
  lines: string,
  truncated: bool,
  crash_id: string,
  received_at: timeMs,
  batch_id: string,
})
export type KubeCrashRow = RowOf<typeof kubeCrashesTable>
