import { entriesOf } from './entry-sql.ts'
import { exceptionEvents } from './exception-sql.ts'
import { guarded } from './judged-sql.ts'
import { rangeWindow } from './pairing-sql.ts'
import { type ListFilter, listParams, passes, type Query, type Range, stepOf } from './query.ts'
import { inSpanRange, noParent, once } from './span-sql.ts'
import { isDatabaseCall, statementHash } from './statement-sql.ts'
import type { Naming } from './transaction-naming.ts'

export interface TraceFilter extends Range {
  readonly application: ListFilter
  readonly service: ListFilter
  readonly operation: ListFilter
  readonly version: ListFilter
  readonly pod: ListFilter
  readonly namespace: ListFilter
  /** What a client or producer span calls (wire/peer.ts), a queue, the route and method of an HTTP span. */
  readonly peer?: ListFilter
  readonly destination?: ListFilter
  readonly route?: ListFilter
  readonly method?: ListFilter
  /** Hash of a database statement, of a group of exceptions: a decimal number. */
  readonly statement?: string
  readonly exception?: string
  /** The transaction that began the trace, of the one application that is asked for. */
  readonly transaction?: TransactionFilter
  readonly status: 'error' | 'ok' | ''
  /** Of the longest span that matches; 0: no bound. */
  readonly minMs: number
  readonly maxMs: number
  /** Attributes that one span must have, all with these values: its own, or those of its resource, scope, events or links. */
  readonly attributes: readonly (readonly [key: string, value: string])[]
}

export interface TransactionFilter {
  readonly application: string
  /** Entry tier; '': any. */
  readonly entry: string
  readonly transaction: string
  readonly naming: Naming
}

/** Spans of a trace may start this long before or after those that matched. */
const traceMarginMs = 3_600_000
const lists = ['application', 'service', 'operation', 'version', 'pod', 'namespace'] as const
/** Asked for rarely: their columns are read only then. */
const rareLists = {
  peer: 'peer',
  destination: 'messaging_destination',
  route: 'http_route',
  method: 'http_method',
} as const
const rareKeys = Object.keys(rareLists) as (keyof typeof rareLists)[]

const isAsked = (list: ListFilter | undefined) => list !== undefined && list.in.length + list.out.length > 0

/** SQL text: of what is asked for alone, since each condition takes time to understand, and again for each row. */
function conditionsOf(filter: TraceFilter): string {
  const conditions = [
    ...lists.filter((name) => isAsked(filter[name])).map((name) => passes(name, name)),
    ...rareKeys.filter((name) => isAsked(filter[name])).map((name) => passes(name, rareLists[name])),
    ...filter.attributes.map(([, value], at) => hasPair(at, value)),
  ]
  if (filter.statement) conditions.push(isDatabaseCall, `${statementHash} = {statement:UInt64}`)
  if (filter.exception)
    conditions.push(
      "has(events_name, 'exception')",
      `(trace_id, span_id) IN (
    SELECT trace_id, span_id FROM (${exceptionEvents(rangeWindow)}) WHERE group_hash = {exception:UInt64}
  )`,
    )
  if (filter.transaction) conditions.push(beganBy(filter.transaction, isOfSpans(filter)))
  return conditions.map((condition) => `AND ${condition}`).join(' ')
}

/** SQL text: what is asked of all spans of a trace that match. */
function boundsOf({ minMs, maxMs, status }: TraceFilter): string {
  const bounds = [
    ...(minMs > 0 ? ['longestNs >= {minMs:Float64} * 1e6'] : []),
    ...(maxMs > 0 ? ['longestNs <= {maxMs:Float64} * 1e6'] : []),
    ...(status === '' ? [] : [`failed ${status === 'error' ? '>' : '='} 0`]),
  ]
  return bounds.length === 0 ? '' : `HAVING ${bounds.join(' AND ')}`
}

/** Something is asked of spans that need not be the entry span. */
const isOfSpans = (filter: TraceFilter) =>
  [...lists, ...rareKeys].some((name) => name !== 'application' && isAsked(filter[name])) ||
  filter.attributes.length > 0 ||
  filter.statement !== undefined ||
  filter.exception !== undefined

/** SQL text: the span is the call that entered by the transaction; `within`: it is of a trace that such a call is in. */
function beganBy({ naming }: TransactionFilter, within: boolean): string {
  const condition = "application = {application:String} AND ({entry:String} = '' OR service = {entry:String})"
  return `${within ? 'trace_id' : '(trace_id, span_id)'} IN (
    SELECT trace_id${within ? '' : ', span_id'}
    FROM (${guarded(entriesOf(rangeWindow, naming, condition), naming)})
    WHERE transaction = {transaction:String}
  )`
}

/** SQL text: the span has the pair in one of the places in which OTLP keeps attributes; a key that is missing has the value ''. */
function hasPair(at: number, value: string): string {
  const isValue = `= {attributeValue${at}:String}`
  const isPair = (map: string) => `${map}[{attributeKey${at}:String}] ${isValue}`
  // Few spans have the value under any key: that is a look into the dictionary of a column, a map's key is sought in each row.
  const isOwn =
    value === ''
      ? isPair('attributes')
      : `has(attributes.values, {attributeValue${at}:String}) AND attributes.values[indexOf(attributes.keys, {attributeKey${at}:String})] ${isValue}`
  return `(${isOwn} OR ${isPair('scope_attributes')}
    OR arrayExists(one -> ${isPair('one')}, events_attributes) OR arrayExists(one -> ${isPair('one')}, links_attributes)
    OR resource_id IN (SELECT resource_id FROM resources WHERE ${isPair('attributes')}))`
}

/** Traces with a span that passes every filter: one row each, with what sorts it. A span that is stored twice changes nothing: no FINAL. */
const matching = (filter: TraceFilter) => `
SELECT trace_id, min(start_time) AS firstAt, max(duration_ns) AS longestNs, max(status = 2) AS failed
FROM spans
WHERE ${inSpanRange('start_time')} ${conditionsOf(filter)}
GROUP BY trace_id
${boundsOf(filter)}`

export interface TraceListRow {
  readonly traceId: string
  readonly startMs: number
  readonly durationMs: number
  readonly rootService: string
  readonly rootOperation: string
  readonly rootMissing: boolean
  readonly spans: number
  readonly errors: number
  readonly services: readonly string[]
  readonly httpStatus: number
  /** service@version */
  readonly versions: readonly string[]
}

export interface TracePage {
  readonly sort: 'newest' | 'slowest'
  readonly limit: number
}

const isRoot = `parent_span_id = ${noParent}`
const rank = 'if(isRoot, 0, 1), start_time'

/** SQL text: a row for each trace of those that the condition names. */
const traceRows = (within: string, { sort }: TracePage) => `
SELECT
  lower(hex(trace_id)) AS traceId,
  toUnixTimestamp64Nano(min(start_time)) / 1e6 AS startMs,
  (max(toUnixTimestamp64Nano(start_time) + toInt64(duration_ns)) - toUnixTimestamp64Nano(min(start_time))) / 1e6 AS durationMs,
  argMin(service, (${rank})) AS rootService,
  argMin(operation, (${rank})) AS rootOperation,
  toBool(countIf(isRoot) = 0) AS rootMissing,
  toFloat64(count()) AS spans,
  toFloat64(countIf(status = 2)) AS errors,
  arraySort(groupUniqArray(100)(toString(service))) AS services,
  argMin(http_status, (${rank})) AS httpStatus,
  arraySort(groupUniqArrayIf(100)(concat(service, '@', version), version != '')) AS versions
FROM (
  SELECT trace_id, start_time, duration_ns, service, operation, version, status, http_status, ${isRoot} AS isRoot FROM spans
  WHERE ${within} ${once}
)
GROUP BY trace_id
ORDER BY ${{ newest: 'startMs DESC', slowest: 'durationMs DESC' }[sort]}, traceId`

export function tracesQuery(filter: TraceFilter, page: TracePage): Query {
  const order = { newest: 'firstAt DESC', slowest: 'longestNs DESC' }[page.sort]
  return {
    sql: traceRows(
      `${inSpanRange('start_time', traceMarginMs)} AND trace_id IN (
    SELECT trace_id FROM (${matching(filter)} ORDER BY ${order}, trace_id LIMIT {limit:UInt32})
  )`,
      page,
    ),
    params: { ...traceParams(filter), limit: page.limit },
  }
}

/** The same of traces that were found, by the times of what matched. */
export function foundTracesQuery(found: MatchesRow['found'], page: TracePage): Query {
  const times = found.map(([, firstMs]) => firstMs)
  return {
    sql: traceRows(
      `${inSpanRange('start_time', traceMarginMs)} AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({traceIds:Array(String)})), 16))`,
      page,
    ),
    params: {
      fromMs: Math.min(...times),
      toMs: Math.max(...times) + 1,
      traceIds: found.map(([traceId]) => traceId),
    },
  }
}

export interface TraceStepRow {
  readonly timeMs: number
  readonly ok: number
  readonly error: number
}

/** All matching traces over time. */
export function traceStepsQuery(filter: TraceFilter, stepMs: number): Query {
  return {
    sql: `
SELECT ${stepOf('firstAt')} AS timeMs, toFloat64(countIf(failed = 0)) AS ok, toFloat64(countIf(failed > 0)) AS error
FROM (${matching(filter)})
GROUP BY timeMs
ORDER BY timeMs`,
    params: { ...traceParams(filter), stepMs },
  }
}

export interface MatchesRow extends TraceStepRow {
  /** Of the whole range, and then with the page's traces; else of a step. */
  readonly whole: boolean
  readonly found: readonly (readonly [traceId: string, firstMs: number])[]
}

/**
 * Both of the above in one reading of the spans: the page's traces and all matching ones over time. The limit is part of the
 * text: an aggregate function takes no parameters.
 */
export function matchesQuery(filter: TraceFilter, { sort, limit }: TracePage, stepMs: number): Query {
  const order = { newest: '-toUnixTimestamp64Nano(firstAt)', slowest: '-toInt64(longestNs)' }[sort]
  return {
    sql: `
SELECT
  toBool(grouping(timeMs) = 1) AS whole, timeMs, toFloat64(countIf(failed = 0)) AS ok, toFloat64(countIf(failed > 0)) AS error,
  if(whole, arrayMap(one -> (lower(hex(one.2)), toFloat64(one.3)), groupArraySorted(${limit})((${order}, trace_id, toUnixTimestamp64Milli(firstAt)))), []) AS found
FROM (SELECT *, ${stepOf('firstAt')} AS timeMs FROM (${matching(filter)}))
GROUP BY GROUPING SETS ((), (timeMs))
ORDER BY whole, timeMs`,
    params: { ...traceParams(filter), stepMs },
  }
}

function traceParams(filter: TraceFilter): Record<string, unknown> {
  const { fromMs, toMs, status, minMs, maxMs, attributes, statement, exception, transaction } = filter
  const given = [...lists, ...rareKeys].flatMap((name) => {
    const list = filter[name]
    return list ? [[name, list] as const] : []
  })
  return {
    fromMs,
    toMs,
    status,
    minMs,
    maxMs,
    // One condition each: a key that is a constant is found a third as dear as one that a lambda is given.
    ...Object.fromEntries(
      attributes.flatMap(([key, value], at) => [
        [`attributeKey${at}`, key],
        [`attributeValue${at}`, value],
      ]),
    ),
    ...(statement ? { statement } : {}),
    ...(exception ? { exception } : {}),
    ...(transaction ? { ...transaction, naming: transaction.naming.revision } : {}),
    ...listParams(Object.fromEntries(given)),
  }
}
