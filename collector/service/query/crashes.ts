import { inRange, type ListFilter, listParams, passes, type Query, type Range } from './query.ts'

export interface CrashFilter extends Range {
  readonly clusterId: string
  readonly namespace: ListFilter
  readonly workload: ListFilter
  /** uid of the pod; '': any. */
  readonly podUid: string
  /** Of the lines, the newest so many. */
  readonly linesMax: number
}

export interface CrashListRow {
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
  readonly container: string
  readonly workloadKind: string
  readonly workload: string
  readonly version: string
  readonly exitCode: number
  readonly reason: string
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
  readonly lines: string
  readonly truncated: boolean
  /** Of the crash whose lines these are; 0: none were kept. */
  readonly linesMs: number
}

/**
 * Ends of containers that were restarted, or that were left when their pod failed: those of one container with one exit code are
 * one row, with the lines of the newest that has any. Newest first.
 */
export function crashesQuery(filter: CrashFilter, limit: number): Query {
  const { namespace, workload, ...params } = filter
  const scope = `cluster_id = {clusterId:String} AND ${inRange('time')} AND ${passes('namespace', 'namespace')}
    AND ${passes('workload', 'workload')}`
  return {
    sql: `
SELECT
  c.namespace AS namespace, argMax(c.pod, c.time) AS pod, c.podUid AS podUid, c.container AS container,
  argMax(c.workload_kind, c.time) AS workloadKind, argMax(c.workload, c.time) AS workload, argMax(c.version, c.time) AS version,
  toFloat64(c.exit_code) AS exitCode, c.reason AS reason, toFloat64(count()) AS count,
  toUnixTimestamp64Milli(min(c.time)) AS firstMs, toUnixTimestamp64Milli(max(c.time)) AS lastMs,
  arrayStringConcat(arraySlice(splitByChar('\\n', argMaxIf(l.lines, c.time, l.lines != '')), -{linesMax:UInt32}), '\\n') AS lines,
  argMaxIf(l.truncated, c.time, l.lines != '') AS truncated,
  toUnixTimestamp64Milli(maxIf(c.time, l.lines != '')) AS linesMs
FROM (
  SELECT namespace, name AS pod, uid AS podUid, container, workload_kind, workload, version, exit_code, reason, time, change_id AS id
  FROM k8s_changes FINAL
  WHERE change = 'restart' AND ({podUid:String} = '' OR uid = {podUid:String}) AND ${scope}
  UNION ALL
  SELECT namespace, pod, pod_uid AS podUid, container, workload_kind, workload, version, exit_code, reason, time, crash_id AS id
  FROM k8s_crashes FINAL
  WHERE position(crash_id, ':failed:') > 0 AND ({podUid:String} = '' OR pod_uid = {podUid:String}) AND ${scope}
) AS c
LEFT JOIN (
  SELECT crash_id, lines, truncated FROM k8s_crashes FINAL
  WHERE ({podUid:String} = '' OR pod_uid = {podUid:String}) AND ${scope}
) AS l ON l.crash_id = c.id
GROUP BY namespace, podUid, container, exitCode, reason
ORDER BY lastMs DESC, pod, container
LIMIT {limit:UInt32}`,
    params: { ...params, ...listParams({ namespace, workload }), limit },
  }
}
