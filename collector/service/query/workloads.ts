import { occurrences } from './events.ts'
import { isNotReady } from './pod-sql.ts'
import { inRange, type ListFilter, listParams, passes, type Query, type Range } from './query.ts'

export interface WorkloadListRow {
  readonly kind: string
  readonly name: string
  readonly namespace: string
  readonly status: string
  readonly ready: number
  readonly desired: number
  readonly restarts: number
  readonly versions: readonly string[]
  readonly createdMs: number
  readonly lastRolloutMs: number
}

/**
 * Workloads at the end of the range: the objects themselves where the agent watches their kind, else what their pods say
 * (a kind that is not watched has its ready and desired pods counted).
 */
export function workloadsQuery(scope: Range & { clusterId: string; namespace: ListFilter }): Query {
  const { namespace, ...params } = scope
  return {
    sql: `
SELECT
  w.kind AS kind, w.name AS name, w.namespace AS namespace,
  multiIf(w.ownStatus != '', w.ownStatus, w.ready >= w.desired, 'Available', 'Degraded') AS status,
  toUInt32(w.ready) AS ready, toUInt32(w.desired) AS desired, toFloat64(c.restarts) AS restarts, w.versions AS versions,
  w.createdMs AS createdMs, toUnixTimestamp64Milli(c.rolloutAt) AS lastRolloutMs
FROM (
  SELECT
    workloadKind AS kind, workload AS name, toString(o.namespace) AS namespace,
    anyIf(toString(o.status), own) AS ownStatus,
    if(countIf(own) > 0, maxIf(o.ready, own), countIf(isPod AND phase = 'Running' AND o.ready >= o.desired)) AS ready,
    if(countIf(own) > 0, maxIf(o.desired, own), countIf(isPod AND phase != 'Succeeded')) AS desired,
    arraySort(groupUniqArrayIf(20)(toString(version), version != '')) AS versions,
    toUnixTimestamp64Milli(min(created_at)) AS createdMs
  FROM (
    SELECT *, kind = 'Pod' AS isPod, NOT isPod AS own,
      if(isPod, toString(workload_kind), toString(kind)) AS workloadKind, if(isPod, toString(k8s_objects.workload), name) AS workload
    FROM k8s_objects FINAL
    WHERE cluster_id = {clusterId:String} AND kind NOT IN ('Namespace', 'ReplicaSet', 'Node')
      AND created_at < fromUnixTimestamp64Milli({toMs:Int64})
      AND (NOT deleted OR observed_at >= fromUnixTimestamp64Milli({toMs:Int64}))
      AND ${passes('namespace', 'namespace')}
  ) AS o
  GROUP BY kind, name, namespace
) AS w
LEFT JOIN (
  SELECT
    toString(namespace) AS namespace, toString(workload_kind) AS kind, toString(workload) AS name,
    countIf(change = 'restart' AND ${inRange('time')}) AS restarts, maxIf(time, change = 'rollout') AS rolloutAt
  FROM k8s_changes FINAL
  WHERE cluster_id = {clusterId:String} AND change IN ('restart', 'rollout') AND time < fromUnixTimestamp64Milli({toMs:Int64})
  GROUP BY namespace, kind, name
) AS c ON c.namespace = w.namespace AND c.kind = w.kind AND c.name = w.name
ORDER BY ready >= desired, namespace, name
LIMIT 5000`,
    params: { ...params, ...listParams({ namespace }) },
  }
}

export interface NamespaceListRow {
  readonly name: string
  readonly status: string
  readonly scopeReason: string
  readonly collecting: boolean
  readonly stoppedAtMs: number
  readonly pods: number
  readonly podsNotReady: number
  readonly restarts: number
  readonly errorEvents: number
}

/** Namespaces that are or were collected, with what is in them at the end of the range. */
export function namespacesQuery(scope: Range & { clusterId: string }): Query {
  return {
    sql: `
SELECT
  n.name AS name, n.status AS status, n.scopeReason AS scopeReason,
  toBool(NOT n.gone AND (s.last = '' OR s.last = 'collection-started')) AS collecting,
  if(s.last = 'collection-stopped', toUnixTimestamp64Milli(s.at), if(n.gone, n.observedMs, 0)) AS stoppedAtMs,
  toFloat64(p.pods) AS pods, toFloat64(p.podsNotReady) AS podsNotReady,
  toFloat64(r.restarts) AS restarts, toFloat64(e.errorEvents) AS errorEvents
FROM (
  SELECT
    namespace AS name,
    argMaxIf(status, observed_at, kind = 'Namespace') AS status,
    argMaxIf(scope_reason, observed_at, kind = 'Namespace') AS scopeReason,
    countIf(kind = 'Namespace') > 0 AND argMaxIf(deleted, observed_at, kind = 'Namespace') AS gone,
    toUnixTimestamp64Milli(max(observed_at)) AS observedMs
  FROM k8s_objects FINAL
  WHERE cluster_id = {clusterId:String} AND namespace != ''
  GROUP BY namespace
) AS n
LEFT JOIN (
  SELECT namespace, count() AS pods, countIf(${isNotReady}) AS podsNotReady
  FROM k8s_objects FINAL
  WHERE cluster_id = {clusterId:String} AND kind = 'Pod' AND created_at < fromUnixTimestamp64Milli({toMs:Int64})
    AND (NOT deleted OR observed_at >= fromUnixTimestamp64Milli({toMs:Int64}))
  GROUP BY namespace
) AS p ON p.namespace = n.name
LEFT JOIN (
  SELECT namespace, argMax(change, time) AS last, max(time) AS at
  FROM k8s_changes
  WHERE cluster_id = {clusterId:String} AND change IN ('collection-started', 'collection-stopped')
    AND time < fromUnixTimestamp64Milli({toMs:Int64})
  GROUP BY namespace
) AS s ON s.namespace = n.name
LEFT JOIN (
  SELECT namespace, count() AS restarts
  FROM k8s_changes FINAL
  WHERE cluster_id = {clusterId:String} AND change = 'restart' AND ${inRange('time')}
  GROUP BY namespace
) AS r ON r.namespace = n.name
LEFT JOIN (
  SELECT namespace, sumIf(times, severity = 'error') AS errorEvents
  FROM (${occurrences}) GROUP BY namespace
) AS e ON e.namespace = n.name
ORDER BY name
LIMIT 5000`,
    params: { ...scope },
  }
}
