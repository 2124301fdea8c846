import { expect, test } from 'vitest'
import { describeWhy, slowSpans } from '../../../collector/service/query/root-cause/why-slow.ts'

const own = (spanId: string, operation: string, ownMs: number) => ({
  ...{ spanId, service: 'cart', operation, callee: '', ownMs },
})
const usual = (operation: string, n: number) => ({
  ...{ service: 'cart', operation, callee: '', n, p25Ms: 8, p50Ms: 10, p75Ms: 12 },
})

test('slow are spans beyond the third quartile and one and a half quartile distances, the most excess first', () => {
  const found = slowSpans(
    [
      own('a', 'read', 18),
      own('b', 'read', 18.1),
      own('c', 'write', 100),
      own('d', 'rare', 100),
      own('e', 'new', 100),
    ],
    [usual('read', 50), usual('write', 50), usual('rare', 19)],
  )
  expect(found.map(({ spanId, usualMs, usualMaxMs, share }) => [spanId, usualMs, usualMaxMs, share])).toEqual(
    [
      ['c', 10, 18, expect.closeTo(90 / 98.1)],
      ['b', 10, 18, expect.closeTo(8.1 / 98.1)],
    ],
  )
  expect(describeWhy(found, 3)).toBe('98.1 ms more than usual, of which 91.7 % in cart write.')
})

test('what is no reason is said', () => {
  expect(describeWhy([], 3)).toContain('No span')
  expect(describeWhy([], 0)).toContain('Nothing is known')
})
