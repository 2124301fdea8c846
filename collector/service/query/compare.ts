import { exceptionEvents } from './exception-sql.ts'
import { type ListFilter, listParams, passes, type Query, type Range, stepOf } from './query.ts'
import type { RedRow } from './red.ts'
import { closedBounds, mergedRedColumns, openWindow } from './red-rollup.ts'
import { releaseEntries, releaseSource } from './releases.ts'
import { between, isEntry, kindName } from './span-sql.ts'

/** The calls of one side of a comparison: versions of a tier within a time. */
export type SideScope = Range & {
  readonly application: string
  readonly service: string
  readonly version: ListFilter
}

const ofSide = `application = {application:String} AND service = {service:String} AND ${passes('version', 'version')}`
const paramsOf = ({ version, ...rest }: SideScope) => ({ ...rest, ...listParams({ version }) })

export const comparedOperationsMax = 500

export interface SideOperationRow {
  readonly operation: string
  readonly kind: string
  readonly calls: number
  readonly errors: number
  readonly mergedBuckets: readonly number[]
  readonly mergedCounts: readonly number[]
}

/** Calls, errors and durations by bucket of each entry operation of a side, the busiest first. */
export function sideOperationsQuery(scope: SideScope): Query {
  return {
    sql: `${closedBounds}
SELECT
  operation, ${kindName('entry.kind')} AS kind, toFloat64(sum(n)) AS calls, toFloat64(sum(failed)) AS errors,
  sumMap(buckets, counts).1 AS mergedBuckets, sumMap(buckets, counts).2 AS mergedCounts
FROM ${releaseEntries(releaseSource(scope), 'operation, kind', ofSide)} AS entry
GROUP BY operation, kind
ORDER BY calls DESC, operation, kind
LIMIT ${comparedOperationsMax}`,
    params: paramsOf(scope),
  }
}

/** Weights are looked at in so much of the end of a side: samplers change seldom, and raw spans are many. */
const weightsMs = 10 * 60_000

export interface SideWeightRow {
  readonly operation: string
  readonly kind: string
  readonly weights: number
  readonly squares: number
}

/** Sums of weights and of their squares: how much sampling there is. */
export function sideWeightsQuery(scope: SideScope): Query {
  return {
    sql: `
SELECT operation, ${kindName('spans.kind')} AS kind, toFloat64(sum(weight)) AS weights, toFloat64(sum(weight * weight)) AS squares
FROM spans
WHERE ${ofSide} AND ${isEntry} AND ${between('start_time', `greatest({fromMs:Int64}, {toMs:Int64} - ${weightsMs})`, '{toMs:Int64}')}
GROUP BY operation, kind
ORDER BY weights DESC
LIMIT ${comparedOperationsMax}`,
    params: paramsOf(scope),
  }
}

export interface SideStepRow extends RedRow {
  readonly timeMs: number
}

/** RED of a side over time. */
export function sideStepsQuery(scope: SideScope & { stepMs: number }): Query {
  return {
    sql: `${closedBounds}
SELECT ${stepOf('at')} AS timeMs, ${mergedRedColumns()}
FROM ${releaseEntries(releaseSource(scope), 'version', ofSide)}
GROUP BY timeMs
ORDER BY timeMs`,
    params: paramsOf(scope),
  }
}

export const comparedExceptionsMax = 200

export interface SideExceptionRow {
  readonly group: string
  readonly type: string
  readonly message: string
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
  readonly sampleTraceId: string
}

/** Exceptions of a side by group, the most frequent first. The sample is of its last one, to the minute. */
export function sideExceptionsQuery(scope: SideScope): Query {
  const inMinutes =
    'minute >= toDateTime(intDiv(closedFromMs, 1000)) AND minute < toDateTime(intDiv(closedToMs, 1000))'
  return {
    sql: `${closedBounds}
SELECT
  toString(group_hash) AS group, any(exception_type) AS type, argMax(message, at) AS message, toFloat64(sum(n)) AS count,
  toUnixTimestamp64Milli(min(at)) AS firstMs, toUnixTimestamp64Milli(max(at)) AS lastMs, lower(hex(argMax(trace_id, at))) AS sampleTraceId
FROM (
  SELECT group_hash, exception_type, sample_message AS message, count AS n, toDateTime64(minute, 3, 'UTC') AS at, sample_trace_id AS trace_id
  FROM exceptions_1m FINAL
  WHERE ${inMinutes} AND count > 0 AND ${ofSide}
    AND (minute, generation) IN (SELECT minute, max(generation) FROM exceptions_1m WHERE ${inMinutes} GROUP BY minute)
  UNION ALL
  SELECT group_hash, exception_type, message, weight AS n, toDateTime64(start_time, 3, 'UTC') AS at, trace_id
  FROM (${exceptionEvents(openWindow, ofSide)})
)
GROUP BY group_hash
ORDER BY count DESC, group
LIMIT ${comparedExceptionsMax}`,
    params: paramsOf(scope),
  }
}

export interface KnownExceptionRow {
  readonly group: string
  readonly firstMs: number
}

/** Groups that the versions had thrown before a time, however long ago. */
export function knownExceptionsQuery(scope: Omit<SideScope, 'toMs'>): Query {
  return {
    sql: `
SELECT toString(group_hash) AS group, toInt64(toUnixTimestamp(min(first_seen))) * 1000 AS firstMs
FROM exception_sightings
WHERE first_seen < toDateTime(intDiv({fromMs:Int64}, 1000)) AND ${ofSide}
GROUP BY group_hash
ORDER BY firstMs DESC
LIMIT 10000`,
    params: paramsOf({ ...scope, toMs: scope.fromMs }),
  }
}

/** Calls of hours that are over. */
export function callsBeforeQuery(scope: SideScope): Query {
  return {
    sql: `
SELECT toFloat64(sum(calls)) AS calls
FROM red_1h FINAL
WHERE hour >= toDateTime(intDiv({fromMs:Int64}, 1000)) AND hour + INTERVAL 1 HOUR <= toDateTime(intDiv({toMs:Int64}, 1000)) AND ${ofSide}`,
    params: paramsOf(scope),
  }
}
