import { bucketOf, mergedQuantilesNs, rollupBuckets } from './duration-buckets.ts'
import { absentSince, type SpanWindow } from './pairing-sql.ts'
import type { Known, Query, Range } from './query.ts'
import { between, inSpanRange } from './span-sql.ts'

/**
 * RED over ranges too long for raw spans: what is rolled up comes from minutes, or from hours where hours fit, and what is left
 * of the range on both sides from raw spans.
 *
 *   from        closedFrom      hourFrom                     hourTo      closedTo          to
 *    │── raw spans ──│── minutes ──│────────── hours ───────────│── minutes ──│── raw spans ──│
 *              next whole minute                             what the job has finished, less a margin for late spans
 *
 * Counts, sums and maxima are exact. Quantiles come from logarithmic buckets (duration-buckets.ts).
 */
export const rawRangeMsMax = 15 * 60_000
export const minuteRangeMsMax = 6 * 3_600_000

export type RedSource = 'raw' | 'minutes' | 'hours'

/** The coarsest rows that fit: steps must be whole. Parameters that are not numbers (placeholders of a panel) stay on raw spans. */
export function redSource(
  { fromMs, toMs, stepMs = 3_600_000 }: Range & { stepMs?: number },
  rawMsMax = rawRangeMsMax,
): RedSource {
  const rangeMs = toMs - fromMs
  if (rangeMs > minuteRangeMsMax && stepMs % 3_600_000 === 0) return 'hours'
  if (rangeMs > rawMsMax && stepMs % 60_000 === 0) return 'minutes'
  return 'raw'
}

/** The newest minutes that are rolled up are read from raw spans all the same: their late halves are still arriving. */
export const lateMarginMs = 5 * 60_000

const ceilTo = (expression: string, unitMs: number) =>
  `intDiv(${expression} + ${unitMs - 1}, ${unitMs}) * ${unitMs}`
const floorTo = (expression: string, unitMs: number) => `intDiv(${expression}, ${unitMs}) * ${unitMs}`
/** SQL text: Unix ms; spans that were received before are rolled up. */
export const receivedUntilMs =
  "(SELECT toUnixTimestamp64Milli(max(received_until)) FROM rollup_progress WHERE job = 'red_1m')"
export function rolledUpToQuery(): Query {
  return { sql: `SELECT toFloat64(${receivedUntilMs}) AS receivedUntilMs`, params: {} }
}

/** SQL text: Unix ms up to which minutes are read from rollups. */
export const rolledUpMs = `(${receivedUntilMs} - ${lateMarginMs})`
/** The same of a progress that is known. An older one is as right: more is read from raw spans. */
export const rolledUpMsOf = (untilMs: number): number => untilMs - lateMarginMs

/** SQL text: a WITH clause that names the bounds of the parts, for the conditions below. */
export const closedBoundsOf = (known: Known): string => `
WITH
  ${ceilTo('{fromMs:Int64}', 60_000)} AS closedFromMs,
  greatest(closedFromMs, ${floorTo(`least({toMs:Int64}, ${known.rolledUpMs === undefined ? rolledUpMs : '{rolledUpMs:Int64}'})`, 60_000)}) AS closedToMs,
  ${ceilTo('closedFromMs', 3_600_000)} AS hourFromMs,
  greatest(hourFromMs, ${floorTo('closedToMs', 3_600_000)}) AS hourToMs`
export const closedBounds = closedBoundsOf({})

const at = (ms: string) => `toDateTime(intDiv(${ms}, 1000))`

/** SQL text: the column's time lies in the parts that raw spans answer, each widened. */
function inOpenParts(column: string, beforeMs: number, afterMs: number): string {
  const left = between(column, `{fromMs:Int64} - ${beforeMs}`, `closedFromMs + ${afterMs}`)
  const right = between(column, `closedToMs - ${beforeMs}`, `{toMs:Int64} + ${afterMs}`)
  return `${inSpanRange(column, Math.max(beforeMs, afterMs))} AND ((${left}) OR (${right}))`
}

export const openWindow: SpanWindow = {
  own: (column) => inOpenParts(column, 0, 0),
  around: inOpenParts,
}

const afterClosed: SpanWindow['around'] = (column, beforeMs, afterMs) =>
  between(column, `closedToMs - ${beforeMs}`, `{toMs:Int64} + ${afterMs}`)

/** What comes after the rolled up minutes. */
const newestWindow: SpanWindow = { own: (column) => afterClosed(column, 0, 0), around: afterClosed }

/** Unix ms from which raw spans answer a range that begins with a whole minute: `closedToMs`. */
export const openFromMs = ({ fromMs, toMs, rolledUpMs: untilMs = 0 }: Range): number =>
  Math.max(fromMs, Math.floor(Math.min(toMs, untilMs) / 60_000) * 60_000)

/** Nothing of the range is read from raw spans. */
export const isClosed = (range: Range): boolean =>
  range.fromMs % 60_000 === 0 && openFromMs(range) >= range.toMs

/** The same of any range: what it has before its first whole minute is rolled up, or not there. */
export const closedToMsOf = (range: Range): number =>
  openFromMs({ ...range, fromMs: Math.ceil(range.fromMs / 60_000) * 60_000 })

export const newestWindowOf = (range: Range): SpanWindow => ({
  ...newestWindow,
  ...absentSince(range, openFromMs(range)),
})

/**
 * `openWindow` of a range: the newest alone where it begins with a whole minute. To understand a question takes ClickHouse
 * longer than to answer it, so its text is kept short.
 */
export const openWindowOf = (range: Range): SpanWindow =>
  range.fromMs % 60_000 === 0 ? newestWindowOf(range) : { ...openWindow, ...absentSince(range, range.fromMs) }

interface ClosedRows {
  readonly table: 'red' | 'edges' | 'transactions' | 'applications' | 'nodes' | 'db' | 'endpoints' | 'queues'
  readonly source: RedSource
  /** Also how many of the calls are of which class, as `judgedCells` names them; not of edges. */
  readonly judged?: true
  /** Only that there were calls, without their figures. */
  readonly bare?: true
  /** SQL text of what is selected beside `at`, the start of the minute or hour, and the cells. */
  readonly columns: string
  readonly condition: string
}

const cells =
  'calls AS n, errors AS failed, duration_sum_ns AS sumNs, duration_max_ns AS maxNs, duration_buckets AS buckets, duration_counts AS counts'

const judgedCells = 'slow AS slowN, very_slow AS verySlowN, stalled AS stalledN'

/** Minutes of the middle part. */
export const inClosedMinutes = `minute >= ${at('closedFromMs')} AND minute < ${at('closedToMs')}`

/** SQL text: what holds for the valid rows of a rollup table within a time. */
export const isValid = (name: string, time: string, within: string): string =>
  `${within} AND (${time}, generation) IN (SELECT ${time}, max(generation) FROM ${name} WHERE ${within} GROUP BY ${time})`

/**
 * SQL text: the valid rows of a rollup in the middle parts. A recomputation writes each key once, and only the newest counts: no FINAL.
 */
export function closedRows({ table, source, judged, bare, columns, condition }: ClosedRows): string {
  const figures = `${bare ? '' : `, ${cells}`}${judged ? `, ${judgedCells}` : ''}`
  const rows = (name: string, time: string, within: string) => `
  SELECT ${columns}, toDateTime64(${time}, 9, 'UTC') AS at${figures}
  FROM ${name}
  WHERE ${isValid(name, time, within)} AND calls > 0 AND ${condition}`
  const inMinutes = inClosedMinutes
  if (source !== 'hours') return rows(`${table}_1m`, 'minute', inMinutes)
  const inHours = `hour >= ${at('hourFromMs')} AND hour < ${at('hourToMs')}`
  return `${rows(`${table}_1m`, 'minute', `${inMinutes} AND (minute < ${at('hourFromMs')} OR minute >= ${at('hourToMs')})`)}
  UNION ALL ${rows(`${table}_1h`, 'hour', inHours)}`
}

/** SQL text: spans as if each were a minute of its own, in the columns that `mergedRedColumns` reads. */
export const openCells = (
  durationNs = 'duration_ns',
  failed = 'status = 2',
  perDoubling: number = rollupBuckets,
): string =>
  `weight AS n, if(${failed}, weight, 0) AS failed, ${durationNs} * weight AS sumNs, ${durationNs} AS maxNs, [${bucketOf(durationNs, perDoubling)}] AS buckets, [weight] AS counts`

/** SQL text: the columns of RedRow. A quantile is the middle of its bucket, but not above the maximum. */
export function mergedRedColumns(): string {
  const quantile = (index: number) =>
    `if(calls = 0, NULL, round(least(quantilesNs[${index}] / 1e6, maxMs), 6))`
  return `
  toFloat64(sum(n)) AS calls,
  toFloat64(sum(failed)) AS errors,
  if(calls = 0, NULL, round(sum(sumNs) / calls / 1e6, 6)) AS meanMs,
  if(calls = 0, NULL, max(maxNs) / 1e6) AS maxMs,
  ${mergedQuantilesNs('buckets', 'counts')} AS quantilesNs,
  ${quantile(1)} AS p50Ms,
  ${quantile(2)} AS p95Ms,
  ${quantile(3)} AS p99Ms`
}
