import type { Query, Range } from './query.ts'
import { stepOf } from './query.ts'
import { closedBounds, closedRows, openCells, openWindow, type RedSource, redSource } from './red-rollup.ts'
import { isEntry } from './span-sql.ts'

/** Minutes are read even of short ranges: a comparison needs no more than their buckets, and many of its questions are asked at once. */
export const releaseSource = (scope: Range & { stepMs?: number }): RedSource =>
  redSource(scope) === 'hours' ? 'hours' : 'minutes'

/** SQL text: entry spans that pass the condition, from what is rolled up and from raw spans around it, with `at` and the cells. */
export const releaseEntries = (source: RedSource, columns: string, condition: string): string => `(
  ${closedRows({ table: 'red', source, columns, condition })}
  UNION ALL
  SELECT ${columns}, start_time AS at, ${openCells()} FROM spans FINAL
  WHERE ${condition} AND ${isEntry} AND ${openWindow.own('start_time')}
)`

const ofApplication = 'application = {application:String}'

export interface VersionStepRow {
  readonly service: string
  readonly version: string
  readonly timeMs: number
  readonly calls: number
  readonly errors: number
  /** Of the first and last call of the step, to the minute where it is rolled up. */
  readonly firstMs: number
  readonly lastMs: number
}

/** Calls of each version of each tier over time: their shares, and when each was called. */
export function versionStepsQuery(scope: Range & { application: string; stepMs: number }): Query {
  return {
    sql: `${closedBounds}
SELECT
  service, version, ${stepOf('at')} AS timeMs, toFloat64(sum(n)) AS calls, toFloat64(sum(failed)) AS errors,
  toUnixTimestamp64Milli(toDateTime64(min(at), 3)) AS firstMs, toUnixTimestamp64Milli(toDateTime64(max(at), 3)) AS lastMs
FROM ${releaseEntries(releaseSource(scope), 'service, version', ofApplication)}
GROUP BY service, version, timeMs
ORDER BY service, version, timeMs
LIMIT 50000`,
    params: { ...scope },
  }
}

/** How far back a version is looked for: before that it counts as new when it comes. */
export const firstSeenDaysMax = 90
const recentHours = 3

export interface FirstSeenRow {
  readonly service: string
  readonly version: string
  readonly firstMs: number
}

/** When each version was first called, to the minute, as far as it is rolled up. */
export function firstSeenQuery(scope: { application: string; nowMs: number }): Query {
  const hours = `
    SELECT service, version, min(hour) AS firstHour FROM red_1h
    WHERE ${ofApplication} AND calls > 0 AND hour >= fromUnixTimestamp64Milli({nowMs:Int64}) - INTERVAL ${firstSeenDaysMax} DAY
    GROUP BY service, version`
  return {
    sql: `
SELECT service, version, toInt64(toUnixTimestamp(min(at))) * 1000 AS firstMs FROM (
  SELECT service, version, firstHour + INTERVAL 59 MINUTE AS at FROM (${hours})
  UNION ALL
  SELECT service, version, min(minute) AS at FROM red_1m
  WHERE ${ofApplication} AND calls > 0 AND toStartOfHour(minute) IN (SELECT firstHour FROM (${hours}))
  GROUP BY service, version
  UNION ALL
  SELECT service, version, min(minute) AS at FROM red_1m
  WHERE ${ofApplication} AND calls > 0 AND minute >= fromUnixTimestamp64Milli({nowMs:Int64}) - INTERVAL ${recentHours} HOUR
  GROUP BY service, version
)
GROUP BY service, version
ORDER BY service, version
LIMIT 10000`,
    params: { ...scope },
  }
}

export interface LatestReleaseRow {
  readonly application: string
  readonly service: string
  readonly version: string
  /** To the hour, and to the minute of the last hours. */
  readonly firstMs: number
  /** The version before it. */
  readonly previous: string
}

const latestDays = 7

/** The newest versions of all tiers: first called within the last days, beside or after another version of the tier. */
export function latestReleasesQuery(scope: { nowMs: number; limit: number }): Query {
  const since = (interval: string) => `fromUnixTimestamp64Milli({nowMs:Int64}) - INTERVAL ${interval}`
  return {
    sql: `
SELECT application, service, versions[at].2 AS version, toInt64(toUnixTimestamp(versions[at].1)) * 1000 AS firstMs, versions[at - 1].2 AS previous
FROM (
  SELECT application, service, arraySort(groupArray((first, version))) AS versions, arrayJoin(range(2, toUInt32(length(versions) + 1))) AS at
  FROM (
    SELECT application, service, version, min(at) AS first FROM (
      SELECT application, service, version, hour AS at FROM red_1h
      WHERE calls > 0 AND hour >= ${since(`${2 * latestDays} DAY`)} AND hour < ${since(`${recentHours} HOUR`)}
      UNION ALL
      SELECT application, service, version, minute AS at FROM red_1m WHERE calls > 0 AND minute >= ${since(`${recentHours} HOUR`)}
    )
    GROUP BY application, service, version
  )
  GROUP BY application, service
)
WHERE versions[at].1 >= ${since(`${latestDays} DAY`)}
ORDER BY firstMs DESC, application, service, version DESC
LIMIT {limit:UInt32}`,
    params: { ...scope },
  }
}

export interface TierRolloutRow {
  readonly service: string
  readonly timeMs: number
  readonly kind: string
  readonly name: string
  readonly namespace: string
  readonly from: string
  readonly to: string
  /** Of the object after it, by its labels or image. */
  readonly version: string
}

/** SQL text: workloads whose pods sent spans of the application's tiers, with the tier. */
const tierWorkloads = `
SELECT DISTINCT sent.service AS service, pod.cluster_id AS cluster_id, pod.namespace AS namespace, pod.workload_kind AS workload_kind, pod.workload AS workload
FROM (
  SELECT DISTINCT service, cluster_id, namespace, pod FROM resources
  WHERE ${ofApplication} AND pod != ''
) AS sent
INNER JOIN (
  SELECT cluster_id, namespace, name, workload_kind, workload FROM k8s_objects FINAL WHERE kind = 'Pod' AND workload != ''
) AS pod ON pod.cluster_id = sent.cluster_id AND pod.namespace = sent.namespace AND pod.name = sent.pod`

/** The rollouts of the workloads of each tier, newest first. */
export function tierRolloutsQuery(scope: Range & { application: string }): Query {
  return {
    sql: `
SELECT
  tier.service AS service, toUnixTimestamp64Milli(change.time) AS timeMs, change.change AS kind, change.name AS name,
  change.namespace AS namespace, change.from_status AS from, change.to_status AS to, change.version AS version
FROM (
  SELECT * FROM k8s_changes FINAL
  WHERE change = 'rollout'
    AND time >= fromUnixTimestamp64Milli({fromMs:Int64}) AND time < fromUnixTimestamp64Milli({toMs:Int64})
) AS change
INNER JOIN (${tierWorkloads}) AS tier
  ON tier.cluster_id = change.cluster_id AND tier.namespace = change.namespace AND tier.workload_kind = change.kind AND tier.workload = change.name
ORDER BY timeMs DESC, name, service
LIMIT 500`,
    params: { ...scope },
  }
}
