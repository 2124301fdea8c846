import { usageMetrics } from '../../../record/usage.ts'
import { inRange, type Query, type Range } from '../query.ts'
import { inSpanRange } from '../span-sql.ts'

/** A pod that sent spans of an application, and where it belongs. */
export interface PodPlaceRow {
  readonly clusterId: string
  readonly namespace: string
  readonly service: string
  readonly pod: string
  readonly workload: string
  readonly node: string
  readonly cpuLimitMillicores: number
  readonly memoryLimitBytes: number
}

const podsMax = 2_000

export function podPlacesQuery(scope: Range & { application: string }): Query {
  return {
    sql: `
SELECT
  cluster_id AS clusterId, namespace, service, pod, max(about.workload) AS workload, max(about.node) AS node,
  toFloat64(max(about.cpu)) AS cpuLimitMillicores, toFloat64(max(about.memory)) AS memoryLimitBytes
FROM (
  SELECT DISTINCT cluster_id, namespace, service, pod FROM spans
  WHERE application = {application:String} AND pod != '' AND ${inSpanRange('start_time')}
) AS sender
LEFT JOIN (
  SELECT cluster_id, namespace, pod, workload, node, 0 AS cpu, 0 AS memory FROM resources FINAL
  WHERE application = {application:String} AND pod != ''
  UNION ALL
  SELECT cluster_id, namespace, name AS pod, workload, node, cpu_limit_millicores AS cpu, memory_limit_bytes AS memory
  FROM k8s_objects FINAL WHERE kind = 'Pod'
) AS about USING (cluster_id, namespace, pod)
GROUP BY clusterId, namespace, service, pod
ORDER BY service, pod
LIMIT ${podsMax}`,
    params: { ...scope },
  }
}

export interface PodUsageRow {
  readonly bucket: number
  readonly clusterId: string
  readonly namespace: string
  readonly pod: string
  readonly cpuMillicores: number | null
  readonly memoryBytes: number | null
}

/** What the pods of some namespaces used, by bucket since the start of the window. */
export function podUsageQuery(
  scope: Range & { namespaces: readonly string[]; windowFromMs: number; bucketMs: number },
): Query {
  const isCpu = `metric = '${usageMetrics.cpu.name}'`
  return {
    sql: `
SELECT
  bucket, clusterId, namespace, pod,
  if(countIf(cpu) = 0, NULL, sumIf(mean, cpu) * 1000) AS cpuMillicores, if(countIf(NOT cpu) = 0, NULL, sumIf(mean, NOT cpu)) AS memoryBytes
FROM (
  SELECT
    toInt32(floor((toUnixTimestamp64Milli(time) - {windowFromMs:Int64}) / {bucketMs:Int64})) AS bucket,
    cluster_id AS clusterId, namespace, pod, container, ${isCpu} AS cpu, avg(value) AS mean
  FROM metrics FINAL
  WHERE metric IN ('${usageMetrics.cpu.name}', '${usageMetrics.memory.name}') AND pod != '' AND container != ''
    AND has({namespaces:Array(String)}, namespace) AND ${inRange('time')}
  GROUP BY bucket, clusterId, namespace, pod, container, cpu
)
GROUP BY bucket, clusterId, namespace, pod
ORDER BY pod, bucket
LIMIT 200000`,
    params: { ...scope },
  }
}

/** A warning, or a change of an object, that may have to do with pods of the application. */
export interface KubeNearRow {
  readonly timeMs: number
  readonly clusterId: string
  readonly namespace: string
  readonly kind: string
  readonly name: string
  readonly workload: string
  readonly change: string
  readonly severity: 'info' | 'warning' | 'error'
  readonly title: string
  readonly times: number
}

/** What began in the range: repeats of older warnings are no news. */
export function kubeNearQuery(scope: Range & { namespaces: readonly string[] }): Query {
  return {
    sql: `
SELECT
  toUnixTimestamp64Milli(max(first_time)) AS timeMs, cluster_id AS clusterId, namespace, object_kind AS kind, object_name AS name,
  max(e.workload) AS workload, 'event' AS change, argMax(e.severity, last_time) AS severity,
  concat(e.reason, ': ', argMax(e.message, last_time)) AS title, toFloat64(max(count)) AS times
FROM k8s_events AS e FINAL
WHERE e.severity != 'info' AND ${inRange('e.first_time')} AND (has({namespaces:Array(String)}, namespace) OR object_kind = 'Node')
GROUP BY clusterId, namespace, kind, name, e.reason
UNION ALL
SELECT
  toUnixTimestamp64Milli(c.time) AS timeMs, cluster_id AS clusterId, namespace, c.kind AS kind, name, c.workload AS workload, change,
  if(change = 'restart', 'error', 'info') AS severity,
  multiIf(
    change = 'restart', concat('restart', if(reason != '', concat(' (', reason, ')'), '')),
    change = 'rollout', concat('rollout', if(version != '', concat(' of version ', version), '')),
    concat(change, if(to_status != '', concat(' from ', from_status, ' to ', to_status), ''))
  ) AS title, 1 AS times
FROM k8s_changes AS c FINAL
WHERE change IN ('restart', 'rollout', 'scale') AND ${inRange('c.time')} AND has({namespaces:Array(String)}, namespace)
ORDER BY timeMs
LIMIT 500`,
    params: { ...scope },
  }
}
