import { exceptionEvents } from './exception-sql.ts'
import { rangeWindow, type SpanWindow } from './pairing-sql.ts'
import { type Query, type Range, stepOf } from './query.ts'
import { closedBoundsOf, inClosedMinutes, isValid, openWindowOf, redSource } from './red-rollup.ts'

/** Ranges up to this are read from raw spans alone. */
const rawMsMax = 30 * 60_000
const asked = 'application = {application:String}'
const isGroup = 'group_hash = toUInt64({groupHash:String})'
const columns = 'service, version, operation, group_hash, exception_type, sample, message'

const openRows = (window: SpanWindow, narrow: string) => `
  SELECT
    service, version, operation, group_hash, exception_type, trace_id AS sample, message, start_time AS at, weight AS n, true AS raw
  FROM (${exceptionEvents(window, asked)}) WHERE ${narrow}`

/** SQL text: a WITH clause, and rows of exceptions with `at`, their number `n`, and whether they are `raw`. */
function exceptionRows(
  scope: Range & { stepMs?: number },
  narrow: string,
): readonly [bounds: string, rows: string] {
  if (redSource(scope, rawMsMax) === 'raw') return ['', openRows(rangeWindow, narrow)]
  return [
    closedBoundsOf(scope),
    `
  SELECT
    service, version, operation, group_hash, exception_type, sample_trace_id AS sample, sample_message AS message,
    toDateTime64(minute, 9, 'UTC') AS at, count AS n, false AS raw
  FROM exceptions_1m
  WHERE ${isValid('exceptions_1m', 'minute', inClosedMinutes)} AND count > 0 AND ${asked} AND ${narrow}
  UNION ALL ${openRows(openWindowOf(scope), narrow)}`,
  ]
}

export interface ExceptionListRow {
  /** A decimal number beyond 2^53. */
  readonly groupHash: string
  readonly exceptionType: string
  readonly count: number
  readonly message: string
  readonly services: readonly string[]
  readonly operations: readonly string[]
  readonly versions: readonly string[]
  readonly lastSeenMs: number
  /** Of those that are not rolled up; 0: all are. */
  readonly firstRawMs: number
  readonly firstRawVersion: string
  readonly sampleTraceId: string
}

/** `groupHash`: of one group only. */
export function exceptionsQuery(
  scope: Range & { application: string; limit: number; groupHash?: string },
): Query {
  const [bounds, rows] = exceptionRows(scope, scope.groupHash ? isGroup : 'true')
  return {
    sql: `${bounds}
SELECT
  toString(group_hash) AS groupHash, any(exception_type) AS exceptionType, toFloat64(sum(n)) AS count,
  argMax(message, (at, sample)) AS message, lower(hex(argMax(sample, (at, sample)))) AS sampleTraceId,
  arraySort(groupUniqArray(20)(toString(service))) AS services, arraySort(groupUniqArray(20)(toString(operation))) AS operations,
  arraySort(groupUniqArrayIf(20)(toString(version), version != '')) AS versions,
  toUnixTimestamp64Milli(max(at)) AS lastSeenMs,
  if(countIf(raw) = 0, 0, toUnixTimestamp64Milli(minIf(at, raw))) AS firstRawMs, argMinIf(toString(version), at, raw) AS firstRawVersion
FROM (SELECT ${columns}, at, n, raw FROM (${rows}))
GROUP BY group_hash
ORDER BY count DESC, groupHash
LIMIT {limit:UInt32}`,
    params: { ...scope },
  }
}

export interface ExceptionStepRow {
  readonly groupHash: string
  readonly version: string
  readonly timeMs: number
  readonly count: number
}

/** `{groupHash:String}`: of this group and per version; empty: of every group. */
export function exceptionStepsQuery(
  scope: Range & { application: string; stepMs: number; groupHash: string },
): Query {
  const one = scope.groupHash !== ''
  const [bounds, rows] = exceptionRows(scope, one ? isGroup : 'true')
  return {
    sql: `${bounds}
SELECT toString(group_hash) AS groupHash, ${one ? 'toString(version)' : "''"} AS version, ${stepOf('at')} AS timeMs, toFloat64(sum(n)) AS count
FROM (${rows})
GROUP BY groupHash, version, timeMs
ORDER BY groupHash, version, timeMs
LIMIT 100000`,
    params: { ...scope },
  }
}

export interface ExceptionPartRow {
  readonly service: string
  readonly operation: string
  readonly version: string
  readonly count: number
  readonly lastSeenMs: number
}

/** Where a group comes from: the most first. */
export function exceptionPartsQuery(scope: Range & { application: string; groupHash: string }): Query {
  const [bounds, rows] = exceptionRows(scope, isGroup)
  return {
    sql: `${bounds}
SELECT service, operation, version, toFloat64(sum(n)) AS count, toUnixTimestamp64Milli(max(at)) AS lastSeenMs
FROM (${rows})
GROUP BY service, operation, version
ORDER BY count DESC, service, operation, version
LIMIT 200`,
    params: { ...scope },
  }
}

export interface SightingRow {
  readonly groupHash: string
  readonly service: string
  readonly version: string
  readonly firstSeenMs: number
  readonly lastSeenMs: number
}

/** Since when each version has thrown the groups, as far as minutes are rolled up. */
export function sightingsQuery(scope: { application: string; groupHashes: readonly string[] }): Query {
  return {
    sql: `
SELECT
  toString(group_hash) AS groupHash, service, version, toUnixTimestamp(min(first_seen)) * 1000 AS firstSeenMs,
  toUnixTimestamp(max(last_seen)) * 1000 AS lastSeenMs
FROM exception_sightings
WHERE ${asked} AND group_hash IN (SELECT toUInt64(arrayJoin({groupHashes:Array(String)})))
GROUP BY group_hash, service, version
ORDER BY groupHash, firstSeenMs, service, version
LIMIT 10000`,
    params: { ...scope },
  }
}

/** Since when transactions of the application are known; no row: none is rolled up yet. */
export function knownSinceQuery(application: string): Query {
  return {
    sql: `
SELECT toUnixTimestamp(min(first_seen)) * 1000 AS sinceMs FROM transactions WHERE ${asked}
HAVING count() > 0`,
    params: { application },
  }
}

export interface ExceptionGroupRow {
  readonly exceptionType: string
  readonly message: string
  readonly stack: string
}

export function exceptionGroupQuery(groupHash: string): Query {
  return {
    sql: `
SELECT exception_type AS exceptionType, message, stack FROM exception_groups FINAL
WHERE group_hash = toUInt64({groupHash:String})`,
    params: { groupHash },
  }
}

export interface OccurrenceRow {
  readonly atMs: number
  readonly traceId: string
  readonly spanId: string
  readonly clusterId: string
  readonly service: string
  readonly version: string
  readonly pod: string
  readonly operation: string
  readonly exceptionType: string
  readonly message: string
  readonly stack: string
}

/** The newest exceptions of a group within the range, which should be short. */
export function occurrencesQuery(
  scope: Range & { application: string; groupHash: string; limit: number },
): Query {
  return {
    sql: `
SELECT
  toUnixTimestamp64Milli(start_time) AS atMs, lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId,
  cluster_id AS clusterId, service, version, pod, operation, exception_type AS exceptionType, message, stack
FROM (${exceptionEvents(rangeWindow, asked)})
WHERE ${isGroup}
ORDER BY start_time DESC, spanId
LIMIT {limit:UInt32}`,
    params: { ...scope },
  }
}

export interface ErrorLogRow {
  readonly timeMs: number
  readonly service: string
  readonly pod: string
  readonly severity: string
  readonly body: string
  readonly traceId: string
}

/** Records of severity ERROR and above (OTLP: 17) of these traces, or of tiers that log an exception of the type. */
export function errorLogsQuery(
  scope: Range & {
    application: string
    services: readonly string[]
    traceIds: readonly string[]
    exceptionType: string
    limit: number
  },
): Query {
  return {
    sql: `
SELECT
  toUnixTimestamp64Milli(time) AS timeMs, service, pod, severity_text AS severity, body,
  if(trace_id = toFixedString('', 16), '', lower(hex(trace_id))) AS traceId
FROM logs
WHERE time >= fromUnixTimestamp64Milli({fromMs:Int64}) AND time < fromUnixTimestamp64Milli({toMs:Int64})
  AND ${asked} AND service IN {services:Array(String)} AND severity_number >= 17
  AND (trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16)) OR attributes['exception.type'] = {exceptionType:String})
ORDER BY time DESC
LIMIT {limit:UInt32}`,
    params: { ...scope },
  }
}
