import { nodeUsageMetrics, usageMetrics } from '../../record/usage.ts'
import { hasEnded } from './pod-sql.ts'
import { inRange, type ListFilter, listParams, passes, type Query, type Range, stepOf } from './query.ts'

const isCpu = `metric = '${usageMetrics.cpu.name}'`
const isUsage = `metric IN ('${usageMetrics.cpu.name}', '${usageMetrics.memory.name}')`
const isNodeCpu = `metric = '${nodeUsageMetrics.cpu.name}'`
const isNodeUsage = `metric IN ('${nodeUsageMetrics.cpu.name}', '${nodeUsageMetrics.memory.name}')`
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

/** SQL text: CPU (millicores) and memory (bytes) of each node near the end of the range: its own figures, else the sum of its containers. */
export const nodeUsageAtEnd = `
SELECT
  node,
  multiIf(countIf(own AND cpu) > 0, sumIf(last, own AND cpu) * 1000, countIf(cpu) > 0, sumIf(last, cpu) * 1000, NULL) AS cpuUsedMillicores,
  multiIf(countIf(own AND NOT cpu) > 0, sumIf(last, own AND NOT cpu), countIf(NOT cpu) > 0, sumIf(last, NOT cpu), NULL) AS memoryUsedBytes
FROM (
  SELECT toString(node) AS node, namespace, pod, container, ${isNodeUsage} AS own, (${isCpu} OR ${isNodeCpu}) AS cpu, argMax(value, time) AS last
  FROM metrics
  WHERE cluster_id = {clusterId:String} AND node != '' AND (${isNodeUsage} OR (${isUsage} AND pod != '' AND container != ''))
    AND time >= fromUnixTimestamp64Milli(greatest({fromMs:Int64}, {toMs:Int64} - ${freshForMs}))
    AND time < fromUnixTimestamp64Milli({toMs:Int64})
  GROUP BY node, namespace, pod, container, own, cpu
)
GROUP BY node`

export interface UsageStepRow {
  readonly timeMs: number
  readonly cpuMillicores: number | null
  readonly memoryBytes: number | null
}

export type UsageOf = Range & {
  readonly clusterId: string
  readonly namespace: ListFilter
  /** One pod, the pods of one node, the pods of one workload (`StatefulSet/postgres`); '': all. */
  readonly pod: string
  readonly node?: string
  readonly workload?: string
  readonly stepMs: number
}

/** SQL text: the names of a workload's pods, of all time. */
const podsOfWorkload = `
SELECT name FROM k8s_objects
WHERE cluster_id = {clusterId:String} AND kind = 'Pod' AND concat(workload_kind, '/', workload) = {workload:String}`

/** Use over time, summed over containers: of the cluster, of namespaces, or of one pod, node or workload. */
export function usageStepsQuery({ namespace, node = '', workload = '', ...params }: UsageOf): Query {
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
    AND ({node:String} = '' OR node = {node:String}) AND ({workload:String} = '' OR pod IN (${podsOfWorkload}))
  GROUP BY timeMs, namespace, pod, container, cpu
)
GROUP BY timeMs
ORDER BY timeMs`,
    params: { ...params, node, workload, ...listParams({ namespace }) },
  }
}

/** Use of whole nodes over time, with what runs there beside the pods that are collected: of all nodes, or of one. */
export function nodeUsageStepsQuery({
  node = '',
  ...params
}: Range & { clusterId: string; node?: string; stepMs: number }): Query {
  return {
    sql: `
SELECT timeMs,
  if(countIf(cpu) = 0, NULL, sumIf(mean, cpu) * 1000) AS cpuMillicores,
  if(countIf(NOT cpu) = 0, NULL, sumIf(mean, NOT cpu)) AS memoryBytes
FROM (
  SELECT ${stepOf('time')} AS timeMs, node, ${isNodeCpu} AS cpu, avg(value) AS mean
  FROM metrics FINAL
  WHERE cluster_id = {clusterId:String} AND ${isNodeUsage} AND ${inRange('time')} AND ({node:String} = '' OR node = {node:String})
  GROUP BY timeMs, node, cpu
)
GROUP BY timeMs
ORDER BY timeMs`,
    params: { ...params, node },
  }
}

/** SQL text: starts of the steps at whose end the object was there. */
const stepsAlive = `range(
  toUInt64(intDiv(greatest({fromMs:Int64}, toUnixTimestamp64Milli(created_at)), {stepMs:Int64}) * {stepMs:Int64}),
  toUInt64(if(deleted, least({toMs:Int64}, intDiv(toUnixTimestamp64Milli(observed_at), {stepMs:Int64}) * {stepMs:Int64}), {toMs:Int64})),
  toUInt64({stepMs:Int64})
)`

export interface ReservedStepRow {
  readonly timeMs: number
  readonly pods: number
  readonly cpuRequestMillicores: number
  readonly cpuLimitMillicores: number
  readonly memoryRequestBytes: number
  readonly memoryLimitBytes: number
}

/** Requests and limits over time: of the pods that were on a node at the end of each step and had not ended; so a pod and its successor do not count in one step. */
export function reservedStepsQuery({
  namespace,
  node = '',
  workload = '',
  ...params
}: Omit<UsageOf, 'pod'>): Query {
  return {
    sql: `
SELECT
  timeMs, toFloat64(count()) AS pods,
  toFloat64(sum(cpu_request_millicores)) AS cpuRequestMillicores,
  toFloat64(sum(cpu_limit_millicores)) AS cpuLimitMillicores,
  toFloat64(sum(memory_request_bytes)) AS memoryRequestBytes,
  toFloat64(sum(memory_limit_bytes)) AS memoryLimitBytes
FROM k8s_objects FINAL
ARRAY JOIN ${stepsAlive} AS timeMs
WHERE cluster_id = {clusterId:String} AND kind = 'Pod' AND node != '' AND NOT ${hasEnded}
  AND created_at < fromUnixTimestamp64Milli({toMs:Int64})
  AND (NOT deleted OR observed_at >= fromUnixTimestamp64Milli({fromMs:Int64}))
  AND ${passes('namespace', 'namespace')} AND ({node:String} = '' OR node = {node:String})
  AND ({workload:String} = '' OR concat(workload_kind, '/', workload) = {workload:String})
GROUP BY timeMs
ORDER BY timeMs`,
    params: { ...params, node, workload, ...listParams({ namespace }) },
  }
}

export interface CapacityStepRow {
  readonly timeMs: number
  readonly cpuMillicores: number
  readonly memoryBytes: number
  readonly pods: number
}

/** What the nodes can give to pods, over time: of all, or of one (`node` not empty). */
export function capacityStepsQuery({
  node = '',
  ...params
}: Range & { clusterId: string; node?: string; stepMs: number }): Query {
  return {
    sql: `
SELECT
  timeMs,
  sum(amounts['cpuAllocatableMillicores']) AS cpuMillicores, sum(amounts['memoryAllocatableBytes']) AS memoryBytes,
  sum(amounts['podsAllocatable']) AS pods
FROM k8s_objects FINAL
ARRAY JOIN ${stepsAlive} AS timeMs
WHERE cluster_id = {clusterId:String} AND kind = 'Node'
  AND created_at < fromUnixTimestamp64Milli({toMs:Int64})
  AND (NOT deleted OR observed_at >= fromUnixTimestamp64Milli({fromMs:Int64}))
  AND ({node:String} = '' OR name = {node:String})
GROUP BY timeMs
ORDER BY timeMs`,
    params: { ...params, node },
  }
}
