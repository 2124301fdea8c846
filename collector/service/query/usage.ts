import { usageMetrics } from '../../record/usage.ts'
import { inRange, type ListFilter, listParams, passes, type Query, type Range, stepOf } from './query.ts'

const isCpu = `metric = '${usageMetrics.cpu.name}'`
const isUsage = `metric IN ('${usageMetrics.cpu.name}', '${usageMetrics.memory.name}')`
/** A container's last sample counts as its use now for this long. */
const freshForMs = 5 * 60_000

/** SQL text: CPU (millicores) and memory (bytes) of each pod as last sampled near the end of the range. */
export const usageAtEnd = `
SELECT
  namespace, pod,
  if(countIf(cpu) = 0, NULL, sumIf(last, cpu) * 1000) AS cpuUsedMillicores,
  if(countIf(NOT cpu) = 0, NULL, sumIf(last, NOT cpu)) AS memoryUsedBytes
FROM (
  SELECT namespace, pod, container, ${isCpu} AS cpu, argMax(value, time) AS last
  FROM metrics
  WHERE cluster_id = {clusterId:String} AND ${isUsage} AND pod != '' AND container != ''
    AND time >= fromUnixTimestamp64Milli(greatest({fromMs:Int64}, {toMs:Int64} - ${freshForMs}))
    AND time < fromUnixTimestamp64Milli({toMs:Int64})
  GROUP BY namespace, pod, container, cpu
)
GROUP BY namespace, pod`

export interface UsageStepRow {
  readonly timeMs: number
  readonly cpuMillicores: number | null
  readonly memoryBytes: number | null
}

/** Use over time, summed over containers: of the cluster, of namespaces, or of one pod (`pod` not empty). */
export function usageStepsQuery(
  scope: Range & { clusterId: string; namespace: ListFilter; pod: string; stepMs: number },
): Query {
  const { namespace, ...params } = scope
  return {
    sql: `
SELECT timeMs,
  if(countIf(cpu) = 0, NULL, sumIf(mean, cpu) * 1000) AS cpuMillicores,
  if(countIf(NOT cpu) = 0, NULL, sumIf(mean, NOT cpu)) AS memoryBytes
FROM (
  SELECT ${stepOf('time')} AS timeMs, namespace, pod, container, ${isCpu} AS cpu, avg(value) AS mean
  FROM metrics FINAL
  WHERE cluster_id = {clusterId:String} AND ${isUsage} AND pod != '' AND container != '' AND ${inRange('time')}
    AND ${passes('namespace', 'namespace')} AND ({pod:String} = '' OR pod = {pod:String})
  GROUP BY timeMs, namespace, pod, container, cpu
)
GROUP BY timeMs
ORDER BY timeMs`,
    params: { ...params, ...listParams({ namespace }) },
  }
}

export interface ReservedStepRow {
  readonly timeMs: number
  readonly cpuRequestMillicores: number
  readonly cpuLimitMillicores: number
  readonly memoryRequestBytes: number
  readonly memoryLimitBytes: number
}

/** Requests and limits over time: of the pods that were on a node at the end of each step and had not ended; so a pod and its successor do not count in one step. */
export function reservedStepsQuery(
  scope: Range & { clusterId: string; namespace: ListFilter; stepMs: number },
): Query {
  const { namespace, ...params } = scope
  const ended = "phase IN ('Succeeded', 'Failed')"
  return {
    sql: `
SELECT
  timeMs,
  toFloat64(sum(cpu_request_millicores)) AS cpuRequestMillicores,
  toFloat64(sum(cpu_limit_millicores)) AS cpuLimitMillicores,
  toFloat64(sum(memory_request_bytes)) AS memoryRequestBytes,
  toFloat64(sum(memory_limit_bytes)) AS memoryLimitBytes
FROM k8s_objects FINAL
ARRAY JOIN range(
  toUInt64(intDiv(greatest({fromMs:Int64}, toUnixTimestamp64Milli(created_at)), {stepMs:Int64}) * {stepMs:Int64}),
  toUInt64(if(deleted, least({toMs:Int64}, intDiv(toUnixTimestamp64Milli(observed_at), {stepMs:Int64}) * {stepMs:Int64}), {toMs:Int64})),
  toUInt64({stepMs:Int64})
) AS timeMs
WHERE cluster_id = {clusterId:String} AND kind = 'Pod' AND node != '' AND NOT ${ended}
  AND created_at < fromUnixTimestamp64Milli({toMs:Int64})
  AND (NOT deleted OR observed_at >= fromUnixTimestamp64Milli({fromMs:Int64}))
  AND ${passes('namespace', 'namespace')}
GROUP BY timeMs
ORDER BY timeMs`,
    params: { ...params, ...listParams({ namespace }) },
  }
}
