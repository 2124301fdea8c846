import { type EventGroupRow, eventGroups, occurrences } from './events.ts'
import type { Query, Range } from './query.ts'

export interface EventOriginRow {
  readonly namespace: string
  readonly objectKind: string
  readonly objectName: string
  readonly objectUid: string
  readonly workloadKind: string
  readonly workload: string
  /** Where the pod runs or ran, of an event of a pod. */
  readonly node: string
}

const isEvent = 'cluster_id = {clusterId:String} AND event_uid = {eventUid:String}'

/** What the event speaks of, and where it belongs. */
export function eventOriginQuery(key: { clusterId: string; eventUid: string }): Query {
  return {
    sql: `
SELECT
  e.namespace AS namespace, e.object_kind AS objectKind, e.object_name AS objectName, e.object_uid AS objectUid,
  e.workload_kind AS workloadKind, e.workload AS workload,
  if(e.object_kind = 'Node', e.object_name, pod.node) AS node
FROM (
  SELECT * FROM k8s_events WHERE ${isEvent}
  ORDER BY observed_at DESC LIMIT 1
) AS e
LEFT JOIN (
  SELECT uid, argMax(node, observed_at) AS node FROM k8s_objects
  WHERE cluster_id = {clusterId:String} AND kind = 'Pod' AND uid IN (SELECT object_uid FROM k8s_events WHERE ${isEvent})
  GROUP BY uid
) AS pod ON pod.uid = e.object_uid`,
    params: { ...key },
  }
}

export interface EventChainScope extends Range {
  readonly clusterId: string
  readonly origin: EventOriginRow
}

/**
 * The events that belong together with one: of its object, of the controllers above it (its Deployment, their ReplicaSets, the
 * claims and autoscalers of that name), and of the node it runs on. Those that began first come first.
 * Of an event of a pod, other pods of the workload are left out; of one of a workload, its pods are in, and of a node, its pods.
 */
export function eventChainQuery({ origin, ...range }: EventChainScope, limit: number): Query {
  return {
    sql: `
${eventGroups(`SELECT * FROM (${occurrences}) WHERE
  ({objectUid:String} != '' AND object_uid = {objectUid:String})
  OR ({workload:String} != '' AND namespace = {namespace:String} AND workload = {workload:String}
    AND ({objectKind:String} != 'Pod' OR object_kind != 'Pod'))
  OR ({node:String} != '' AND object_kind = 'Node' AND object_name = {node:String})
  OR ({objectKind:String} = 'Node' AND host = {node:String} AND severity != 'info')`)}
ORDER BY firstMs, objectKind, objectName, reason
LIMIT {limit:UInt32}`,
    params: { ...range, ...originParams(origin), limit },
  }
}

function originParams(origin: EventOriginRow): Record<string, string> {
  const { namespace, objectKind, objectUid, workload, node } = origin
  return { namespace, objectKind, objectUid, workload, node }
}

export type EventChainRow = EventGroupRow
