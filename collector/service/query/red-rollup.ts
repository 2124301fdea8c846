import { bucketOf, mergedQuantilesNs } from './duration-buckets.ts'
import type { Range } from './query.ts'
import { between, inSpanRange } from './span-sql.ts'

/**
 * RED over ranges too long for raw spans: whole minutes that are rolled up come from `red_1m`, and what is left of the range
 * on both sides of them from raw spans.
 *
 *   from        closedFrom                                   closedTo          to
 *    │── raw spans ──│────────────── red_1m ─────────────────│──── raw spans ───│
 *              next whole minute                  what the job has finished, less a margin for late spans
 *
 * Counts, sums and maxima are exact. Quantiles come from logarithmic buckets (duration-buckets.ts).
 */
export const rawRangeMsMax = 6 * 3_600_000

/** Minutes are whole: a step must be too. Parameters that are not numbers (placeholders of a panel) stay on raw spans. */
export function readsRollup({ fromMs, toMs, stepMs = 60_000 }: Range & { stepMs?: number }): boolean {
  return toMs - fromMs > rawRangeMsMax && stepMs % 60_000 === 0
}

/** The newest minutes that are rolled up are read from raw spans all the same: their late halves are still arriving. */
const lateMarginMs = 5 * 60_000

const ceilMinute = (name: string) => `intDiv({${name}:Int64} + 59999, 60000) * 60000`
const floorMinute = (expression: string) => `intDiv(${expression}, 60000) * 60000`
const finishedMs = `(SELECT toUnixTimestamp64Milli(max(received_until)) - ${lateMarginMs} FROM rollup_progress WHERE job = 'red_1m')`

/** SQL text: a WITH clause that names the bounds of the middle part, for the conditions below. */
export const closedBounds = `
WITH
  ${ceilMinute('fromMs')} AS closedFromMs,
  greatest(closedFromMs, ${floorMinute(`least({toMs:Int64}, ${finishedMs})`)}) AS closedToMs`

const inClosed =
  'minute >= toDateTime(intDiv(closedFromMs, 1000)) AND minute < toDateTime(intDiv(closedToMs, 1000))'

/** SQL text: the column's time lies in the parts that raw spans answer, each widened by the margin. */
export function inOpenParts(column: string, marginMs = 0): string {
  const left = between(column, `{fromMs:Int64} - ${marginMs}`, `closedFromMs + ${marginMs}`)
  const right = between(column, `closedToMs - ${marginMs}`, `{toMs:Int64} + ${marginMs}`)
  return `${inSpanRange(column, marginMs)} AND ((${left}) OR (${right}))`
}

/** SQL text: the valid rows of red_1m in the middle part. */
export function closedMinutes(condition: string): string {
  return `
  FROM red_1m FINAL
  WHERE ${inClosed} AND calls > 0 AND ${condition}
    AND (minute, generation) IN (SELECT minute, max(generation) FROM red_1m WHERE ${inClosed} GROUP BY minute)`
}

/** SQL text: minutes, and spans as if each were a minute of its own, in the columns that `mergedRedColumns` reads. */
export const closedCells =
  'calls AS n, errors AS failed, duration_sum_ns AS sumNs, duration_max_ns AS maxNs, duration_buckets AS buckets, duration_counts AS counts'
export const openCells = `weight AS n, if(status = 2, weight, 0) AS failed, duration_ns * weight AS sumNs, duration_ns AS maxNs, [${bucketOf('duration_ns')}] AS buckets, [weight] AS counts`

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
