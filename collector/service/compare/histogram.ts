import { rollupBuckets } from '../query/duration-buckets.ts'

/** Calls (sums of weights) by logarithmic bucket of their duration in ns, as the rollups keep them; ordered by bucket. */
export type Histogram = readonly (readonly [bucket: number, calls: number])[]

export const totalOf = (histogram: Histogram): number => histogram.reduce((sum, [, calls]) => sum + calls, 0)

export const scaled = (histogram: Histogram, factor: number): Histogram =>
  histogram.map(([bucket, calls]) => [bucket, calls * factor])

export function merged(histograms: readonly Histogram[]): Histogram {
  const counts = new Map<number, number>()
  for (const [bucket, calls] of histograms.flat()) counts.set(bucket, (counts.get(bucket) ?? 0) + calls)
  return [...counts].sort(([a], [b]) => a - b)
}

/** ms at a place on the axis of buckets; a whole number is the lower edge of a bucket. */
export const msAt = (place: number): number => 2 ** (place / rollupBuckets) / 1e6

/** The place on the axis of buckets below which the part `p` of the calls lies; calls lie evenly within a bucket. Null: no calls. */
export function quantilePlace(histogram: Histogram, p: number): number | null {
  const wanted = Math.min(1, Math.max(0, p)) * totalOf(histogram)
  if (!(totalOf(histogram) > 0)) return null
  let below = 0
  for (const [bucket, calls] of histogram) {
    if (calls > 0 && below + calls >= wanted) return bucket + Math.max(0, wanted - below) / calls
    below += calls
  }
  return (histogram.at(-1)?.[0] ?? 0) + 1
}

/** In ms. */
export function quantileMs(histogram: Histogram, p: number): number | null {
  const place = quantilePlace(histogram, p)
  return place === null ? null : msAt(place)
}

/** Calls in buckets from `bucket` on. */
export const callsFrom = (histogram: Histogram, bucket: number): number =>
  histogram.reduce((sum, [one, calls]) => sum + (one >= bucket ? calls : 0), 0)
