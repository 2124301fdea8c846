import { inRange, type Query } from './query.ts'
import { rolledUpMsOf } from './red-rollup.ts'
import { inSpanRange, kindName, noParent, once, statusName } from './span-sql.ts'

/** A trace by its id as 32 hex digits. Its spans start in `fromMs`–`toMs`; left out: on any day. */
export interface TraceKey {
  readonly traceId: string
  readonly fromMs?: number
  readonly toMs?: number
}

/** Where its spans are. */
export interface FoundTrace {
  readonly key: TraceKey
  /** The hours (Unix s) in which some start. */
  readonly hours: readonly number[]
  /** None of its spans is so new that the index may have lacked it a moment ago. */
  readonly isIndexed: boolean
  /** The minutes in which they start: from the first, to the end of the last, within the bounds of the key. */
  readonly fromMs: number
  readonly toMs: number
}

const isTrace = 'trace_id = unhex({traceId:String})'
const farFutureMs = 4_102_444_800_000
/** To understand a condition takes ClickHouse longer than to check it, so bounds are named only where there are some. */
const isBounded = ({ fromMs, toMs }: TraceKey) => fromMs !== undefined || toMs !== undefined
const paramsOf = ({ traceId, fromMs = 0, toMs = farFutureMs }: TraceKey) => ({ traceId, fromMs, toMs })

/** A minute (Unix ms of its start) in which spans of the trace start. */
export interface TraceMinuteRow {
  readonly minuteMs: number
  readonly isIndexed: boolean
}

/** More than are kept; a trace that has more is found in some of them. */
const minutesMax = 50_000
/** A span is visible at most so long after its receipt, by whichever replica's clock. */
const visibleWithinMs = 60_000

/**
 * A trace is found by its id alone, without a look into the spans of every day: what is rolled up is in an index. Not in it yet
 * may be spans of the minutes that are not rolled up, and those received since the rollup's progress, whose minute may have been
 * rolled up before. Apart, so that the time of parts and the index of receipts leave none of what is rolled up.
 */
export function traceMinutesQuery(key: TraceKey, receivedUntilMs: number): Query {
  const bounds = isBounded(key)
    ? {
        index:
          'AND minute >= toStartOfMinute(fromUnixTimestamp64Milli({fromMs:Int64})) AND minute < fromUnixTimestamp64Milli({toMs:Int64})',
        spans: `AND ${inSpanRange('start_time')}`,
      }
    : { index: '', spans: '' }
  const newest = (condition: string) => `
SELECT DISTINCT toUnixTimestamp(toStartOfMinute(start_time)) * 1000 AS minuteMs, false AS isIndexed FROM spans
WHERE ${isTrace} AND ${condition} ${bounds.spans} LIMIT ${minutesMax}`
  return {
    sql: `
SELECT toUnixTimestamp(minute) * 1000 AS minuteMs, true AS isIndexed FROM trace_index WHERE ${isTrace} ${bounds.index} LIMIT ${minutesMax}
UNION ALL ${newest('start_time >= fromUnixTimestamp64Milli({openFromMs:Int64})')}
UNION ALL ${newest('received_at >= fromUnixTimestamp64Milli({newFromMs:Int64})')}`,
    params: {
      ...paramsOf(key),
      openFromMs: Math.max(0, Math.floor(rolledUpMsOf(receivedUntilMs) / 60_000) * 60_000),
      newFromMs: Math.max(0, receivedUntilMs - visibleWithinMs),
    },
  }
}

/** No minute: it is not stored. */
export function foundTrace(key: TraceKey, minutes: readonly TraceMinuteRow[]): FoundTrace | undefined {
  if (minutes.length === 0) return undefined
  const starts = minutes.map((row) => row.minuteMs)
  const { fromMs, toMs } = paramsOf(key)
  return {
    key,
    hours: [...new Set(starts.map((ms) => Math.floor(ms / 3_600_000) * 3_600))],
    isIndexed: minutes.every((row) => row.isIndexed),
    fromMs: Math.max(fromMs, Math.min(...starts)),
    toMs: Math.min(toMs, Math.max(...starts) + 60_000),
  }
}

/** `indexed`: those of the index; left out: of every day. */
export interface SpansOfTrace {
  readonly key: TraceKey
  readonly hours?: readonly number[] | 'indexed'
}

/** Hour and trace are the beginning of the primary key. */
const isSpan = ({ key, hours }: SpansOfTrace) =>
  [
    isTrace,
    ...(hours === undefined ? [] : [`toStartOfHour(start_time) IN ${hoursOf(hours)}`]),
    ...(isBounded(key) ? [inSpanRange('start_time')] : []),
  ].join(' AND ')
const hoursOf = (hours: readonly number[] | 'indexed') =>
  hours === 'indexed'
    ? `(SELECT toStartOfHour(minute) FROM trace_index WHERE ${isTrace})`
    : '{hours:Array(UInt32)}'
const spanParams = ({ key, hours }: SpansOfTrace) => ({ ...paramsOf(key), ...(hours && { hours }) })

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

export function traceSpansQuery(found: SpansOfTrace, limit: number): Query {
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
FROM spans AS span
-- Of a granule, the rows of the trace alone are read whole; with FINAL all would be.
PREWHERE ${isSpan(found)}
ORDER BY start_time, span_id
${once}
LIMIT {limit:UInt32}`,
    params: { ...spanParams(found), limit },
  }
}

export interface ResourceAttributesRow {
  readonly resourceId: string
  readonly attributes: Record<string, string>
}

export function traceResourcesQuery(found: SpansOfTrace): Query {
  return {
    sql: `
SELECT toString(resource_id) AS resourceId, attributes FROM resources FINAL
WHERE resource_id IN (SELECT resource_id FROM spans WHERE ${isSpan(found)})
LIMIT 1000`,
    params: spanParams(found),
  }
}

export interface TraceLogRow {
  readonly timeMs: number
  readonly spanId: string
  readonly severity: string
  readonly service: string
  readonly body: string
}

/** Of so long before and after its minutes. */
const logsMarginMs = 3_600_000

export function traceLogsQuery({ key, fromMs, toMs }: FoundTrace, limit: number): Query {
  return {
    sql: `
SELECT
  toUnixTimestamp64Nano(time) / 1e6 AS timeMs, lower(hex(span_id)) AS spanId,
  severity_text AS severity, service, body
FROM logs
WHERE ${isTrace} AND ${inRange('time')}
ORDER BY time
LIMIT {limit:UInt32}`,
    params: { traceId: key.traceId, fromMs: fromMs - logsMarginMs, toMs: toMs + logsMarginMs, limit },
  }
}
