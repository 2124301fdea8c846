import { rollupBuckets } from './duration-buckets.ts'
import type { RedRow } from './red.ts'

/**
 * Figures of calls that add up: what is rolled up and what is not are questions of their own, since ClickHouse takes longer to
 * understand both together, and are put together here.
 */
export interface RedCells {
  readonly calls: number
  readonly errors: number
  readonly sumNs: number
  readonly maxNs: number
  /** `bucketOf` of duration-buckets.ts, ascending, and how much weight fell into each. */
  readonly buckets: readonly [buckets: readonly number[], counts: readonly number[]]
}

/** SQL text: the columns of RedCells over rows as `closedRows` and `openCells` of red-rollup.ts give them. */
export const cellColumns =
  'toFloat64(sum(n)) AS calls, toFloat64(sum(failed)) AS errors, toFloat64(sum(sumNs)) AS sumNs, toFloat64(max(maxNs)) AS maxNs, sumMap(rows.buckets, rows.counts) AS buckets'

export function addCells(all: readonly RedCells[]): RedCells {
  const counts = new Map<number, number>()
  for (const { buckets } of all)
    for (const [index, bucket] of buckets[0].entries())
      counts.set(bucket, (counts.get(bucket) ?? 0) + (buckets[1][index] ?? 0))
  const sorted = [...counts].sort(([a], [b]) => a - b)
  const sum = (of: (cells: RedCells) => number) => all.reduce((total, cells) => total + of(cells), 0)
  return {
    calls: sum((cells) => cells.calls),
    errors: sum((cells) => cells.errors),
    sumNs: sum((cells) => cells.sumNs),
    maxNs: all.reduce((max, cells) => Math.max(max, cells.maxNs), 0),
    buckets: [sorted.map(([bucket]) => bucket), sorted.map(([, count]) => count)],
  }
}

/** As `mergedRedColumns` of red-rollup.ts: a quantile is the middle of its bucket, but not above the maximum. */
export function redOfCells(
  { calls, errors, sumNs, maxNs, buckets }: RedCells,
  perDoubling: number = rollupBuckets,
): RedRow {
  if (calls === 0) return { calls, errors, meanMs: null, p50Ms: null, p95Ms: null, p99Ms: null, maxMs: null }
  const quantileMs = (level: number) =>
    Math.min(2 ** ((quantileOf(buckets, level) + 0.5) / perDoubling), maxNs) / 1e6
  return {
    calls,
    errors,
    meanMs: toNs(sumNs / calls / 1e6),
    p50Ms: toNs(quantileMs(0.5)),
    p95Ms: toNs(quantileMs(0.95)),
    p99Ms: toNs(quantileMs(0.99)),
    maxMs: maxNs / 1e6,
  }
}

/** ms to the nanosecond. */
const toNs = (ms: number) => Math.round(ms * 1e6) / 1e6

/** The first bucket up to which so much of the weight lies, as ClickHouse's quantilesExactWeighted takes it. */
function quantileOf([buckets, counts]: RedCells['buckets'], level: number): number {
  const wanted = counts.reduce((sum, count) => sum + count, 0) * level
  let below = 0
  const found = buckets.find((_, index) => {
    below += counts[index] ?? 0
    return below >= wanted
  })
  return found ?? buckets.at(-1) ?? 0
}
