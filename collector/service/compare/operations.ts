import type { JudgedAspect, OperationPair, Outcome } from './comparison.ts'
import { compareErrors } from './errors.ts'
import { judge } from './judge.ts'
import { compareLatency } from './latency.ts'

export interface JudgedOperation {
  readonly pair: OperationPair
  /** p50, p95, p99 and errors; adjusted over all aspects of all operations. */
  readonly aspects: readonly JudgedAspect[]
  readonly outcome: Outcome
}

/** The busiest ones are tested; every further test would make all of them blinder. */
const testedMax = 100

/** Each operation by itself: what became worse in one is not hidden by the others. */
export function compareOperations(pairs: readonly OperationPair[]): JudgedOperation[] {
  const busiest = pairs.toSorted((x, y) => y.a.calls + y.b.calls - (x.a.calls + x.b.calls))
  const aspects = busiest.map((pair) => [...compareLatency([pair]), compareErrors([pair])])
  const judged = judge(aspects.slice(0, testedMax).flat())
  return busiest.map((pair, index) => {
    const own = judged.slice(index * 4, index * 4 + 4)
    const untested = (aspects[index] ?? []).map(
      (one): JudgedAspect => ({ ...one, adjustedP: null, outcome: 'not-enough-data' }),
    )
    return { pair, aspects: own.length > 0 ? own : untested, outcome: overall(own) }
  })
}

/** p99 needs so many calls that its silence does not count. */
function overall(aspects: readonly JudgedAspect[]): Outcome {
  const outcomes = aspects.filter((one) => one.id !== 'p99').map((one) => one.outcome)
  if (aspects.some((one) => one.outcome === 'worse')) return 'worse'
  if (outcomes.length === 0 || outcomes.includes('not-enough-data')) return 'not-enough-data'
  return outcomes.includes('better') ? 'better' : 'no-difference'
}
