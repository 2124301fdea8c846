import { studentTwoSided } from './distributions.ts'
import type { Interval } from './proportions.ts'
import { worthOfSample } from './sample-size.ts'

export interface RatioTest {
  /** Typical value of each side, and of b / a with its 95 % interval. */
  readonly a: number
  readonly b: number
  readonly ratio: number
  readonly interval: Interval
  /** Two-sided. */
  readonly p: number
}

const trim = 0.2
const samplesMin = 10

/**
 * Whether two series of positive measurements differ, robust against outliers and against neighbours that resemble each other:
 * Yuen's test (Biometrika 61, 1974), Welch's t with 20 % trimmed means and winsorised variances, on logarithms, with each side's number
 * of samples replaced by what they are worth (sample-size.ts). Undefined: too few samples.
 */
export function ratioTest(a: readonly number[], b: readonly number[]): RatioTest | undefined {
  if (a.length < samplesMin || b.length < samplesMin) return undefined
  const [ofA, ofB] = [summary(a), summary(b)]
  const difference = ofB.mean - ofA.mean
  const [da, db] = [ofA.square, ofB.square]
  const error = Math.sqrt(da + db)
  const df = da + db === 0 ? 1_000 : (da + db) ** 2 / (da ** 2 / ofA.df + db ** 2 / ofB.df)
  const half = error * criticalT(df)
  return {
    a: Math.exp(ofA.mean),
    b: Math.exp(ofB.mean),
    ratio: Math.exp(difference),
    interval: { low: Math.exp(difference - half), high: Math.exp(difference + half) },
    p: error === 0 ? (difference === 0 ? 1 : 0) : studentTwoSided(difference / error, df),
  }
}

/** Trimmed mean, the square of its standard error, and degrees of freedom, of logarithms. */
function summary(series: readonly number[]): { mean: number; square: number; df: number } {
  const logs = series.map((value) => Math.log(Math.max(value, 1e-9)))
  const n = logs.length
  const sorted = logs.toSorted((x, y) => x - y)
  const cut = Math.floor(trim * n)
  const [low = 0, high = 0] = [sorted[cut], sorted[n - 1 - cut]]
  const kept = sorted.slice(cut, n - cut)
  const mean = kept.reduce((sum, x) => sum + x, 0) / kept.length
  const winsorised = sorted.map((x) => Math.min(high, Math.max(low, x)))
  const middle = winsorised.reduce((sum, x) => sum + x, 0) / n
  const variance = winsorised.reduce((sum, x) => sum + (x - middle) ** 2, 0) / (n - 1)
  // Only so many of the samples, and of those that were kept, are independent.
  const worth = worthOfSample(logs)
  const size = Math.max(2, n * worth)
  const left = Math.max(2, kept.length * worth)
  return { mean, square: (variance * (size - 1)) / (left * (left - 1)), df: left - 1 }
}

/** By bisection: used once a comparison. */
function criticalT(df: number): number {
  let [low, high] = [1.9, 13]
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2
    if (studentTwoSided(middle, df) > 0.05) low = middle
    else high = middle
  }
  return low
}
