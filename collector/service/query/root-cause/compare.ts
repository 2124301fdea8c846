import { addSums, type Sums } from './cells.ts'

/**
 * How far a figure of the window lies from its reference. The reference is a row of buckets: their median is what is usual and
 * their spread (MAD) how much it moves by itself, so that faults in some of the buckets do not hide the one that is looked for.
 */
export interface Comparison {
  readonly now: number
  readonly usual: number
  /** Spans of the window, and buckets of the reference, that the figures come from. */
  readonly n: number
  readonly buckets: number
  /** The difference in standard errors. */
  readonly sigma: number
  /** What the difference is at least, `sure` standard errors nearer to zero and of the same sign; 0: it may be chance. */
  readonly surely: number
}

/** Three standard errors: of some hundred figures that are compared, hardly one is taken for a change by chance. */
export const sure = 3
/** Fewer spans in the window say nothing. */
export const spansMin = 5
/** Buckets with fewer spans have no mean of their own. */
const bucketSpansMin = 3
/** Fewer buckets have no spread that can be relied on. */
const bucketsMin = 5
/** Makes the MAD of normally distributed figures their standard deviation. */
const madFactor = 1.4826

/** The longest spans of a window that prove nothing: a pause or two happen to every program. */
const outliers = 2

/**
 * Mean own time in ms. Under the assumption that nothing changed, the window's spans spread as those of a usual bucket do, so
 * few spans that all take longer, or a share of many, are soon beyond chance; the two longest are left out of what is sure.
 */
export function compareMeans(window: Sums, reference: readonly Sums[]): Comparison | undefined {
  if (window.n < spansMin) return undefined
  const large = reference.filter((bucket) => bucket.n >= bucketSpansMin).map(statsOf)
  const all = statsOf(addSums(reference))
  if (large.length < bucketsMin && all.n < spansMin) return undefined
  const usual =
    large.length >= bucketsMin
      ? {
          ...spreadOf(large.map((bucket) => bucket.mean)),
          within: medianOf(large.map((bucket) => bucket.variance)),
        }
      : { mean: all.mean, variance: all.variance / all.n, buckets: large.length, within: all.variance }
  const { mean, n } = statsOf(window)
  return comparison({
    now: { mean, error2: usual.within / n, certain: mean - (outliers * window.maxMs) / window.n },
    usual,
    n: window.n,
  })
}

/** How many out of how many: a share; or, with the sum of the squares of single values, a mean of whole numbers. */
export interface Ratio {
  readonly count: number
  readonly of: number
  readonly squares?: number
}

export function compareRatios(window: Ratio, reference: readonly Ratio[]): Comparison | undefined {
  const all = sumRatios(reference)
  if (window.of < spansMin || all.of < spansMin) return undefined
  const large = reference.filter((bucket) => bucket.of >= bucketSpansMin)
  const spread =
    large.length >= bucketsMin ? spreadOf(large.map((bucket) => bucket.count / bucket.of)) : undefined
  const usual = spread ?? { mean: all.count / all.of, variance: 0, buckets: large.length }
  if (window.squares === undefined && window.count <= outliers) return undefined
  // What was never seen to differ may do so once in a while.
  const known = Math.max(varianceOf(all), 1 / (all.of + 2))
  const mean = window.count / window.of
  const error2 = Math.max(varianceOf(window), known, 1 / (window.of + 2)) / window.of
  return comparison({
    now: { mean, error2, ...(window.squares === undefined ? { atLeast: shareAtLeast(window) } : {}) },
    usual: { ...usual, variance: usual.variance + known / all.of },
    n: window.of,
  })
}

/**
 * Shares near 0 and 1 do not spread as means do: the lower end of Wilson's interval.
 * https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
 */
function shareAtLeast({ count, of }: Ratio): number {
  const share = Math.min(1, count / of)
  const z2 = sure ** 2
  const half = sure * Math.sqrt((share * (1 - share)) / of + z2 / (4 * of ** 2))
  return (share + z2 / (2 * of) - half) / (1 + z2 / of)
}

function comparison(figures: {
  readonly now: {
    readonly mean: number
    readonly error2: number
    /** The mean without what proves nothing. */
    readonly certain?: number
    /** The lower end of an interval that is known already. */
    readonly atLeast?: number
  }
  readonly usual: { readonly mean: number; readonly variance: number; readonly buckets: number }
  readonly n: number
}): Comparison {
  const { now, usual, n } = figures
  // Few buckets know their own spread badly.
  const usualError2 = usual.variance * (1 + 4 / Math.max(1, usual.buckets))
  const error = Math.sqrt(now.error2 + usualError2)
  const difference = now.mean - usual.mean
  const more =
    now.atLeast === undefined
      ? (now.certain ?? now.mean) - usual.mean - sure * error
      : now.atLeast - usual.mean - sure * Math.sqrt(usualError2)
  return {
    now: now.mean,
    usual: usual.mean,
    n,
    buckets: usual.buckets,
    sigma: error > 0 ? difference / error : 0,
    surely: difference > 0 ? Math.max(0, more) : Math.min(0, difference + sure * error),
  }
}

/** `n` is as many spans of weight 1 as are equally sure. */
function statsOf(sums: Sums): { readonly mean: number; readonly variance: number; readonly n: number } {
  const mean = sums.sumMs / sums.calls
  const variance = Math.max(0, sums.sumMs2 / sums.calls - mean ** 2) * (sums.n / Math.max(1, sums.n - 1))
  return { mean, variance, n: sums.calls ** 2 / sums.squares }
}

/** Median and squared robust spread. */
export function spreadOf(values: readonly number[]) {
  const mean = medianOf(values)
  const deviation = madFactor * medianOf(values.map((value) => Math.abs(value - mean)))
  return { mean, variance: deviation ** 2, buckets: values.length }
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2
}

function varianceOf({ count, of, squares = count }: Ratio): number {
  const mean = count / of
  return Math.max(0, squares / of - mean ** 2)
}

function sumRatios(ratios: readonly Ratio[]): Ratio {
  return ratios.reduce<Ratio>(
    (sum, one) => ({
      count: sum.count + one.count,
      of: sum.of + one.of,
      squares: (sum.squares ?? 0) + (one.squares ?? one.count),
    }),
    { count: 0, of: 0, squares: 0 },
  )
}
