import { type Aspect, type Comparison, callsMin } from './comparison.ts'
import { holm } from './holm.ts'
import { differenceInterval, wilson } from './proportions.ts'

/** A new kind of exception makes a release worse from this many occurrences on, if chance does not explain where they fell. */
const occurrencesMin = 3

export const isNew = ({ a, b, known }: Comparison['exceptions'][number]): boolean =>
  b > 0 && a === 0 && !known

/**
 * Kinds of exceptions that only b has. If a kind were not b's own, each occurrence would have fallen into b's calls by their share
 * of all calls that were watched: those of both sides and of the days before. Values are the occurrences of new kinds per call.
 */
export function compareExceptions({ exceptions, operations, callsBefore }: Comparison): Aspect {
  const calls = (side: 'a' | 'b') => operations.reduce((sum, pair) => sum + pair[side].calls, 0)
  const worth = (side: 'a' | 'b') =>
    operations.reduce((sum, pair) => sum + pair[side].calls * pair[side].worth, 0) / Math.max(calls(side), 1)
  const [a, b] = [calls('a'), calls('b')]
  // What could have been new: else every kind that both have would be one more test.
  const candidates = exceptions.filter((one) => !one.known && one.a + one.b >= occurrencesMin)
  const ps = candidates.map((one) =>
    isNew(one)
      ? // Only one direction is possible: twice, to be like the other tests.
        Math.min(1, 2 * (b / (a + b + callsBefore)) ** Math.max(1, Math.round(one.b * worth('b'))))
      : 1,
  )
  const news = exceptions.filter(isNew).reduce((sum, one) => sum + one.b, 0)
  const measured = Math.min(a, b) > 0
  const rate = (count: number, of: number) => ({
    value: count / of,
    ...wilson({ hits: Math.min(count, of), of }),
  })
  return {
    id: 'exceptions',
    a: a > 0 ? rate(0, a) : null,
    b: b > 0 ? rate(news, b) : null,
    change: measured
      ? { value: news / b, ...differenceInterval({ hits: 0, of: a }, { hits: Math.min(news, b), of: b }) }
      : null,
    p: measured ? Math.min(1, ...holm(ps)) : null,
    isLarge: candidates.some(isNew),
    isConclusive: Math.min(a, b) >= callsMin,
    missing: measured ? '' : 'no calls on a side',
  }
}
