import { expect, test } from 'vitest'
import { weightOf } from '../../../collector/wire/weight.ts'

const cases: readonly (readonly [traceState: string, want: number])[] = [
  ['', 1],
  ['ot=th:8', 2],
  ['ot=th:80000000000000', 2],
  ['ot=th:c', 4],
  ['ot=th:fd70a3d70a3d71', 100],
  ['ot=rv:ffffffffffffff;th:c', 4],
  ['ot=th:c;rv:ffffffffffffff', 4],
  ['other=1,ot=th:8', 2],
  ['other=1, ot=th:8', 2],
  // Everything is kept.
  ['ot=th:0', 1],
  // Not valid: as if it were not there.
  ['ot=th:', 1],
  ['ot=th:C', 1],
  ['ot=th:123456789012345', 1],
  ['notot=th:8', 1],
  ['ot=rv:8', 1],
  ['ot=xth:8', 1],
]
test.each(cases)('%j stands for %d spans', (traceState, want) => {
  expect(weightOf(traceState)).toBeCloseTo(want, 9)
})
