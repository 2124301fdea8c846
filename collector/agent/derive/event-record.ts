import type { EventRecord } from '../../record/kube.ts'
import { classifyEvent } from './event-taxonomy.ts'
import type { ProjectedEvent } from './projections.ts'
import type { Workload } from './workload.ts'

/** Clocks of reporters run ahead: a time in the future would hide the event from every screen that ends now. */
export function deriveEventRecord(
  event: ProjectedEvent,
  { workload, observedAtMs, backfill }: { workload: Workload; observedAtMs: number; backfill: boolean },
): EventRecord {
  const { severity, category } = classifyEvent({ ...event, objectKind: event.involved.kind })
  const lastTimeMs = Math.min(event.lastTimeMs || observedAtMs, observedAtMs)
  return {
    uid: event.uid,
    resourceVersion: event.resourceVersion,
    namespace: event.namespace,
    type: event.type,
    reason: event.reason,
    message: event.message,
    severity,
    category,
    objectKind: event.involved.kind,
    objectName: event.involved.name,
    objectNamespace: event.involved.namespace,
    objectUid: event.involved.uid,
    workloadKind: workload.kind,
    workloadName: workload.name,
    count: event.count,
    firstTimeMs: Math.min(event.firstTimeMs || lastTimeMs, lastTimeMs),
    lastTimeMs,
    component: event.component,
    host: event.host,
    observedAtMs,
    backfill,
  }
}
