import type { Aspect, Comparison } from './comparison.ts'
import { shareTest } from './proportions.ts'

const conclusivePodHoursMin = 0.5

/** Containers that were started anew, per hour of a pod. */
export function compareRestarts({ a, b }: Comparison): Aspect {
  const missing = Math.min(a.podHours, b.podHours) <= 0 ? 'no pods known on a side' : ''
  // Exact enough for a line on a screen: the interval of a Poisson count by its square root.
  const rate = ({ restarts, podHours }: Comparison['a']) =>
    podHours > 0
      ? {
          value: restarts / podHours,
          low: Math.max(0, Math.sqrt(restarts) - 0.98) ** 2 / podHours,
          high: (Math.sqrt(restarts + 1) + 0.98) ** 2 / podHours,
        }
      : null
  const [ofA, ofB] = [rate(a), rate(b)]
  return {
    id: 'restarts',
    a: ofA,
    b: ofB,
    change:
      ofA && ofB && ofA.value > 0
        ? {
            value: ofB.value / ofA.value - 1,
            low: ofB.low / ofA.high - 1,
            high: ofA.low > 0 ? ofB.high / ofA.low - 1 : Number.MAX_VALUE,
          }
        : null,
    p:
      missing === ''
        ? shareTest({ hits: b.restarts, of: a.restarts + b.restarts }, b.podHours / (a.podHours + b.podHours))
        : null,
    isLarge: a.restarts !== b.restarts,
    isConclusive: Math.min(a.podHours, b.podHours) >= conclusivePodHoursMin,
    missing,
  }
}
