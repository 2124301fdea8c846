import { backendName, backendSystem, backendType } from './edge-sql.ts'
import { inRange, type Query, type Range } from './query.ts'
import { inSpanRange, noParent } from './span-sql.ts'

/** Where the time of a transaction goes: from whole traces of a sample of its calls. */
export interface TransactionScope extends Range {
  readonly application: string
  readonly service: string
  readonly transaction: string
}

/** Calls of each group, and spans of all their traces, that are looked at. */
export const anatomyCallsMax = 60
export const anatomySpansMax = 30_000

export interface AnatomyCallRow {
  readonly traceId: string
  /** The entry span. */
  readonly spanId: string
  /** slow: also very slow and stalled. Failed calls are neither: they may have ended early. */
  readonly pace: 'normal' | 'slow'
}

/** The newest snapshots: of normal calls the periodic ones (one a minute, so they are spread over the range), and slow ones. */
export function anatomyCallsQuery(scope: TransactionScope): Query {
  return {
    sql: `
SELECT lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, pace FROM (
SELECT trace_id, span_id, start_time, if(reason = 'periodic', 'normal', 'slow') AS pace
FROM snapshots FINAL
WHERE application = {application:String} AND service = {service:String} AND transaction = {transaction:String}
  AND reason IN ('periodic', 'slow', 'very slow', 'stall') AND ${inRange('start_time')} AND ${inHours}
  AND (toStartOfMinute(start_time), generation) IN (
    SELECT toStartOfMinute(start_time), max(generation) FROM snapshots WHERE ${inMinutes} AND ${inHours} GROUP BY 1
  )
ORDER BY start_time DESC, trace_id, span_id
LIMIT 1 BY trace_id
)
ORDER BY start_time DESC, trace_id, span_id
LIMIT ${anatomyCallsMax} BY pace`,
    params: { ...scope },
  }
}

/** The sort key begins with the hour. */
const inHours =
  'toStartOfHour(start_time) >= toStartOfHour(fromUnixTimestamp64Milli({fromMs:Int64})) AND toStartOfHour(start_time) <= toStartOfHour(fromUnixTimestamp64Milli({toMs:Int64}))'
/** The row that says a minute's generation stands at its begin. */
const inMinutes =
  'start_time >= toStartOfMinute(fromUnixTimestamp64Milli({fromMs:Int64})) AND start_time < fromUnixTimestamp64Milli({toMs:Int64})'

export interface AnatomySpanRow {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly application: string
  readonly service: string
  readonly kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal'
  /** What a client or producer calls, where nothing below it was traced. */
  readonly backendType: 'database' | 'queue' | 'external'
  readonly backendSystem: string
  readonly backendName: string
  readonly startNs: number
  readonly durationNs: number
}

/** A trace may begin before the call, or go on after it. */
const traceMarginMs = 3_600_000

/** Spans of the traces, trace after trace; times in ns since the begin of the range, which a double holds exactly enough. */
export function anatomySpansQuery(scope: Range & { traceIds: readonly string[] }): Query {
  return {
    sql: `
SELECT
  lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId,
  if(parent_span_id = ${noParent}, '', lower(hex(parent_span_id))) AS parentSpanId, application, service,
  transform(span.kind, [2, 3, 4, 5], ['server', 'client', 'producer', 'consumer'], 'internal') AS kind,
  ${backendType} AS backendType, ${backendSystem} AS backendSystem, ${backendName} AS backendName,
  toFloat64(toUnixTimestamp64Nano(start_time) - {fromMs:Int64} * 1000000) AS startNs, toFloat64(duration_ns) AS durationNs
FROM spans AS span FINAL
WHERE trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16)) AND ${inSpanRange('start_time', traceMarginMs)}
ORDER BY trace_id, start_time, span_id
LIMIT ${anatomySpansMax}`,
    params: { ...scope },
  }
}
