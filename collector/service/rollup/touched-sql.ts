import { isPair, pairingMarginMs, skewMs } from '../query/pairing-sql.ts'
import type { Query } from '../query/query.ts'
import { between, isEntry, noParent } from '../query/span-sql.ts'
import { minuteOf } from './minutes.ts'

/**
 * Which minutes spans received in a window may change. The window is looked at in two steps, so that what is rare costs nothing
 * while it does not happen:
 *   1. the minutes that the spans start in;
 *   2. computed minutes of their other halves. A caller that came late decides whether its callee enters the application and
 *      who called it; a callee or consumer decides whether its caller has called a backend.
 */
export interface TouchedRow {
  readonly minuteMs: number
  /** The receipt of the first span that the minute may not have yet. */
  readonly firstReceivedMs: number
  /** When it was last computed; 0: never. */
  readonly computedMs: number
}

/** Of minutes that have all of the window, too: the other halves of its spans may lie in one that has not. */
export interface OwnMinuteRow extends TouchedRow {
  /** That the minute may not have yet. */
  readonly spans: number
  /** Spans that were received so long after their start that callees of theirs may be in a computed minute. */
  readonly late: number
  /** The last end of a computed minute; 0: there is none. */
  readonly computedUntilMs: number
}

export interface ReceiptWindow {
  readonly sinceMs: number
  readonly beforeMs: number
  /** A span is visible at most so long after its receipt. */
  readonly overlapMs: number
  /** See `OwnMinuteRow.late`. */
  readonly lateMs: number
}

const ms = (name: string) => `fromUnixTimestamp64Milli({${name}:Int64})`
const received = `received_at >= ${ms('sinceMs')} AND received_at < ${ms('beforeMs')}`
const isLate = 'toUnixTimestamp64Milli(received_at) - toUnixTimestamp64Milli(start_time) > {lateMs:Int64}'
const computed = '(SELECT minute, computed_at FROM rollup_minutes FINAL)'
/** Received when the minute may not have seen it. */
const isNews =
  'toUnixTimestamp64Milli(touched.received) > toUnixTimestamp64Milli(computed.computed_at) - {overlapMs:Int64}'

export function ownMinutesQuery(window: ReceiptWindow): Query {
  return {
    sql: `
SELECT
  toUnixTimestamp(touched.minute) * 1000 AS minuteMs,
  toUnixTimestamp64Milli(minIf(touched.received, ${isNews})) AS firstReceivedMs,
  greatest(0, toUnixTimestamp64Milli(any(computed.computed_at))) AS computedMs,
  toFloat64(sumIf(touched.spans, ${isNews})) AS spans,
  toFloat64(sum(touched.late)) AS late,
  (SELECT toUnixTimestamp(max(minute)) * 1000 + if(count() = 0, 0, 60000) FROM rollup_minutes) AS computedUntilMs
FROM (
  SELECT ${minuteOf('start_time')} AS minute, received_at AS received, count() AS spans, countIf(${isLate}) AS late
  FROM spans WHERE ${received}
  GROUP BY minute, received
) AS touched
LEFT JOIN ${computed} AS computed ON computed.minute = touched.minute
GROUP BY touched.minute
ORDER BY minuteMs`,
    params: { ...window },
  }
}

const touchedBy = (pairs: string) => `
SELECT
  toUnixTimestamp(touched.minute) * 1000 AS minuteMs, toUnixTimestamp64Milli(min(touched.received)) AS firstReceivedMs,
  toUnixTimestamp64Milli(any(computed.computed_at)) AS computedMs
FROM (${pairs}) AS touched
INNER JOIN ${computed} AS computed ON computed.minute = touched.minute
WHERE ${isNews}
GROUP BY touched.minute
ORDER BY minuteMs`

/** Computed minutes of the callees of late callers. `fromMs`–`toMs`: the starts of spans in the window. */
export function calleesOfLateQuery(window: ReceiptWindow & StartBounds): Query {
  const late = `
    SELECT trace_id, span_id, start_time, duration_ns, kind, received_at, true AS found FROM spans
    WHERE ${received} AND ${isLate} AND ${between('start_time', '{fromMs:Int64}', '{toMs:Int64}')}`
  const near = between('start_time', `{fromMs:Int64} - ${skewMs}`, `{toMs:Int64} + ${pairingMarginMs}`)
  const ids = 'SELECT trace_id, span_id FROM late'
  const pair = (callee: string) => `
  SELECT ${minuteOf('callee.start_time')} AS minute, late.received_at AS received
  FROM (${callee}) AS callee
  INNER JOIN late ON late.trace_id = callee.callerTrace AND late.span_id = callee.callerSpan
  WHERE ${isPair('late', 'callee')}`
  return {
    sql: `
WITH late AS (${late})
${touchedBy(`${pair(`
    SELECT trace_id AS callerTrace, parent_span_id AS callerSpan, start_time FROM spans
    WHERE ${isEntry} AND parent_span_id != ${noParent} AND ${near}
      AND trace_id IN (SELECT trace_id FROM late) AND (trace_id, parent_span_id) IN (${ids})`)}
  UNION ALL ${pair(`
    SELECT link.1 AS callerTrace, link.2 AS callerSpan, start_time
    FROM spans ARRAY JOIN arrayZip(links_trace_id, links_span_id) AS link
    WHERE kind = 5 AND ${near} AND link IN (${ids})`)}`)}`,
    params: { ...window },
  }
}

export interface StartBounds {
  readonly fromMs: number
  readonly toMs: number
}

/**
 * Computed minutes of clients and producers whose callee was received in the window. Callers that started since the last
 * computed minute are passed over by a set of their ids: what is left is little where callers are traced at all.
 */
export function callersOfReceivedQuery(
  window: ReceiptWindow & StartBounds & { readonly computedUntilMs: number },
): Query {
  const own = `kind IN (2, 5) AND ${received} AND ${between('start_time', '{fromMs:Int64}', '{toMs:Int64}')}`
  const open = `SELECT trace_id, span_id FROM spans WHERE kind IN (3, 4) AND ${between('start_time', '{computedUntilMs:Int64}', `{toMs:Int64} + ${skewMs}`)}`
  const callees = `
  SELECT trace_id AS callerTrace, parent_span_id AS callerSpan, start_time, received_at FROM spans
  WHERE ${own} AND parent_span_id != ${noParent} AND (trace_id, parent_span_id) NOT IN (${open})
  UNION ALL
  SELECT link.1 AS callerTrace, link.2 AS callerSpan, start_time, received_at
  FROM spans ARRAY JOIN arrayZip(links_trace_id, links_span_id) AS link
  WHERE ${own} AND link NOT IN (${open})`
  return {
    sql: `
WITH callee AS (${callees})
${touchedBy(`
  SELECT ${minuteOf('caller.start_time')} AS minute, callee.received_at AS received
  FROM (
    SELECT trace_id, span_id, start_time, duration_ns, kind, true AS found FROM spans
    WHERE kind IN (3, 4) AND trace_id IN (SELECT callerTrace FROM callee)
      AND ${between('start_time', `{fromMs:Int64} - ${pairingMarginMs}`, `least({toMs:Int64} + ${skewMs}, {computedUntilMs:Int64})`)}
      AND (trace_id, span_id) IN (SELECT callerTrace, callerSpan FROM callee)
  ) AS caller
  INNER JOIN callee ON callee.callerTrace = caller.trace_id AND callee.callerSpan = caller.span_id
  WHERE ${isPair('caller', 'callee')}`)}`,
    params: { ...window },
  }
}

/**
 * Computed minutes of the entries and calls of traces with sidecars of which something was received in the window: a sidecar,
 * or a span behind one, decides about spans several steps away. Reads nothing more where there are no sidecars.
 */
export function behindSidecarsQuery(window: ReceiptWindow & StartBounds): Query {
  const near = between(
    'start_time',
    `{fromMs:Int64} - ${pairingMarginMs}`,
    `{toMs:Int64} + ${pairingMarginMs}`,
  )
  return {
    sql: touchedBy(`
  SELECT ${minuteOf('span.start_time')} AS minute, news.received_at AS received
  FROM (SELECT trace_id, start_time FROM spans WHERE kind IN (2, 3, 4, 5) AND ${near} AND trace_id IN (
    SELECT trace_id FROM spans WHERE sidecar AND ${near}
  )) AS span
  INNER JOIN (
    SELECT DISTINCT trace_id, received_at FROM spans
    WHERE ${received} AND ${between('start_time', '{fromMs:Int64}', '{toMs:Int64}')}
      AND trace_id IN (SELECT trace_id FROM spans WHERE sidecar AND ${near})
  ) AS news ON news.trace_id = span.trace_id`),
    params: { ...window },
  }
}
