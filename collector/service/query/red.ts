/** Rate, errors and duration as the database returns them. Durations in ms, null without calls. */
export interface RedRow {
  readonly calls: number
  readonly errors: number
  readonly meanMs: number | null
  readonly p50Ms: number | null
  readonly p95Ms: number | null
  readonly p99Ms: number | null
  readonly maxMs: number | null
}

/** SQL text: the columns of RedRow over rows with a duration in ns and an error flag. */
export function redColumns(durationNs = 'duration_ns', failed = 'status = 2'): string {
  return `
  toFloat64(count()) AS calls,
  toFloat64(countIf(${failed})) AS errors,
  if(calls = 0, NULL, round(avg(${durationNs}) / 1e6, 6)) AS meanMs,
  quantilesTDigest(0.5, 0.95, 0.99)(${durationNs}) AS quantilesNs,
  if(calls = 0, NULL, round(quantilesNs[1] / 1e6, 6)) AS p50Ms,
  if(calls = 0, NULL, round(quantilesNs[2] / 1e6, 6)) AS p95Ms,
  if(calls = 0, NULL, round(quantilesNs[3] / 1e6, 6)) AS p99Ms,
  if(calls = 0, NULL, max(${durationNs}) / 1e6) AS maxMs`
}
