import { edgesOf } from './edge-sql.ts'
import { entriesOf } from './entry-sql.ts'
import { flowIdOf } from './flow-map.ts'
import { guarded } from './judged-sql.ts'
import { pairingMarginMs, rangeWindow, skewMs } from './pairing-sql.ts'
import type { Query, Range } from './query.ts'
import { inSpanRange, isEntry } from './span-sql.ts'
import type { Naming } from './transaction-naming.ts'

/**
 * What the traces of one transaction hold, from raw spans: for its flow map, which api/transaction-flow.ts puts together. Rollups
 * know nothing of what lies below a transaction, so the newest calls are looked at:
 *
 *   entered calls (newest) ──▶ their traces ──▶ traces whose consumers link to them ──▶ all spans, all edges of these traces
 */
export interface TransactionFlowScope extends Range {
  readonly application: string
  readonly service: string
  readonly transaction: string
  readonly naming: Naming
}

export interface EnteredCallRow {
  readonly traceId: string
  /** The entry span. */
  readonly spanId: string
  readonly startMs: number
}

/** The newest calls that enter by it. */
export function enteredCallsQuery({ naming, ...scope }: TransactionFlowScope, limit: number): Query {
  const condition = 'application = {application:String} AND service = {service:String}'
  return {
    sql: `
SELECT lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, toUnixTimestamp64Milli(start_time) AS startMs
FROM (${guarded(entriesOf(rangeWindow, naming, condition), naming)})
WHERE transaction = {transaction:String}
ORDER BY start_time DESC, traceId, spanId
LIMIT {limit:UInt32}`,
    params: { ...scope, naming: naming.revision, limit },
  }
}

/** When it was last called, as far as that is rolled up: the end of its newest minute; no row, or 0: not in the range. */
export function lastCalledQuery({ naming: _, ...scope }: TransactionFlowScope): Query {
  return {
    sql: `
SELECT if(count() = 0, 0, (toFloat64(toUnixTimestamp(max(minute))) + 60) * 1000) AS untilMs FROM transactions_1m
WHERE application = {application:String} AND service = {service:String} AND transaction = {transaction:String} AND calls > 0
  AND minute >= fromUnixTimestamp64Milli({fromMs:Int64}) AND minute < fromUnixTimestamp64Milli({toMs:Int64})`,
    params: { ...scope },
  }
}

/** Traces that the calls of `fromMs`–`toMs` began or went on in. */
export interface FlowTraces extends Range {
  readonly traceIds: readonly string[]
}

export const among = 'trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))'

/** What a call leads to may start a little before it, by other clocks, and as long after it as a message waits. */
const around = ({ fromMs, toMs }: Range): Range => ({
  fromMs: fromMs - skewMs,
  toMs: toMs + pairingMarginMs,
})

export type LinkedTracesQuery = (traces: FlowTraces, limit: number) => Query

/** Other traces, whose consumers took messages of these. */
export function linkingTracesQuery(traces: FlowTraces, limit: number): Query {
  return {
    sql: `
SELECT DISTINCT lower(hex(trace_id)) AS traceId
FROM spans ARRAY JOIN links_trace_id AS linked
PREWHERE kind = 5
WHERE ${inSpanRange('start_time')} AND ${among.replace('trace_id', 'linked')} AND NOT ${among}
ORDER BY traceId
LIMIT {limit:UInt32}`,
    params: { ...traces, ...around(traces), limit },
  }
}

/** Other traces, of which these took messages. */
export function linkedTracesQuery(traces: FlowTraces, limit: number): Query {
  return {
    sql: `
SELECT DISTINCT lower(hex(linked)) AS traceId
FROM spans ARRAY JOIN links_trace_id AS linked
PREWHERE kind = 5
WHERE ${inSpanRange('start_time')} AND ${among} AND NOT ${among.replace('trace_id', 'linked')}
ORDER BY traceId
LIMIT {limit:UInt32}`,
    params: { ...traces, ...around(traces), limit },
  }
}

/** How many spans each has. */
export function traceSizesQuery(traces: FlowTraces): Query {
  return {
    sql: `
SELECT lower(hex(trace_id)) AS traceId, toFloat64(count()) AS spans FROM spans
WHERE ${among} AND ${inSpanRange('start_time')}
GROUP BY traceId`,
    params: { ...traces, ...around(traces) },
  }
}

export interface FlowSpanRow {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  /** `trace id/span id` */
  readonly links: readonly string[]
  readonly application: string
  readonly service: string
  readonly version: string
  /** Cluster, namespace and pod. */
  readonly node: string
  readonly isEntry: boolean
  readonly durationMs: number
  readonly failed: boolean
  readonly weight: number
}

export function flowSpansQuery(traces: FlowTraces, limit: number): Query {
  return {
    sql: `
SELECT
  lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, lower(hex(parent_span_id)) AS parentSpanId,
  arrayMap((trace, span) -> concat(lower(hex(trace)), '/', lower(hex(span))), links_trace_id, links_span_id) AS links,
  application, service, version, concat(cluster_id, '/', namespace, '/', pod) AS node, toBool(${isEntry}) AS isEntry,
  duration_ns / 1e6 AS durationMs, toBool(status = 2) AS failed, weight
FROM spans FINAL
WHERE ${among} AND ${inSpanRange('start_time')}
ORDER BY trace_id, start_time, span_id
LIMIT {limit:UInt32}`,
    params: { ...traces, ...around(traces), limit },
  }
}

/** One call over an edge. */
export interface FlowCallRow {
  readonly traceId: string
  /** The entry span; of a callee that sends no spans the client span. */
  readonly spanId: string
  /** See FlowEdgeRow. */
  readonly caller: string
  readonly callee: string
  readonly async: boolean
  readonly durationMs: number
  readonly failed: boolean
  readonly weight: number
}

/** Every call over an edge within the traces. */
export function flowCallsQuery(
  traces: FlowTraces & { readonly application: string; readonly nowMs: number },
  limit: number,
): Query {
  return {
    sql: `
SELECT
  lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, ${flowIdOf('caller')} AS caller, ${flowIdOf('callee')} AS callee,
  async, durationNs / 1e6 AS durationMs, toBool(outcome = 2) AS failed, weight
FROM (${edgesOf(rangeWindow, { application: '{application:String}', traces: among })})
LIMIT {limit:UInt32}`,
    params: { ...traces, ...around(traces), limit },
  }
}
