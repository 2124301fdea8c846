import { rawQuantilesNs } from './duration-buckets.ts'

/** Rate, errors and duration as the database returns them. Durations in ms, null without calls. */
export interface RedRow {
  /** Sums of weights: a sampled span stands for as many calls as its sampler says. */
  readonly calls: number
  readonly errors: number
  readonly meanMs: number | null
  readonly p50Ms: number | null
  readonly p95Ms: number | null
  readonly p99Ms: number | null
  readonly maxMs: number | null
}

/** SQL text: the columns of RedRow over rows with a duration in ns, an error flag and a weight. */
export function redColumns(durationNs = 'duration_ns', failed = 'status = 2', weight = 'weight'): string {
  // The middle of a bucket may lie outside of what was measured.
  const quantile = (index: number) =>
    `if(calls = 0, NULL, round(greatest(min(${durationNs}) / 1e6, least(maxMs, quantilesNs[${index}] / 1e6)), 6))`
  return `
  toFloat64(sum(${weight})) AS calls,
  toFloat64(sumIf(${weight}, ${failed})) AS errors,
  if(calls = 0, NULL, round(sum(${durationNs} * ${weight}) / calls / 1e6, 6)) AS meanMs,
  if(calls = 0, NULL, max(${durationNs}) / 1e6) AS maxMs,
  ${rawQuantilesNs(durationNs, weight)} AS quantilesNs,
  ${quantile(1)} AS p50Ms,
  ${quantile(2)} AS p95Ms,
  ${quantile(3)} AS p99Ms`
}
