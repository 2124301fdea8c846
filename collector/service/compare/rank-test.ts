import { normalTwoSided } from './distributions.ts'
import type { Histogram } from './histogram.ts'

export interface Stratum<Sample> {
  readonly a: Sample
  readonly b: Sample
}

export interface RankTest {
  /** Positive: values of b are larger. */
  readonly z: number
  /** Two-sided. */
  readonly p: number
}

/**
 * Whether values of `b` tend to be larger than those of `a` of the same stratum: Wilcoxon's rank-sum test (Mann & Whitney, Ann. Math.
 * Stat. 18, 1947) in each stratum with the variance for ties, strata combined with van Elteren's weights 1 / (N + 1) (Bull. Inst.
 * Int. Stat. 37, 1960). So a stratum that is slower than another says nothing by itself, however the two sides are mixed.
 * Samples are counts by ordered value; counts may be fractions (effective sizes). Normal approximation: meant for ten and more.
 */
export function rankTest(strata: readonly Stratum<Histogram>[]): RankTest {
  let deviation = 0
  let variance = 0
  for (const { a, b } of strata) {
    const stratum = rankSum(a, b)
    if (stratum.size < 2) continue
    deviation += stratum.deviation / (stratum.size + 1)
    variance += stratum.variance / (stratum.size + 1) ** 2
  }
  if (!(variance > 0)) return { z: 0, p: 1 }
  const z = deviation / Math.sqrt(variance)
  return { z, p: normalTwoSided(z) }
}

/** Rank sum of b less its expectation, its variance, and the number of values. */
function rankSum(
  a: Histogram,
  b: Histogram,
): { readonly deviation: number; readonly variance: number; readonly size: number } {
  const counts = new Map<number, [a: number, b: number]>()
  for (const [value, count] of a) counts.set(value, [count, 0])
  for (const [value, count] of b) counts.set(value, [counts.get(value)?.[0] ?? 0, count])
  let below = 0
  let ofA = 0
  let ofB = 0
  let rankSumOfB = 0
  let ties = 0
  for (const [, [inA, inB]] of [...counts].sort(([x], [y]) => x - y)) {
    const tied = inA + inB
    rankSumOfB += inB * (below + (tied + 1) / 2)
    if (tied > 1) ties += tied ** 3 - tied
    below += tied
    ofA += inA
    ofB += inB
  }
  const size = ofA + ofB
  if (ofA === 0 || ofB === 0) return { deviation: 0, variance: 0, size }
  const variance = ((ofA * ofB) / 12) * (size + 1 - ties / (size * (size - 1)))
  return { deviation: rankSumOfB - (ofB * (size + 1)) / 2, variance: Math.max(0, variance), size }
}
