import { occurrences } from './events.ts'
import { findingIdsOfObject } from './finding-sql.ts'
import { hasEnded, isNotReady, objectsInRange } from './pod-sql.ts'
import { inRange, type ListFilter, listParams, passes, type Query, type Range } from './query.ts'
import { usageAtEnd } from './usage.ts'

export interface WorkloadListRow {
  readonly kind: string
  readonly name: string
  readonly namespace: string
  readonly status: string
  readonly health: 'ok' | 'warning' | 'failed' | 'done'
  readonly ready: number
  readonly desired: number
  readonly pods: number
  readonly restarts: number
  readonly versions: readonly string[]
  /** Of the template; '': the agent does not watch the kind. */
  readonly images: string
  readonly createdMs: number
  readonly lastRolloutMs: number
  readonly cpuUsedMillicores: number | null
  readonly cpuRequestMillicores: number
  readonly cpuLimitMillicores: number
  readonly memoryUsedBytes: number | null
  readonly memoryRequestBytes: number
  readonly memoryLimitBytes: number
  /** 0: no autoscaler. */
  readonly replicasMin: number
  readonly replicasMax: number
  readonly replicas: number
  /** Of the workload, its pods and its autoscaler. */
  readonly findings: readonly string[]
}

const controllers = "'Deployment', 'StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'ReplicaSet'"

/**
 * Workloads at the end of the range, those in trouble first: the objects themselves where the agent watches their kind, else
 * what their pods say (a kind that is not watched has its ready and desired pods counted). What a workload made (replica sets,
 * the jobs of a cron job) belongs to it. `health` of jobs is about their end, of all others about their replicas.
 */
export function workloadsQuery(scope: Range & { clusterId: string; namespace: ListFilter }): Query {
  const { namespace, ...params } = scope
  const sumOfPods = (column: string) => `toFloat64(sumIf(o.${column}, isPod AND NOT ended))`
  return {
    sql: `
SELECT
  w.kind AS kind, w.name AS name, w.namespace AS namespace,
  multiIf(w.ownStatus != '', w.ownStatus, w.ready >= w.desired, 'Available', 'Degraded') AS status,
  multiIf(
    has(w.found, 'job-failed') OR (w.kind = 'Job' AND w.failedPods > 0), 'failed',
    kind IN ('Job', 'CronJob') AND match(status, '(?i)complete|succeeded|suspended'), 'done',
    kind IN ('Job', 'CronJob') OR w.ready >= w.desired, 'ok', w.ready = 0, 'failed', 'warning'
  ) AS health,
  toUInt32(w.ready) AS ready, toUInt32(w.desired) AS desired, w.pods AS pods, toFloat64(c.restarts) AS restarts,
  w.versions AS versions, w.images AS images, w.createdMs AS createdMs, toUnixTimestamp64Milli(c.rolloutAt) AS lastRolloutMs,
  w.cpuUsed AS cpuUsedMillicores, w.cpuRequest AS cpuRequestMillicores, w.cpuLimit AS cpuLimitMillicores,
  w.memoryUsed AS memoryUsedBytes, w.memoryRequest AS memoryRequestBytes, w.memoryLimit AS memoryLimitBytes,
  h.scale['replicasMin'] AS replicasMin, h.scale['replicasMax'] AS replicasMax, h.scale['replicas'] AS replicas,
  arraySort(arrayDistinct(arrayConcat(w.found, h.found))) AS findings
FROM (
  SELECT
    toString(o.workload_kind) AS kind, toString(o.workload) AS name, toString(o.namespace) AS namespace,
    anyIf(toString(o.status), own) AS ownStatus,
    if(countIf(own) > 0, maxIf(o.ready, own), countIf(isPod AND o.phase = 'Running' AND o.ready >= o.desired)) AS ready,
    if(countIf(own) > 0, maxIf(o.desired, own), countIf(isPod AND o.phase != 'Succeeded')) AS desired,
    toFloat64(countIf(isPod)) AS pods, countIf(isPod AND o.phase = 'Failed') AS failedPods,
    arraySort(groupUniqArrayIf(20)(toString(o.version), o.version != '')) AS versions,
    anyIf(o.facts['images'], own) AS images,
    toUnixTimestamp64Milli(ifNull(minOrNullIf(o.created_at, own), min(o.created_at))) AS createdMs,
    ${sumOfPods('cpu_request_millicores')} AS cpuRequest, ${sumOfPods('cpu_limit_millicores')} AS cpuLimit,
    ${sumOfPods('memory_request_bytes')} AS memoryRequest, ${sumOfPods('memory_limit_bytes')} AS memoryLimit,
    sumIf(u.cpuUsedMillicores, isPod) AS cpuUsed, sumIf(u.memoryUsedBytes, isPod) AS memoryUsed,
    groupUniqArrayArray(if(kind = 'ReplicaSet' AND NOT own, [], o.found)) AS found
  FROM (
    SELECT *, kind = 'Pod' AS isPod, ${hasEnded} AS ended, NOT isPod AND kind = workload_kind AND name = workload AS own,
      ${findingIdsOfObject} AS found
    FROM (${objectsInRange('kind')})
    WHERE aliveAtEnd AND kind IN ('Pod', ${controllers}) AND ${passes('namespace', 'namespace')}
  ) AS o
  LEFT JOIN (${usageAtEnd}) AS u ON u.namespace = o.namespace AND u.pod = o.name
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
LEFT JOIN (
  SELECT toString(namespace) AS namespace, facts['target'] AS target, any(amounts) AS scale, groupUniqArrayArray(mapKeys(findings)) AS found
  FROM (${objectsInRange("'HorizontalPodAutoscaler'")})
  WHERE aliveAtEnd
  GROUP BY namespace, target
) AS h ON h.namespace = w.namespace AND h.target = concat(w.kind, '/', w.name)
ORDER BY transform(health, ['failed', 'warning', 'ok', 'done'], [0, 1, 2, 3], 4), namespace, name
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
  readonly workloads: number
  readonly services: number
  readonly claims: number
  readonly limitRanges: number
  readonly quotas: number
  /** Of the quota resource that is used the most: used by hard; null: no quota. */
  readonly quotaRatio: number | null
  readonly quotaResource: string
  readonly findings: number
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
  toFloat64(r.restarts) AS restarts, toFloat64(e.errorEvents) AS errorEvents,
  toFloat64(k.workloads) AS workloads, toFloat64(k.services) AS services, toFloat64(k.claims) AS claims,
  toFloat64(k.limitRanges) AS limitRanges, toFloat64(k.quotas) AS quotas,
  if(k.quotas = 0, NULL, k.fullest.1) AS quotaRatio, k.fullest.2 AS quotaResource, toFloat64(k.findings) AS findings
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
  SELECT
    namespace, countIf(kind IN (${controllers}) AND kind = workload_kind AND name = workload) AS workloads,
    countIf(kind = 'Service') AS services, countIf(kind = 'PersistentVolumeClaim') AS claims,
    countIf(kind = 'LimitRange') AS limitRanges, countIf(kind = 'ResourceQuota') AS quotas,
    max(arrayMax(arrayConcat(
      [(toFloat64(-1), '')],
      arrayMap(
        key -> (if(amounts[key] = 0, 0, amounts[concat('used:', substring(key, 6))] / amounts[key]), substring(key, 6)),
        arrayFilter(key -> startsWith(key, 'hard:'), arrayMap(key -> toString(key), mapKeys(amounts)))
      )
    ))) AS fullest,
    sum(length(${findingIdsOfObject})) AS findings
  FROM (${objectsInRange('kind')})
  WHERE aliveAtEnd
  GROUP BY namespace
) AS k ON k.namespace = n.name
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
