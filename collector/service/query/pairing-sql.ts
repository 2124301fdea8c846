import type { Known, Range } from './query.ts'
import { between, inSpanRange, noParent } from './span-sql.ts'

/**
 * Which span called which. Both halves of a call are spans of their own, often stored by different inserts. A callee pairs with
 * its caller by parent or, for a message, by a link, when it starts
 *
 *   caller starts                                                     callee may start
 *        │◀─ skew ─▶│──────────── soon ────────────▶│── the caller is a producer or ran long ──▶│ pairingMarginMs
 *
 * at most `skewMs` before the caller (clocks of two hosts) and at most `soonMs` after it; or later, within the margin, when the
 * caller is a producer (messages wait in queues) or ran for `longMs`. So the callers of a minute are found without reading
 * every span of the ten minutes before it.
 */
export const skewMs = 30_000
export const soonMs = 120_000
export const longMs = 60_000
/** A message waits in a queue at most so long. */
export const pairingMarginMs = 10 * 60_000

/** SQL text: the spans that a question is about, by their start, and those around them. */
export interface SpanWindow extends Absent {
  readonly own: (column: string) => string
  readonly around: (column: string, beforeMs: number, afterMs: number) => string
}

/** What spans are known to have none of, margins included. */
export interface Absent {
  readonly sidecars?: false
  readonly links?: false
}

/** The range `{fromMs:Int64}`–`{toMs:Int64}`. */
export const rangeWindow: SpanWindow = {
  own: inSpanRange,
  around: (column, beforeMs, afterMs) =>
    between(column, `{fromMs:Int64} - ${beforeMs}`, `{toMs:Int64} + ${afterMs}`),
}

/** What is known of a window whose own spans start at `fromMs` or later. */
export function absentSince(
  { noSidecarsSinceMs = Number.POSITIVE_INFINITY, noLinksSinceMs = Number.POSITIVE_INFINITY }: Known,
  fromMs: number,
): Absent {
  const sinceMs = fromMs - pairingMarginMs
  return {
    ...(noSidecarsSinceMs <= sinceMs && { sidecars: false }),
    ...(noLinksSinceMs <= sinceMs && { links: false }),
  }
}

export const rangeWindowOf = (range: Range): SpanWindow => ({
  ...rangeWindow,
  ...absentSince(range, range.fromMs),
})

const isLasting = `(kind = 4 OR duration_ns >= ${longMs * 1_000_000})`

/** Sidecars that a call passes through one after the other: its own, that of the callee, waypoints between them. */
const sidecarsMax = 8

/**
 * SQL text: of each sidecar span (trace id, span id) the first span above it that is none: who a call really comes from when
 * it names a sidecar as its parent. Traces without sidecars cost the reading of a column of zeros.
 */
export const sidecarsOf = ({ around }: SpanWindow): string => `
  SELECT trace_id, carried.1 AS span_id, carried.2 AS caller_span_id
  FROM (
    SELECT
      trace_id, groupArray((span_id, parent_span_id)) AS hops,
      mapFromArrays(groupArray(span_id), groupArray(parent_span_id)) AS above,
      arrayMap(hop -> (hop.1, arrayFold((at, step) -> if(mapContains(above, at), above[at], at), range(${sidecarsMax}), hop.2)), hops) AS carries
    FROM spans
    WHERE sidecar AND ${around('start_time', pairingMarginMs, skewMs)}
    GROUP BY trace_id
  )
  ARRAY JOIN carries AS carried
  LIMIT 1 BY trace_id, span_id`

/** SQL text: the rows, with `trace_id` and `parent_span_id`, as called by who stands behind any sidecars. */
export const behindSidecars = (window: SpanWindow, rows: string): string =>
  window.sidecars === false
    ? rows
    : `
  SELECT row.* EXCEPT (parent_span_id), if(hop.span_id = ${noParent}, row.parent_span_id, hop.caller_span_id) AS parent_span_id
  FROM (${rows}) AS row
  LEFT JOIN (${sidecarsOf(window)}) AS hop ON hop.trace_id = row.trace_id AND hop.span_id = row.parent_span_id`

/** SQL text: a span id as a number: a set of numbers is looked up in twice as fast as one of (trace id, span id). */
export const spanNumber = (spanId: string): string => `reinterpretAsUInt64(${spanId})`

/**
 * SQL text: spans that may have called a callee of the window, `found` true; `refs`: the `spanNumber`s to look for. Whoever
 * joins them says the trace too, and takes one row of a span that was sent twice: LEFT ANY JOIN.
 */
export const callersOf = (window: SpanWindow, refs: string, condition = 'true'): string => {
  const behind =
    window.sidecars === false
      ? ''
      : `OR ${spanNumber('span_id')} IN (SELECT ${spanNumber('caller_span_id')} FROM (${sidecarsOf(window)}))`
  return mayCall(window, `${condition} AND (${spanNumber('span_id')} IN (${refs}) ${behind})`)
}

/** SQL text: all spans that may have called a callee of the window, as `callersOf`: more than most joins should keep. */
export const mayCall = ({ around }: SpanWindow, condition: string): string => `
  SELECT trace_id, span_id, application, service, version, kind, duration_ns, status, start_time, true AS found
  FROM spans
  WHERE ${around('start_time', pairingMarginMs, skewMs)} AND (${around('start_time', soonMs, skewMs)} OR ${isLasting})
    AND NOT sidecar AND ${condition}`

/** SQL text: the join found a caller, and both lie close enough. */
export function isPair(caller: string, callee: string): string {
  const gapMs = `(toUnixTimestamp64Milli(${callee}.start_time) - toUnixTimestamp64Milli(${caller}.start_time))`
  const lasting = `(${caller}.kind = 4 OR ${caller}.duration_ns >= ${longMs * 1_000_000})`
  return `(${caller}.found AND ${gapMs} >= -${skewMs} AND (${gapMs} <= ${soonMs} OR (${gapMs} <= ${pairingMarginMs} AND ${lasting})))`
}

/** SQL text: the key of a span in `calledFrom`: two of a billion spans have the same with a chance of 1 in 40. */
export const callerKey = (traceId: string, spanId: string): string => `cityHash64(${traceId}, ${spanId})`

/** SQL text: `callerKey` of everything that a callee names as its caller, through sidecars too, and that may lie in the window. */
export const calledFrom = (window: SpanWindow, condition = 'true'): string => {
  const { own, around, sidecars, links } = window
  const near = `kind IN (2, 5) AND NOT sidecar AND parent_span_id != ${noParent} AND ${condition} AND ${around('start_time', skewMs, pairingMarginMs)} AND (
    ${around('start_time', skewMs, soonMs)} OR kind = 5
    OR trace_id IN (SELECT trace_id FROM spans WHERE kind IN (3, 4) AND duration_ns >= ${longMs * 1_000_000} AND ${own('start_time')})
  )`
  const direct = `
  SELECT ${callerKey('trace_id', 'parent_span_id')} FROM spans
  WHERE ${near}`
  const behind = `
  SELECT ${callerKey('trace_id', 'caller_span_id')} FROM (${sidecarsOf({ own, around: (column) => around(column, skewMs, pairingMarginMs) })})
  WHERE (trace_id, span_id) IN (SELECT trace_id, parent_span_id FROM spans WHERE ${near} AND trace_id IN (
    SELECT trace_id FROM spans WHERE sidecar AND ${around('start_time', skewMs, pairingMarginMs)}
  ))`
  const linked = `
  SELECT ${callerKey('link.1', 'link.2')} FROM spans ARRAY JOIN arrayZip(links_trace_id, links_span_id) AS link
  PREWHERE kind = 5
  WHERE ${condition} AND ${around('start_time', skewMs, pairingMarginMs)}`
  return [direct, ...(sidecars === false ? [] : [behind]), ...(links === false ? [] : [linked])].join(`
  UNION ALL`)
}
