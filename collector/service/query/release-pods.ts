import { usageMetrics } from '../../record/usage.ts'
import { inRange, type Query, type Range, stepOf } from './query.ts'

/** The percent of its tier's calls that a version should get: a label of its pods, for those whose router nobody can ask. */
export const canaryWeightLabel = 'binnacle.dev/canary-weight'
export const releasePodsMax = 2_000

export interface ReleasePodRow {
  readonly service: string
  readonly clusterId: string
  readonly namespace: string
  readonly pod: string
  readonly uid: string
  readonly workloadKind: string
  readonly workload: string
  /** As Kubernetes knows it, by label or image. */
  readonly version: string
  readonly createdMs: number
  /** 0: it is still there. */
  readonly endedMs: number
  /** Empty: no label. */
  readonly canaryWeight: string
  /** The versions that its spans said, the newest first, each with the uid of the pod or ''. */
  readonly sent: readonly (readonly [version: string, uid: string])[]
}

/**
 * Pods of a tier (`service` empty: of all tiers) that were there at some time of the range: those that sent spans, and the others
 * of the same workloads, which may have been too ill to send any. The newest first.
 */
export function releasePodsQuery(scope: Range & { application: string; service: string }): Query {
  return {
    sql: `
WITH
  sent AS (
    SELECT service, cluster_id, namespace, pod, arrayReverseSort(groupArray((last_seen, version, pod_uid))) AS versions
    FROM resources FINAL
    WHERE application = {application:String} AND ({service:String} = '' OR service = {service:String}) AND pod != ''
    GROUP BY service, cluster_id, namespace, pod
  ),
  pods AS (
    SELECT * FROM k8s_objects FINAL
    WHERE kind = 'Pod' AND workload != '' AND (cluster_id, namespace) IN (SELECT cluster_id, namespace FROM sent)
  ),
  workloads AS (
    SELECT DISTINCT s.service AS service, p.cluster_id AS cluster_id, p.namespace AS namespace, p.workload_kind AS workload_kind, p.workload AS workload
    FROM sent AS s INNER JOIN pods AS p ON p.cluster_id = s.cluster_id AND p.namespace = s.namespace AND p.name = s.pod
  )
SELECT
  w.service AS service, p.cluster_id AS clusterId, p.namespace AS namespace, p.name AS pod, p.uid AS uid,
  p.workload_kind AS workloadKind, p.workload AS workload, p.version AS version,
  toUnixTimestamp64Milli(p.created_at) AS createdMs, if(p.deleted, toUnixTimestamp64Milli(p.observed_at), 0) AS endedMs,
  p.labels['${canaryWeightLabel}'] AS canaryWeight, arrayMap(one -> (one.2, one.3), s.versions) AS sent
FROM pods AS p
INNER JOIN workloads AS w
  ON w.cluster_id = p.cluster_id AND w.namespace = p.namespace AND w.workload_kind = p.workload_kind AND w.workload = p.workload
LEFT JOIN sent AS s ON s.service = w.service AND s.cluster_id = p.cluster_id AND s.namespace = p.namespace AND s.pod = p.name
WHERE p.created_at < fromUnixTimestamp64Milli({toMs:Int64})
  AND (NOT p.deleted OR p.observed_at >= fromUnixTimestamp64Milli({fromMs:Int64}))
ORDER BY createdMs DESC, service, pod, uid
LIMIT ${releasePodsMax}`,
    params: { ...scope },
  }
}

export interface RestartRow {
  readonly uid: string
  readonly timeMs: number
  readonly reason: string
}

/** Restarts of containers in the namespaces of a tier's pods. */
export function restartsQuery(
  scope: Range & { clusterIds: readonly string[]; namespaces: readonly string[] },
): Query {
  return {
    sql: `
SELECT uid, toUnixTimestamp64Milli(time) AS timeMs, reason
FROM k8s_changes FINAL
WHERE cluster_id IN {clusterIds:Array(String)} AND namespace IN {namespaces:Array(String)} AND change = 'restart' AND ${inRange('time')}
ORDER BY time DESC
LIMIT 20000`,
    params: { ...scope },
  }
}

/** The first minutes of a pod, in which it compiles and fills its caches, say little of it. */
export const warmUpMs = 2 * 60_000

export type UsageOfPods = Range & {
  readonly stepMs: number
  readonly clusterIds: readonly string[]
  readonly namespaces: readonly string[]
  readonly pods: readonly string[]
  /** From when on each pod counts. */
  readonly sinceMs: readonly number[]
}

export interface PodUsageRow {
  readonly timeMs: number
  readonly cpuMillicores: number | null
  readonly memoryBytes: number | null
}

/** What a pod used, step by step: the mean over the pods, each the sum of its containers. */
export function usageOfPodsQuery(scope: UsageOfPods): Query {
  const isCpu = `metric = '${usageMetrics.cpu.name}'`
  return {
    sql: `
SELECT timeMs, avg(cpu) * 1000 AS cpuMillicores, avg(memory) AS memoryBytes FROM (
  SELECT
    timeMs, cluster_id, namespace, pod,
    if(countIf(isCpu) = 0, NULL, sumIf(mean, isCpu)) AS cpu, if(countIf(NOT isCpu) = 0, NULL, sumIf(mean, NOT isCpu)) AS memory
  FROM (
    SELECT ${stepOf('time')} AS timeMs, cluster_id, namespace, pod, container, ${isCpu} AS isCpu, avg(value) AS mean
    FROM metrics FINAL
    WHERE metric IN ('${usageMetrics.cpu.name}', '${usageMetrics.memory.name}') AND container != ''
      AND cluster_id IN {clusterIds:Array(String)} AND namespace IN {namespaces:Array(String)} AND pod IN {pods:Array(String)}
      AND toUnixTimestamp64Milli(time) >= arrayElement({sinceMs:Array(Int64)}, indexOf({pods:Array(String)}, pod))
      AND ${inRange('time')}
    GROUP BY timeMs, cluster_id, namespace, pod, container, isCpu
  )
  GROUP BY timeMs, cluster_id, namespace, pod
)
GROUP BY timeMs
ORDER BY timeMs`,
    params: { ...scope },
  }
}
