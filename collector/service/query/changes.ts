import { inRange, type ListFilter, listParams, passes, type Query, type Range, stepOf } from './query.ts'

export interface ChangeListRow {
  readonly timeMs: number
  readonly change: string
  readonly kind: string
  readonly name: string
  readonly namespace: string
  readonly from: string
  readonly to: string
  readonly previousDurationMs: number
  readonly container: string
  readonly exitCode: number
  readonly reason: string
  readonly message: string
  readonly version: string
}

/** The transitions of one object, newest first. */
export function changesOfObjectQuery(
  scope: Range & { clusterId: string; uid: string; limit: number },
): Query {
  return {
    sql: `
SELECT
  toUnixTimestamp64Milli(time) AS timeMs, change, kind, name, namespace, from_status AS from, to_status AS to,
  toFloat64(previous_duration_ms) AS previousDurationMs, container, toFloat64(exit_code) AS exitCode, reason, message,
  version
FROM k8s_changes FINAL
WHERE cluster_id = {clusterId:String} AND uid = {uid:String} AND ${inRange('time')}
ORDER BY time DESC, change_id
LIMIT {limit:UInt32}`,
    params: { ...scope },
  }
}

export interface RestartStepRow {
  readonly timeMs: number
  readonly restarts: number
}

export function restartStepsQuery(
  scope: Range & { clusterId: string; namespace: ListFilter; stepMs: number },
): Query {
  const { namespace, ...params } = scope
  return {
    sql: `
SELECT ${stepOf('time')} AS timeMs, toFloat64(count()) AS restarts
FROM k8s_changes FINAL
WHERE cluster_id = {clusterId:String} AND change = 'restart' AND ${inRange('time')} AND ${passes('namespace', 'namespace')}
GROUP BY timeMs
ORDER BY timeMs`,
    params: { ...params, ...listParams({ namespace }) },
  }
}

export interface MarkerRow {
  readonly timeMs: number
  readonly kind: string
  readonly name: string
  readonly namespace: string
  readonly objectKind: string
  readonly from: string
  readonly to: string
  readonly version: string
}

/** Rollouts and scale changes: the thin vertical lines on charts. Empty cluster id: of all clusters. */
export function markersQuery(scope: Range & { clusterId: string; namespace: ListFilter }): Query {
  const { namespace, ...params } = scope
  return {
    sql: `
SELECT
  toUnixTimestamp64Milli(time) AS timeMs, change AS kind, name, namespace, k8s_changes.kind AS objectKind,
  from_status AS from, to_status AS to, version
FROM k8s_changes FINAL
WHERE ({clusterId:String} = '' OR cluster_id = {clusterId:String}) AND change IN ('rollout', 'scale')
  AND ${inRange('time')} AND ${passes('namespace', 'namespace')}
ORDER BY time DESC, change_id
LIMIT 100`,
    params: { ...params, ...listParams({ namespace }) },
  }
}
