import { expect, test } from 'vitest'
import { nearestAbove, redOf } from '../../../collector/service/api/transaction-flow.ts'

const span = (spanId: string, parentSpanId: string, links: readonly string[] = [], traceId = 't') => ({
  traceId,
  spanId,
  parentSpanId,
  links,
})

test('what entered above a call is the nearest, over links where no parent is stored, and none in a ring', () => {
  const spans = [
    span('outer', ''),
    span('inner', 'outer'),
    span('call', 'inner'),
    span('publish', 'outer'),
    span('consume', 'lost', ['other/lost', 't/publish'], 'linked'),
    span('work', 'consume', [], 'linked'),
    // Its parent wins over what it links to.
    span('both', 'inner', ['t/outer']),
    span('egg', 'hen'),
    span('hen', 'egg'),
  ]
  const above = nearestAbove([span('outer', ''), span('inner', '')], spans)
  const found = (spanId: string, traceId = 't') => above({ traceId, spanId })?.spanId
  expect(['call', 'publish', 'both', 'outer', 'egg', 'unknown'].map((id) => found(id))).toEqual([
    'inner',
    'outer',
    'inner',
    'outer',
    undefined,
    undefined,
  ])
  expect(found('work', 'linked')).toBe('outer')
})

test('figures of calls are weighted; a quantile is a duration that was measured', () => {
  const call = (durationMs: number, weight: number, failed = false) => ({ durationMs, weight, failed })
  expect(redOf([call(30, 1, true), call(10, 17), call(20, 2)])).toEqual({
    calls: 20,
    errors: 1,
    meanMs: 12,
    p50Ms: 10,
    p95Ms: 20,
    p99Ms: 30,
    maxMs: 30,
  })
  expect(redOf([])).toMatchObject({ calls: 0, meanMs: null, p95Ms: null, maxMs: null })
})
