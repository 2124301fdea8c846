import {
  percentileApplications,
  percentilesMs,
  thresholdColumns,
  windowMinutes,
} from '../../query/class-sql.ts'
import { bucketOf } from '../../query/duration-buckets.ts'
import type { Query } from '../../query/query.ts'
import type { Naming } from '../../query/transaction-naming.ts'
import { eachMinute, type MinutesToCompute, minuteParams } from '../minutes.ts'
import { guardedEntries } from './entries.ts'

const keys = 'application, service, transaction, of'
const window = `minute >= toDateTime({firstS:Int64} - ${windowMinutes * 60}, 'UTC') AND minute < toDateTime({lastS:Int64}, 'UTC')`

/** Durations are wanted of applications that have percentiles as thresholds. */
function bucketsOf(naming: Naming, buckets: string, counts: string): string {
  const wanted = percentileApplications(naming)
  if (wanted === '') return '[]::Array(UInt16) AS buckets, []::Array(Float64) AS counts'
  const merged = `sumMapIf(${buckets}, ${counts}, ${wanted})`
  return `${merged}.1 AS buckets, ${merged}.2 AS counts`
}

/** Calls, durations and their squares of the minutes before, as far as they are not among those being computed. */
const before = (naming: Naming) => `
SELECT
  toUnixTimestamp(minute) AS at, application, service, transaction, if(transaction = '', toString(operation), '') AS of,
  sum(calls) AS calls, sum(duration_sum_ns) / 1e6 AS sumMs, sum(duration_sum_squares) AS squares,
  ${bucketsOf(naming, 'duration_buckets', 'duration_counts')}
FROM red_1m
WHERE ${window} AND toUnixTimestamp(minute) NOT IN {minutes:Array(UInt32)} AND duration_sum_squares > 0
  AND (minute, generation) IN (SELECT minute, max(generation) FROM red_1m WHERE ${window} GROUP BY minute)
GROUP BY at, ${keys}`

const own = (naming: Naming) => `
SELECT
  toUnixTimestamp(minute) AS at, ${keys}, sum(weight) AS calls, sum(duration_ns * weight) / 1e6 AS sumMs,
  sum(pow(duration_ns / 1e6, 2) * weight) AS squares, ${bucketsOf(naming, `[${bucketOf('duration_ns')}]`, '[weight]')}
FROM (${guardedEntries})
GROUP BY at, ${keys}`

const later = `arrayFilter(each -> at < each AND at >= each - ${windowMinutes * 60}, {minutes:Array(UInt32)})`

/** Calls of the minutes before, in each minute whose window they are in. */
const windowsOf = (moments: string) => `
SELECT ${keys}, calls, sumMs, squares, buckets, counts, false AS asked, arrayJoin(${later}) AS minuteS FROM (${moments})`

/** The same of the minutes themselves, and in their own as what is asked for. */
const askedOf = (moments: string) => `
SELECT
  ${keys}, if(asked, 0, calls) AS calls, if(asked, 0, sumMs) AS sumMs, if(asked, 0, squares) AS squares,
  if(asked, [], buckets) AS buckets, if(asked, [], counts) AS counts, minuteS = at AS asked, minuteS
FROM (SELECT *, arrayJoin(arrayPushBack(${later}, at)) AS minuteS FROM (${moments}))`

/** A row for each transaction and operation that has calls in a minute. */
export function thresholdsQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO thresholds_1m (
  minute, application, service, transaction, operation, calls, mean_ms, sigma_ms, slow_ms, very_slow_ms, stall_ms, rule, generation
)
SELECT
  toDateTime(minuteS, 'UTC'), ${keys}, calls, mean_ms, sigma_ms, slow_ms, very_slow_ms, stall_ms, rule, {generation:UInt64}
FROM (
  SELECT minuteS, ${keys}, ${thresholdColumns(minutes.naming)} FROM (
    SELECT
      minuteS, ${keys}, sum(calls) AS n, if(n = 0, 0, sum(sumMs) / n) AS meanMs,
      if(n = 0, 0, sqrt(greatest(0, sum(squares) / n - pow(meanMs, 2)))) AS sigmaMs, ${percentilesMs(minutes.naming)} AS percentilesMs
    FROM (
      ${windowsOf(before(minutes.naming))}
      UNION ALL ${askedOf(own(minutes.naming))}
    )
    GROUP BY minuteS, ${keys}
    HAVING max(asked)
  )
)
UNION ALL
SELECT ${eachMinute}, '', '', '', '', 0, 0, 0, 0, 0, 0, 'warm-up', {generation:UInt64}`,
    params: minuteParams(minutes),
  }
}
