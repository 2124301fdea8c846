import { Compile } from 'typebox/compile'
import {
  CrashRecord,
  EventRecord,
  type KubeChangeRow,
  type KubeCrashRow,
  type KubeEventRow,
  type KubeObjectRow,
  kubeEventNames,
  ObjectChange,
  ObjectState,
} from '../record/kube.ts'
import { aheadMaxMs } from './times.ts'

export interface KubeContext {
  readonly clusterId: string
  readonly receivedAtMs: number
  readonly batchId: string
}

export type KubeItem =
  | { readonly type: 'object'; readonly row: KubeObjectRow }
  | { readonly type: 'change'; readonly row: KubeChangeRow }
  | { readonly type: 'event'; readonly row: KubeEventRow }
  | { readonly type: 'crash'; readonly row: KubeCrashRow }
  | { readonly type: 'invalid'; readonly message: string }

const checkers = {
  object: Compile(ObjectState),
  change: Compile(ObjectChange),
  event: Compile(EventRecord),
  crash: Compile(CrashRecord),
}

/** The row of a Kubernetes record (record/kube.ts says how it travels); undefined: an ordinary log record. */
export function tryKubeRow(
  { eventName, body }: { readonly eventName: string; readonly body: string },
  context: KubeContext,
): KubeItem | undefined {
  switch (eventName) {
    case kubeEventNames.object:
      return checked(eventName, body, checkers.object, (state) => ({
        type: 'object',
        row: objectRow(state, context),
      }))
    case kubeEventNames.change:
      return checked(eventName, body, checkers.change, (change) => ({
        type: 'change',
        row: changeRow(change, context),
      }))
    case kubeEventNames.event:
      return checked(eventName, body, checkers.event, (event) => ({
        type: 'event',
        row: eventRow(event, context),
      }))
    case kubeEventNames.crash:
      return checked(eventName, body, checkers.crash, (crash) => ({
        type: 'crash',
        row: crashRow(crash, context),
      }))
    default:
      return undefined
  }
}

interface Checker<T> {
  Check(value: unknown): value is T & unknown
  Errors(value: unknown): Iterable<{ instancePath?: string; message?: string }>
}

function checked<T>(
  name: string,
  body: string,
  checker: Checker<T>,
  toItem: (record: T) => KubeItem,
): KubeItem {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    return { type: 'invalid', message: `a ${name} record has a body that is not JSON` }
  }
  if (checker.Check(value)) return toItem(value)
  const [first] = checker.Errors(value)
  return {
    type: 'invalid',
    message: `a ${name} record is malformed at ${first?.instancePath || '/'}: ${first?.message ?? ''}`,
  }
}

/** Columns are narrower than JavaScript's integers; what does not fit is shown as the largest that does. */
const upTo = (max: number) => (value: number) => Math.min(value, max)
const to16 = upTo(0xffff)
const to32 = upTo(0xffff_ffff)
const to64 = (value: number) =>
  BigInt(Math.min(Math.max(value, Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER))

/** A time that decides the day of its row: one that cannot be true becomes the time of receipt. */
const timeOf = (timeMs: number, receivedAtMs: number) =>
  timeMs > 0 ? notAhead(timeMs, receivedAtMs) : receivedAtMs
/** 0 stays: there was none. */
const notAhead = (timeMs: number, receivedAtMs: number) =>
  timeMs <= receivedAtMs + aheadMaxMs ? timeMs : receivedAtMs

function objectRow(state: ObjectState, { clusterId, receivedAtMs, batchId }: KubeContext): KubeObjectRow {
  return {
    cluster_id: clusterId,
    kind: state.kind,
    namespace: state.namespace,
    name: state.name,
    uid: state.uid,
    resource_version: state.resourceVersion,
    observed_at: timeOf(state.observedAtMs, receivedAtMs),
    deleted: state.deleted,
    created_at: notAhead(state.createdAtMs, receivedAtMs),
    owner_kind: state.ownerKind,
    owner_name: state.ownerName,
    workload_kind: state.workloadKind,
    workload: state.workloadName,
    labels: new Map(Object.entries(state.labels)),
    status: state.status,
    phase: state.phase,
    reason: state.reason,
    node: state.node,
    pod_ip: state.podIp,
    version: state.version,
    ready: to16(state.ready),
    desired: to16(state.desired),
    restarts: to32(state.restarts),
    last_restart_at: notAhead(state.lastRestartAtMs ?? 0, receivedAtMs),
    cpu_request_millicores: to32(state.cpuRequestMillicores),
    cpu_limit_millicores: to32(state.cpuLimitMillicores),
    memory_request_bytes: to64(state.memoryRequestBytes),
    memory_limit_bytes: to64(state.memoryLimitBytes),
    qos_class: state.qosClass,
    containers: JSON.stringify(state.containers),
    scope_reason: state.scopeReason,
    facts: new Map(Object.entries(state.facts ?? {})),
    amounts: new Map(Object.entries(state.amounts ?? {})),
    conditions: JSON.stringify(state.conditions ?? []),
    findings: new Map(Object.entries(state.findings ?? {})),
    received_at: receivedAtMs,
    batch_id: batchId,
  }
}

function changeRow(change: ObjectChange, { clusterId, receivedAtMs, batchId }: KubeContext): KubeChangeRow {
  return {
    cluster_id: clusterId,
    namespace: change.namespace,
    kind: change.kind,
    name: change.name,
    uid: change.uid,
    workload_kind: change.workloadKind,
    workload: change.workloadName,
    time: timeOf(change.timeMs, receivedAtMs),
    change: change.change,
    from_status: change.from,
    to_status: change.to,
    previous_duration_ms: to64(change.previousDurationMs),
    container: change.container,
    exit_code: to64(change.exitCode),
    reason: change.reason,
    message: change.message,
    image: change.image,
    version: change.version,
    replicas: to32(change.replicas),
    change_id: change.id,
    received_at: receivedAtMs,
    batch_id: batchId,
  }
}

function eventRow(event: EventRecord, { clusterId, receivedAtMs, batchId }: KubeContext): KubeEventRow {
  return {
    cluster_id: clusterId,
    namespace: event.namespace,
    event_uid: event.uid,
    resource_version: event.resourceVersion,
    type: event.type,
    reason: event.reason,
    message: event.message,
    severity: event.severity,
    category: event.category,
    object_kind: event.objectKind,
    object_name: event.objectName,
    object_namespace: event.objectNamespace,
    object_uid: event.objectUid,
    workload_kind: event.workloadKind,
    workload: event.workloadName,
    count: to32(event.count),
    first_time: timeOf(event.firstTimeMs, receivedAtMs),
    last_time: timeOf(event.lastTimeMs, receivedAtMs),
    component: event.component,
    host: event.host,
    observed_at: timeOf(event.observedAtMs, receivedAtMs),
    backfill: event.backfill,
    received_at: receivedAtMs,
    batch_id: batchId,
  }
}

function crashRow(crash: CrashRecord, { clusterId, receivedAtMs, batchId }: KubeContext): KubeCrashRow {
  return {
    cluster_id: clusterId,
    namespace: crash.namespace,
    pod: crash.podName,
    pod_uid: crash.podUid,
    container: crash.container,
    workload_kind: crash.workloadKind,
    workload: crash.workloadName,
    version: crash.version,
    time: timeOf(crash.timeMs, receivedAtMs),
    exit_code: to64(crash.exitCode),
    reason: crash.reason,
    lines: crash.lines,
    truncated: crash.truncated,
    crash_id: crash.id,
    received_at: receivedAtMs,
    batch_id: batchId,
  }
}
