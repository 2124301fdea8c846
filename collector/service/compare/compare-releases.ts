import type { Comparison, JudgedAspect } from './comparison.ts'
import { compareErrors } from './errors.ts'
import { compareExceptions } from './exceptions.ts'
import { judge } from './judge.ts'
import { type CommonMix, commonMix, compareLatency } from './latency.ts'
import { compareOperations, type JudgedOperation } from './operations.ts'
import { compareCpu, compareMemory } from './resources.ts'
import { compareRestarts } from './restarts.ts'
import { compareShare, type ShareOfCalls } from './share.ts'
import { type Verdict, verdictOf } from './verdict.ts'

export interface ComparedReleases {
  readonly verdict: Verdict
  readonly aspects: readonly JudgedAspect[]
  readonly operations: readonly JudgedOperation[]
  readonly share: ShareOfCalls | null
  readonly mix: CommonMix
}

/**
 * Whether release b is worse than a. Two families of tests, aspects of the whole and operations, each at the level of 5 % in both
 * directions together (judge.ts): so at most 5 of 100 releases that are equal are called worse, and fewer in fact, since a change must
 * also be large enough to matter.
 */
export function compareReleases(comparison: Comparison): ComparedReleases {
  const { operations: pairs } = comparison
  const aspects = judge([
    ...compareLatency(pairs),
    compareErrors(pairs),
    compareExceptions(comparison),
    compareRestarts(comparison),
    compareCpu(comparison),
    compareMemory(comparison),
  ])
  const operations = compareOperations(pairs)
  const share = compareShare(comparison)
  return {
    aspects,
    operations,
    share,
    mix: commonMix(pairs),
    verdict: verdictOf(comparison, { aspects, operations, share }),
  }
}
