import {
  type Aspect,
  callsMin,
  conclusiveCallsMin,
  type Estimate,
  type OperationCalls,
  type OperationPair,
} from './comparison.ts'
import { callsFrom, type Histogram, merged, msAt, quantilePlace, scaled, totalOf } from './histogram.ts'
import { type Hits, type Interval, proportionTest, z95 } from './proportions.ts'
import { rankTest, type Stratum } from './rank-test.ts'

/** The sides' distributions if both had been called for the operations in the same proportions, and what they are worth. */
export interface CommonMix {
  readonly a: Histogram
  readonly b: Histogram
  readonly worthA: number
  readonly worthB: number
  /** Part of each side's calls whose operations both sides were called for. */
  readonly coveredA: number
  readonly coveredB: number
}

/** From which part more the p50, p95 and p99 are slower; below it nobody cares, and buckets are 9 % wide. */
const floors = { p50: 0.1, p95: 0.1, p99: 0.2 } as const
const floorMs = 0.1
/** An operation says nothing with fewer calls than this on a side. */
const stratumMin = 10
const coveredMin = 0.5
type Quantile = keyof typeof floors
const levels: Readonly<Record<Quantile, number>> = { p50: 0.5, p95: 0.95, p99: 0.99 }

const worthOf = ({ durations, worth }: OperationCalls) => totalOf(durations) * worth

export const sharedOperations = (pairs: readonly OperationPair[]): readonly OperationPair[] =>
  pairs.filter(({ a, b }) => Math.min(worthOf(a), worthOf(b)) >= stratumMin)

/**
 * Direct standardisation (as in Kitagawa, J. Am. Stat. Assoc. 50, 1955): each operation counts by its part of the calls of both
 * sides, so that a side that was called more often for slow operations is not slower. What the mix is worth follows from the variance of a
 * weighted mean of independent parts: 1 / Σ(share² / n).
 */
export function commonMix(pairs: readonly OperationPair[]): CommonMix {
  const shared = sharedOperations(pairs)
  const calls = (of: readonly OperationPair[], side: 'a' | 'b') =>
    of.reduce((sum, pair) => sum + totalOf(pair[side].durations), 0)
  const all = calls(shared, 'a') + calls(shared, 'b')
  const mixOf = (side: 'a' | 'b') => {
    const parts = shared.map((pair) => ({
      own: pair[side],
      share: (totalOf(pair.a.durations) + totalOf(pair.b.durations)) / all,
    }))
    return {
      durations: merged(parts.map(({ own, share }) => scaled(own.durations, share / totalOf(own.durations)))),
      worth:
        shared.length === 0
          ? 0
          : 1 / parts.reduce((sum, { own, share }) => sum + share ** 2 / worthOf(own), 0),
      covered: calls(shared, side) / Math.max(calls(pairs, side), 1e-9),
    }
  }
  const [a, b] = [mixOf('a'), mixOf('b')]
  return {
    a: a.durations,
    b: b.durations,
    worthA: a.worth,
    worthB: b.worth,
    coveredA: a.covered,
    coveredB: b.covered,
  }
}

/**
 * Typical and slow calls. The p50 is judged by the ranks of all durations; the p95 and p99 by how many calls lie beyond the time
 * that 5 % and 1 % of both sides' calls exceed. Both compare calls of one operation only.
 */
export function compareLatency(pairs: readonly OperationPair[]): Aspect[] {
  const mix = commonMix(pairs)
  const shared = sharedOperations(pairs)
  const missing =
    Math.min(mix.worthA, mix.worthB) < callsMin
      ? `fewer than ${callsMin} calls on a side`
      : Math.min(mix.coveredA, mix.coveredB) < coveredMin
        ? 'mostly called for different operations'
        : ''
  return (['p50', 'p95', 'p99'] as const).map((id) => {
    const [a, b] = [quantileOf(mix.a, levels[id], mix.worthA), quantileOf(mix.b, levels[id], mix.worthB)]
    if (missing !== '' || !a || !b)
      return { id, a, b, change: null, p: null, isLarge: false, isConclusive: false, missing }
    const change = ratioOf(a, b)
    return {
      id,
      a,
      b,
      change,
      p: id === 'p50' ? rankTest(shared.map(effective)).p : tailTest(shared, 1 - levels[id]),
      isLarge:
        Math.max(change.value, 1 / (1 + change.value) - 1) >= floors[id] &&
        Math.abs(b.value - a.value) >= floorMs,
      isConclusive: Math.min(mix.worthA, mix.worthB) >= conclusiveCallsMin,
      missing,
    }
  })
}

const effective = ({ a, b }: OperationPair): Stratum<Histogram> => ({
  a: scaled(a.durations, a.worth),
  b: scaled(b.durations, b.worth),
})

/** Whether as many calls of b as of a are among the slowest of both. Operations whose durations all fall into one bucket say nothing. */
function tailTest(pairs: readonly OperationPair[], part: number): number {
  return proportionTest(
    pairs.flatMap((pair) => {
      const from = tailStart(merged([effective(pair).a, effective(pair).b]), part)
      const tail = ({ durations, worth }: OperationCalls): Hits => ({
        hits: callsFrom(durations, from) * worth,
        of: totalOf(durations) * worth,
      })
      return from === Number.POSITIVE_INFINITY ? [] : [{ a: tail(pair.a), b: tail(pair.b) }]
    }),
  )
}

/** The bucket from which on the part of the calls that is nearest to the wanted one lies, by ratio. */
function tailStart(durations: Histogram, part: number): number {
  const all = totalOf(durations)
  let best = Number.POSITIVE_INFINITY
  let bestMiss = Math.log(4)
  let beyond = all
  for (const [bucket, calls] of durations) {
    const miss = Math.abs(Math.log(beyond / all / part))
    if (beyond < all && miss < bestMiss) [best, bestMiss] = [bucket, miss]
    beyond -= calls
    if (beyond <= all * 1e-9) break
  }
  return best
}

/** A quantile with the interval that its rank may lie in (Woodruff, J. Am. Stat. Assoc. 47, 1952). */
function quantileOf(durations: Histogram, p: number, worth: number): Estimate | null {
  const value = quantilePlace(durations, p)
  if (value === null || worth <= 0) return null
  const half = z95 * Math.sqrt((p * (1 - p)) / worth)
  // Beyond the last rank nothing is known: an interval is at least as wide upwards as downwards.
  const low = quantilePlace(durations, p - half) ?? value
  const high = quantilePlace(durations, p + half) ?? value
  return {
    value: msAt(value),
    low: msAt(low),
    high: msAt(p + half > 1 ? Math.max(high, 2 * value - low) : high),
  }
}

/** b / a − 1, its interval from those of the sides on the logarithmic scale. */
function ratioOf(a: Estimate, b: Estimate): Estimate {
  const ratio = b.value / a.value
  const up = Math.hypot(Math.log(b.high / b.value), Math.log(a.value / a.low))
  const down = Math.hypot(Math.log(b.value / b.low), Math.log(a.high / a.value))
  const { low, high }: Interval = { low: ratio * Math.exp(-down), high: ratio * Math.exp(up) }
  return { value: ratio - 1, low: low - 1, high: high - 1 }
}
