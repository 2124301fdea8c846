/**
 * SQL text of durations as counts per logarithmic bucket, `floor(log2(ns) * n)`. Buckets add up exactly, and the middle of one
 * is within 2^(1/2n) - 1 of every duration in it: 4.4 % in rollups, 0.14 % over raw spans.
 *
 * Weighted quantiles of ClickHouse take whole numbers only, and the weight of a sampled span may be a fraction (three of
 * seven spans kept: 2.33): weights are taken in parts of 1/64, so each counts for at most 1/128 of a span too much or too little.
 */
export const rollupBuckets = 8
export const rawBuckets = 256

const usualLevels = [0.5, 0.95, 0.99]
const partsOfWeight = 64

/** The bucket of a duration in ns. */
export const bucketOf = (durationNs: string, perDoubling: number = rollupBuckets): string =>
  `toUInt16(floor(log2(greatest(${durationNs}, 1)) * ${perDoubling}))`

const middles = (perDoubling: number, buckets: string) =>
  `arrayMap(bucket -> exp2((bucket + 0.5) / ${perDoubling}), ${buckets})`
const parts = (weight: string) => `toUInt64(round(${weight} * ${partsOfWeight}))`

/** p50, p95 and p99 in ns over rows with a duration and a weight. */
export const rawQuantilesNs = (durationNs: string, weight: string): string =>
  middles(
    rawBuckets,
    `quantilesExactWeighted(${usualLevels.join(', ')})(${bucketOf(durationNs, rawBuckets)}, ${parts(weight)})`,
  )

/** The same over rows with arrays of buckets and how much weight fell into each. */
export const mergedQuantilesNs = (
  buckets: string,
  counts: string,
  levels: readonly number[] = usualLevels,
): string =>
  middles(
    rollupBuckets,
    `quantilesExactWeightedArray(${levels.join(', ')})(${buckets}, arrayMap(n -> ${parts('n')}, ${counts}))`,
  )
