import type { Query } from '../../query/query.ts'
import { isEntry } from '../../query/span-sql.ts'
import { eachMinute, type MinutesToCompute, minuteOf, minuteParams, minuteWindow } from '../minutes.ts'

/**
 * Which entry spans are worth a look, the first reason that holds:
 *   error      it failed
 *   stall      it took `stallMs` or longer
 *   very slow  longer than mean + 4 sigma of its operation in the `baselineMinutes` before its minute
 *   slow       longer than mean + 3 sigma
 *   periodic   none of these: one for each operation and minute
 * The baseline comes from red_1m as it is when the minute is computed; below `baselineCallsMin` calls there is none. Of each
 * operation, minute and reason the `snapshotsMax` slowest are kept.
 */
const stallMs = 45_000
const baselineMinutes = 120
const baselineCallsMin = 30
const snapshotsMax = 10

const operationKeys = 'cluster_id, namespace, application, service, operation, kind'
const columns = `start_time, duration_ns, trace_id, span_id, cluster_id, namespace, application, service, version, pod, operation, kind, http_status, exception_type, weight`

/** The rows of red_1m that count, around the minutes. */
const before = `minute >= toDateTime({firstS:Int64} - ${baselineMinutes * 60}, 'UTC') AND minute < toDateTime({lastS:Int64}, 'UTC')`
const baselines = `
SELECT
  toDateTime(at, 'UTC') AS baselineOf, ${operationKeys}, sum(calls) AS n, sum(duration_sum_ns) / n / 1e6 AS meanMs,
  sqrt(greatest(0, sum(duration_sum_squares) / n - pow(meanMs, 2))) AS sigmaMs
FROM (
  SELECT minute, ${operationKeys}, calls, duration_sum_ns, duration_sum_squares, arrayJoin({minutes:Array(UInt32)}) AS at
  FROM red_1m FINAL
  WHERE ${before} AND duration_sum_squares > 0
    AND (minute, generation) IN (SELECT minute, max(generation) FROM red_1m WHERE ${before} GROUP BY minute)
)
WHERE toUnixTimestamp(minute) < at AND toUnixTimestamp(minute) >= at - ${baselineMinutes * 60}
GROUP BY at, ${operationKeys}
HAVING n >= ${baselineCallsMin}`

const classified = `
SELECT
  span.*, ${minuteOf('span.start_time')} AS minute,
  multiIf(
    span.status = 2, 'error',
    duration_ns >= ${stallMs * 1_000_000}, 'stall',
    base.n > 0 AND duration_ns / 1e6 > base.meanMs + 4 * base.sigmaMs, 'very slow',
    base.n > 0 AND duration_ns / 1e6 > base.meanMs + 3 * base.sigmaMs, 'slow',
    'periodic'
  ) AS reason
FROM (SELECT ${columns}, status, ${minuteOf('start_time')} AS startMinute FROM spans FINAL WHERE ${isEntry} AND ${minuteWindow.own('start_time')}) AS span
LEFT JOIN (${baselines}) AS base
ON base.baselineOf = span.startMinute AND ${operationKeys
  .split(', ')
  .map((name) => `base.${name} = span.${name}`)
  .join(' AND ')}`

export function snapshotsQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO snapshots (${columns}, reason, generation)
SELECT ${columns}, reason, {generation:UInt64} FROM (
  SELECT * FROM (
    -- Of what has no other reason one is enough, whichever, before anything is sorted.
    SELECT * FROM (${classified})
    LIMIT 1 BY minute, ${operationKeys}, reason, if(reason = 'periodic', '', concat(trace_id, span_id))
  )
  ORDER BY minute, ${operationKeys}, reason, duration_ns DESC, trace_id, span_id
  LIMIT ${snapshotsMax} BY minute, ${operationKeys}, reason
)
UNION ALL
SELECT ${eachMinute}, 0, '', '', '', '', '', '', '', '', '', 255, 0, '', 0, 'computed', {generation:UInt64}`,
    params: minuteParams(minutes),
  }
}
