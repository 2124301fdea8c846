import { logChoose, normalTwoSided } from './distributions.ts'
import type { Stratum } from './rank-test.ts'

export interface Hits {
  readonly hits: number
  readonly of: number
}

export interface Interval {
  readonly low: number
  readonly high: number
}

/** Of the normal distribution, for intervals that hold in 95 of 100 cases. */
export const z95 = 1.959963984540054
/** Sums over more outcomes than this give way to the normal approximation, which is good by then. */
const outcomesMax = 1_000

/** Wilson's score interval of a proportion, 95 % (J. Am. Stat. Assoc. 22, 1927). */
export function wilson({ hits, of }: Hits): Interval {
  if (of <= 0) return { low: 0, high: 1 }
  const p = hits / of
  const square = z95 ** 2 / of
  const middle = (p + square / 2) / (1 + square)
  const half = (z95 / (1 + square)) * Math.sqrt((p * (1 - p)) / of + square / of / 4)
  return {
    low: hits === 0 ? 0 : Math.max(0, middle - half),
    high: hits >= of ? 1 : Math.min(1, middle + half),
  }
}

/** Interval of the difference b − a, 95 %: Newcombe's method 10 on Wilson's intervals (Stat. Med. 17, 1998). */
export function differenceInterval(a: Hits, b: Hits): Interval {
  const [ofA, ofB] = [wilson(a), wilson(b)]
  const [pa, pb] = [a.of > 0 ? a.hits / a.of : 0, b.of > 0 ? b.hits / b.of : 0]
  return {
    low: pb - pa - Math.hypot(pb - ofB.low, ofA.high - pa),
    high: pb - pa + Math.hypot(ofB.high - pb, pa - ofA.low),
  }
}

/**
 * Whether `b` has another share of hits than `a` within the strata; two-sided p-value. Exact where hits are few: the conditional
 * test for 2 × 2 × K tables (Mehta, Patel & Gray, J. Am. Stat. Assoc. 80, 1985), of which Fisher's exact test is the case K = 1; an
 * outcome counts as extreme when it is at most as likely as the one seen. Else the score test of Cochran (Biometrics 10, 1954)
 * and Mantel & Haenszel (J. Natl. Cancer Inst. 22, 1959). Counts are rounded, so effective sizes may be given.
 */
export function proportionTest(strata: readonly Stratum<Hits>[]): number {
  const tables = strata.flatMap(({ a, b }) => {
    const [ofA, ofB] = [Math.round(a.of), Math.round(b.of)]
    const [hitsA, hitsB] = [Math.min(ofA, Math.round(a.hits)), Math.min(ofB, Math.round(b.hits))]
    return ofA > 0 && ofB > 0 ? [{ ofA, ofB, hits: hitsA + hitsB, hitsB }] : []
  })
  // Seldom hits and seldom misses are the same question.
  const hits = tables.reduce((sum, table) => sum + table.hits, 0)
  const misses = tables.reduce((sum, table) => sum + table.ofA + table.ofB - table.hits, 0)
  if (hits === 0 || misses === 0) return 1
  if (Math.min(hits, misses) > outcomesMax) return scoreTest(tables)
  return exactTest(
    hits <= misses
      ? tables
      : tables.map(({ ofA, ofB, hits, hitsB }) => ({ ofA, ofB, hits: ofA + ofB - hits, hitsB: ofB - hitsB })),
  )
}

interface Table {
  readonly ofA: number
  readonly ofB: number
  readonly hits: number
  readonly hitsB: number
}

function exactTest(tables: readonly Table[]): number {
  const likelihoods = tables.map(hypergeometric).reduce(convolved, [1])
  const seen = tables.reduce((sum, { hitsB, hits, ofA }) => sum + hitsB - Math.max(0, hits - ofA), 0)
  return sumOfAtMost(likelihoods, seen)
}

/** How likely each number of hits in b is, from the least possible on, when hits fall on any call alike. */
function hypergeometric({ ofA, ofB, hits }: Table): number[] {
  const least = Math.max(0, hits - ofA)
  const all = logChoose(ofA + ofB, hits)
  return Array.from({ length: Math.min(hits, ofB) - least + 1 }, (_, index) =>
    Math.exp(logChoose(ofB, least + index) + logChoose(ofA, hits - least - index) - all),
  )
}

function convolved(left: readonly number[], right: readonly number[]): number[] {
  const sum = new Array<number>(left.length + right.length - 1).fill(0)
  for (const [i, x] of left.entries())
    for (const [j, y] of right.entries()) sum[i + j] = (sum[i + j] ?? 0) + x * y
  return sum
}

function sumOfAtMost(likelihoods: readonly number[], seen: number): number {
  const limit = (likelihoods[seen] ?? 0) * (1 + 1e-7)
  return Math.min(
    1,
    likelihoods.reduce((sum, one) => sum + (one <= limit ? one : 0), 0),
  )
}

function scoreTest(tables: readonly Table[]): number {
  let deviation = 0
  let variance = 0
  for (const { ofA, ofB, hits, hitsB } of tables) {
    const of = ofA + ofB
    deviation += hitsB - (hits * ofB) / of
    if (of > 1) variance += (ofA * ofB * hits * (of - hits)) / (of * of * (of - 1))
  }
  return variance > 0 ? normalTwoSided(deviation / Math.sqrt(variance)) : 1
}

/**
 * Whether `hits` of `of` fits the share `expected`; two-sided p-value. Exact binomial, outcomes at most as likely as the one seen
 * counting as extreme; the chi-square test with one degree of freedom (its score form) where they are many.
 * Of two counts of events over two times of watching it is the conditional test of equal rates (Przyborowski & Wilenski, Biometrika 31, 1940):
 * expected = time of b / time of both.
 */
export function shareTest({ hits, of }: Hits, expected: number): number {
  const [n, k] = [Math.round(of), Math.round(hits)]
  if (n === 0) return 1
  if (expected <= 0 || expected >= 1) return k === (expected <= 0 ? 0 : n) ? 1 : 0
  if (n > outcomesMax) return normalTwoSided((k - n * expected) / Math.sqrt(n * expected * (1 - expected)))
  const likelihoods = Array.from({ length: n + 1 }, (_, i) =>
    Math.exp(logChoose(n, i) + i * Math.log(expected) + (n - i) * Math.log1p(-expected)),
  )
  return sumOfAtMost(likelihoods, k)
}
