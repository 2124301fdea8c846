/** SQL text shared by the questions about spans. Spans are always read with FINAL: a resend is one span. */

/**
 * SQL text, behind the conditions: what FINAL says, of the rows that are left alone, so that the others are not merged. A resent
 * span has the same content.
 */
export const once = 'LIMIT 1 BY trace_id, start_time, span_id'

export const noParent = "toFixedString('', 8)"

/** An entry span begins work in a tier: a server or consumer span, or the root of a trace; never one of a mesh's sidecar. */
export const isEntry = `((kind IN (2, 5) OR parent_span_id = ${noParent}) AND NOT sidecar)`

/** The column is given qualified: an alias `kind` beside it would hide it, in WHERE too. */
export const kindName = (column: string): string =>
  `transform(${column}, [1, 2, 3, 4, 5], ['internal', 'server', 'client', 'producer', 'consumer'], 'unspecified')`

export const statusName = (column: string): string => `transform(${column}, [1, 2], ['ok', 'error'], 'unset')`

/**
 * SQL text: the time lies between two Unix ms (inclusive, exclusive). The hour is said apart: the sort key of `spans` begins
 * with it, and ClickHouse does not conclude it from a time that is itself a later column of the key (a day's granules are read else).
 */
export function between(column: string, fromMs: string, toMs: string): string {
  const at = (ms: string) => `fromUnixTimestamp64Milli(toInt64(${ms}), 'UTC')`
  const hour = `toStartOfHour(${column})`
  return `${column} >= ${at(fromMs)} AND ${column} < ${at(toMs)} AND ${hour} >= toStartOfHour(${at(fromMs)}) AND ${hour} <= toStartOfHour(${at(toMs)})`
}

/** SQL text: the columns of one side of a join, under their own names. */
export const columnsOf = (side: string, columns: string): string =>
  columns
    .split(', ')
    .map((name) => `${side}.${name} AS ${name}`)
    .join(', ')

/** SQL text: spans of the range by their start, widened by a margin on both sides. */
export function inSpanRange(column: string, marginMs = 0): string {
  return between(column, `{fromMs:Int64} - ${marginMs}`, `{toMs:Int64} + ${marginMs}`)
}
