import type { Comparison, Estimate } from './comparison.ts'
import { shareTest, wilson } from './proportions.ts'

export interface ShareOfCalls extends Estimate {
  readonly intended: number | null
  readonly source: 'label' | 'pods' | ''
  /** Two-sided; null: no share is known to be intended. */
  readonly p: number | null
  readonly isAsIntended: boolean
}

/** Connections stay open and callers differ: shares are never exact. */
const floorShare = 0.02
const floorRatio = 0.2
const level = 0.01

/** The share of the calls that b got. It says nothing of the release; but a canary that gets none proves nothing either. */
export function compareShare({ operations, intended }: Comparison): ShareOfCalls | null {
  const sum = (side: 'a' | 'b', of: 'calls' | 'worth') =>
    operations.reduce((total, pair) => total + pair[side].calls * (of === 'worth' ? pair[side].worth : 1), 0)
  const [a, b] = [sum('a', 'calls'), sum('b', 'calls')]
  if (a + b <= 0) return null
  const value = b / (a + b)
  const of = sum('a', 'worth') + sum('b', 'worth')
  const hits = value * of
  const p = intended ? shareTest({ hits, of }, intended.share) : null
  const off = intended ? Math.abs(value - intended.share) : 0
  return {
    value,
    ...wilson({ hits, of }),
    intended: intended?.share ?? null,
    source: intended?.source ?? '',
    p,
    isAsIntended: p === null || p >= level || off < Math.max(floorShare, floorRatio * (intended?.share ?? 0)),
  }
}
