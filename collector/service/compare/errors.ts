import {
  type Aspect,
  callsMin,
  conclusiveCallsMin,
  type OperationCalls,
  type OperationPair,
} from './comparison.ts'
import { sharedOperations } from './latency.ts'
import { differenceInterval, type Hits, proportionTest, wilson } from './proportions.ts'

/** A change of the error rate matters from this much on: of all calls, and against the rate before. */
const floorShare = 0.000_5
const floorRatio = 0.1

const failuresOf = ({ calls, errors, worth }: OperationCalls): Hits => ({
  hits: errors * worth,
  of: calls * worth,
})

/**
 * Failed calls. Rates are of the same mix of operations on both sides, as for latency; the test compares calls of one operation only.
 * Intervals are Wilson's and Newcombe's.
 */
export function compareErrors(pairs: readonly OperationPair[]): Aspect {
  const shared = sharedOperations(pairs)
  const [a, b] = [standardised(shared, 'a'), standardised(shared, 'b')]
  const missing = Math.min(a.of, b.of) < callsMin ? `fewer than ${callsMin} calls on a side` : ''
  const value = rateOf(b) - rateOf(a)
  return {
    id: 'errors',
    a: a.of > 0 ? { value: rateOf(a), ...wilson(a) } : null,
    b: b.of > 0 ? { value: rateOf(b), ...wilson(b) } : null,
    change: missing === '' ? { value, ...differenceInterval(a, b) } : null,
    p:
      missing === ''
        ? proportionTest(shared.map((pair) => ({ a: failuresOf(pair.a), b: failuresOf(pair.b) })))
        : null,
    isLarge: Math.abs(value) >= Math.max(floorShare, floorRatio * Math.min(rateOf(a), rateOf(b))),
    isConclusive: Math.min(a.of, b.of) >= conclusiveCallsMin,
    missing,
  }
}

const rateOf = ({ hits, of }: Hits) => (of > 0 ? hits / of : 0)

function standardised(pairs: readonly OperationPair[], side: 'a' | 'b'): Hits {
  const all = pairs.reduce((sum, { a, b }) => sum + a.calls + b.calls, 0)
  let rate = 0
  let inverse = 0
  for (const pair of pairs) {
    const share = (pair.a.calls + pair.b.calls) / all
    const own = failuresOf(pair[side])
    rate += share * rateOf(own)
    inverse += share ** 2 / own.of
  }
  const of = inverse > 0 ? 1 / inverse : 0
  return { hits: rate * of, of }
}
