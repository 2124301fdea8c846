import { occurrences } from './events.ts'
import { findingIdsOfObject } from './finding-sql.ts'
import { isCrashLooping, isImageProblem, isNotReady, isPending, podHealth, podsInRange } from './pod-sql.ts'
import { inRange, type ListFilter, listParams, passes, type Query, type Range } from './query.ts'

export interface ClusterRow {
  readonly clusterId: string
  readonly name: string
  readonly agentVersion: string
  readonly agentHealthy: boolean
  readonly lastSeenMs: number
}

/** Every cluster that an agent reported or that has objects. */
export function clustersQuery(): Query {
  return {
    sql: `
SELECT
  cluster_id AS clusterId,
  if(argMax(name, seen) = '', clusterId, argMax(name, seen)) AS name,
  argMax(version, seen) AS agentVersion,
  argMax(healthy, seen) AS agentHealthy,
  toUnixTimestamp64Milli(max(lastSeen)) AS lastSeenMs
FROM (
  SELECT cluster_id, toString(cluster_name) AS name, toString(version) AS version, healthy, last_seen AS seen, last_seen AS lastSeen
  FROM agents FINAL
  UNION ALL
  SELECT cluster_id, '' AS name, '' AS version, false AS healthy, toDateTime64(0, 3, 'UTC') AS seen, max(received_at) AS lastSeen
  FROM k8s_objects
  GROUP BY cluster_id
)
GROUP BY cluster_id
ORDER BY name
LIMIT 1000`,
    params: {},
  }
}

export interface ClusterPodsRow {
  readonly clusterId: string
  readonly namespaces: number
  readonly pods: number
  readonly podsNotReady: number
}

/** Pods and namespaces of every cluster at the end of the range. */
export function clusterPodsQuery({ fromMs, toMs }: Range): Query {
  return {
    sql: `
SELECT
  cluster_id AS clusterId,
  toFloat64(countIf(kind = 'Namespace')) AS namespaces,
  toFloat64(countIf(kind = 'Pod')) AS pods,
  toFloat64(countIf(kind = 'Pod' AND ${isNotReady})) AS podsNotReady
FROM k8s_objects FINAL
WHERE kind IN ('Pod', 'Namespace') AND created_at < fromUnixTimestamp64Milli({toMs:Int64})
  AND (NOT deleted OR observed_at >= fromUnixTimestamp64Milli({toMs:Int64}))
GROUP BY cluster_id`,
    params: { fromMs, toMs },
  }
}

export interface ClusterActivityRow {
  readonly clusterId: string
  readonly restarts: number
  readonly errorEvents: number
  readonly warningEvents: number
}

/** Restarts and event occurrences of one cluster in the range. */
export function clusterActivityQuery(scope: Range & { clusterId: string; namespace: ListFilter }): Query {
  const { namespace, ...params } = scope
  return {
    sql: `
SELECT
  {clusterId:String} AS clusterId,
  toFloat64((
    SELECT count() FROM k8s_changes FINAL
    WHERE cluster_id = {clusterId:String} AND change = 'restart' AND ${inRange('time')} AND ${passes('namespace', 'namespace')}
  )) AS restarts,
  toFloat64(sumIf(times, severity = 'error')) AS errorEvents,
  toFloat64(sumIf(times, severity = 'warning')) AS warningEvents
FROM (${occurrences})
WHERE ${passes('namespace', 'namespace')}`,
    params: { ...params, ...listParams({ namespace }) },
  }
}

export interface PodFiguresRow {
  readonly pods: number
  readonly podsBefore: number
  readonly podsNotReady: number
  readonly containers: number
  readonly failedPods: number
  readonly pendingPods: number
  /** Mean over the pods that are pending, since they were created. */
  readonly pendingTimeMs: number | null
  /** Mean over the pods that were created in the range, are ready and never restarted: from creation to ready. */
  readonly readyTimeMs: number | null
  /** Mean over the running pods, since they started. */
  readonly upTimeMs: number | null
  readonly crashLooping: number
  readonly imageProblems: number
  readonly privileged: number
  readonly noMemoryLimit: number
  readonly noReadinessProbe: number
  readonly missingDependencies: number
}

/** The pod figures of the cluster dashboard at the end of the range, and the number of pods at its start. */
export function podFiguresQuery(scope: Range & { clusterId: string; namespace: ListFilter }): Query {
  const { namespace, ...params } = scope
  const countIf = (condition: string) => `toFloat64(countIf(aliveAtEnd AND ${condition}))`
  const meanIf = (value: string, condition: string) =>
    `if(countIf(aliveAtEnd AND ${condition}) = 0, NULL, avgIf(${value}, aliveAtEnd AND ${condition}))`
  const createdMs = 'toFloat64(toUnixTimestamp64Milli(created_at))'
  return {
    sql: `
SELECT
  ${countIf('true')} AS pods,
  toFloat64(countIf(aliveAtStart)) AS podsBefore,
  ${countIf(isNotReady)} AS podsNotReady,
  toFloat64(sumIf(desired, aliveAtEnd)) AS containers,
  ${countIf(`${podHealth} = 'failed'`)} AS failedPods,
  ${countIf(isPending)} AS pendingPods,
  ${meanIf(`{toMs:Int64} - ${createdMs}`, isPending)} AS pendingTimeMs,
  ${meanIf(`amounts['readyAtMs'] - ${createdMs}`, "NOT aliveAtStart AND restarts = 0 AND amounts['readyAtMs'] > 0")} AS readyTimeMs,
  ${meanIf(`{toMs:Int64} - if(amounts['startedAtMs'] > 0, amounts['startedAtMs'], ${createdMs})`, "phase = 'Running'")} AS upTimeMs,
  ${countIf(isCrashLooping)} AS crashLooping,
  ${countIf(isImageProblem)} AS imageProblems,
  ${countIf("has(findingIds, 'privileged')")} AS privileged,
  ${countIf("has(findingIds, 'no-memory-limit')")} AS noMemoryLimit,
  ${countIf("has(findingIds, 'no-readiness-probe')")} AS noReadinessProbe,
  ${countIf("hasAny(findingIds, ['missing-secret', 'missing-config-map', 'missing-claim'])")} AS missingDependencies
FROM (SELECT *, ${findingIdsOfObject} AS findingIds FROM (${podsInRange}))
WHERE ${passes('namespace', 'namespace')}`,
    params: { ...params, ...listParams({ namespace }) },
  }
}

export interface PhaseRow {
  readonly phase: string
  readonly pods: number
}

export function podPhasesQuery(scope: Range & { clusterId: string; namespace: ListFilter }): Query {
  const { namespace, ...params } = scope
  return {
    sql: `
SELECT phase, toFloat64(count()) AS pods
FROM (${podsInRange})
WHERE aliveAtEnd AND ${passes('namespace', 'namespace')}
GROUP BY phase
ORDER BY pods DESC, phase`,
    params: { ...params, ...listParams({ namespace }) },
  }
}

export interface PodStepRow {
  readonly timeMs: number
  readonly pods: number
}

/** How many pods were there at the end of each step. */
export function podStepsQuery(
  scope: Range & { clusterId: string; namespace: ListFilter; stepMs: number },
): Query {
  const { namespace, ...params } = scope
  return {
    sql: `
SELECT timeMs, toFloat64(count()) AS pods
FROM (${podsInRange})
ARRAY JOIN range(
  toUInt64(intDiv(greatest({fromMs:Int64}, toUnixTimestamp64Milli(created_at)), {stepMs:Int64}) * {stepMs:Int64}),
  toUInt64(if(deleted, least({toMs:Int64}, intDiv(toUnixTimestamp64Milli(observed_at), {stepMs:Int64}) * {stepMs:Int64}), {toMs:Int64})),
  toUInt64({stepMs:Int64})
) AS timeMs
WHERE ${passes('namespace', 'namespace')}
GROUP BY timeMs
ORDER BY timeMs`,
    params: { ...params, ...listParams({ namespace }) },
  }
}
