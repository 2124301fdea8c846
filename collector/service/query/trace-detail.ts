import type { Query } from './query.ts'
import { receivedUntilMs, rolledUpMs } from './red-rollup.ts'
import { between, inSpanRange, kindName, noParent, once, statusName } from './span-sql.ts'

/** A trace by its id as 32 hex digits. `fromMs`–`toMs` bound the look-up; 0 and a far future: all days. */
export interface TraceKey {
  readonly traceId: string
  readonly fromMs: number
  readonly toMs: number
}

/** Where its spans are: the hours (Unix s) in which some start; unknown: anywhere within the bounds. */
export interface FoundTrace extends TraceKey {
  readonly hours?: readonly number[]
}

const isTrace = 'trace_id = toFixedString(unhex({traceId:String}), 16)'
const within = ({ hours }: FoundTrace) =>
  `${inSpanRange('start_time')}${hours ? " AND toStartOfHour(start_time) IN (SELECT toDateTime(arrayJoin({hours:Array(UInt32)}), 'UTC'))" : ''}`
const bounded = (column: string) =>
  `${column} >= fromUnixTimestamp64Milli({fromMs:Int64}) AND ${column} < fromUnixTimestamp64Milli({toMs:Int64})`

export interface TraceHourRow {
  readonly hour: number
  /** Of the minutes of the hour that hold spans, or of the spans themselves. */
  readonly fromMs: number
  readonly toMs: number
}

/** A span is visible at most so long after its receipt, by whichever replica's clock. */
const visibleWithinMs = 60_000

/**
 * The hours of a trace: from the index, from the raw spans of the minutes that are not rolled up yet, and from those received
 * since the rollup's progress, whose minute may have been rolled up before. So a trace is found by its id alone, also when it
 * arrives late, without a look into the spans of every day.
 */
export function traceHoursQuery(key: TraceKey): Query {
  return {
    sql: `
WITH
  greatest({fromMs:Int64}, ifNull(intDiv(${rolledUpMs}, 60000) * 60000, 0)) AS openFromMs,
  greatest(0, ifNull(${receivedUntilMs}, 0) - ${visibleWithinMs}) AS newFromMs
SELECT toUnixTimestamp(toStartOfHour(at)) AS hour, min(startMs) AS fromMs, max(endMs) AS toMs FROM (
  SELECT minute AS at, toInt64(toUnixTimestamp(minute)) * 1000 AS startMs, startMs + 60000 AS endMs FROM trace_index
  WHERE ${isTrace} AND minute >= toStartOfMinute(fromUnixTimestamp64Milli({fromMs:Int64}))
    AND minute < fromUnixTimestamp64Milli({toMs:Int64})
  UNION ALL
  SELECT toDateTime(start_time) AS at, toUnixTimestamp64Milli(start_time) AS startMs, startMs + 1 AS endMs FROM spans
  WHERE ${isTrace} AND ${between('start_time', 'openFromMs', '{toMs:Int64}')}
  UNION ALL
  SELECT toDateTime(start_time) AS at, toUnixTimestamp64Milli(start_time) AS startMs, startMs + 1 AS endMs FROM spans
  WHERE ${isTrace} AND received_at >= fromUnixTimestamp64Milli(newFromMs) AND ${inSpanRange('start_time')}
)
GROUP BY hour
ORDER BY hour
LIMIT 1000`,
    params: { ...key },
  }
}

export interface TraceSpanRow {
  readonly spanId: string
  readonly parentSpanId: string
  readonly service: string
  readonly version: string
  readonly application: string
  readonly namespace: string
  readonly pod: string
  readonly operation: string
  readonly kind: string
  readonly status: string
  readonly statusMessage: string
  readonly startMs: number
  readonly durationMs: number
  readonly clamped: boolean
  readonly peer: string
  readonly attributes: Record<string, string>
  readonly resourceId: string
  readonly scope: string
  readonly events: readonly (readonly [timeMs: number, name: string, attributes: Record<string, string>])[]
  readonly links: readonly (readonly [traceId: string, spanId: string])[]
}

const spanColumns =
  'trace_id, span_id, parent_span_id, service, version, application, namespace, pod, operation, kind, status, status_message, start_time, duration_ns, clamped, peer, attributes, resource_id, scope_name, events_time, events_name, events_attributes, links_trace_id, links_span_id'

export function traceSpansQuery(key: FoundTrace, limit: number): Query {
  return {
    sql: `
SELECT
  lower(hex(span_id)) AS spanId,
  if(parent_span_id = ${noParent}, '', lower(hex(parent_span_id))) AS parentSpanId,
  service, version, application, namespace, pod, operation, ${kindName('span.kind')} AS kind, ${statusName('span.status')} AS status,
  status_message AS statusMessage,
  toUnixTimestamp64Nano(start_time) / 1e6 AS startMs, duration_ns / 1e6 AS durationMs, clamped, peer, attributes,
  toString(resource_id) AS resourceId, scope_name AS scope,
  arrayMap((t, n, a) -> (toUnixTimestamp64Nano(t) / 1e6, toString(n), a), events_time, events_name, events_attributes) AS events,
  arrayMap((t, s) -> (lower(hex(t)), lower(hex(s))), links_trace_id, links_span_id) AS links
FROM (
  -- Of a granule, the rows of the trace alone are read whole; with FINAL all would be.
  SELECT ${spanColumns} FROM spans PREWHERE ${isTrace} WHERE ${within(key)}
  ${once}
) AS span
ORDER BY start_time, span_id
LIMIT {limit:UInt32}`,
    params: { ...key, limit },
  }
}

export interface ResourceAttributesRow {
  readonly resourceId: string
  readonly attributes: Record<string, string>
}

export function traceResourcesQuery(key: FoundTrace): Query {
  return {
    sql: `
SELECT toString(resource_id) AS resourceId, argMax(resources.attributes, last_seen) AS attributes
FROM resources
WHERE resource_id IN (SELECT resource_id FROM spans WHERE ${isTrace} AND ${within(key)})
GROUP BY resource_id
LIMIT 1000`,
    params: { ...key },
  }
}

export interface TraceLogRow {
  readonly timeMs: number
  readonly spanId: string
  readonly severity: string
  readonly service: string
  readonly body: string
}

export function traceLogsQuery(key: TraceKey, limit: number): Query {
  return {
    sql: `
SELECT
  toUnixTimestamp64Nano(time) / 1e6 AS timeMs, lower(hex(span_id)) AS spanId,
  severity_text AS severity, service, body
FROM logs
WHERE ${isTrace} AND ${bounded('time')}
ORDER BY time
LIMIT {limit:UInt32}`,
    params: { ...key, limit },
  }
}
