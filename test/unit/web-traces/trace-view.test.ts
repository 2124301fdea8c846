import type { SpanRow, TraceDetail } from '@binnacle/collector/api/applications'
import { expect, test } from 'vitest'
import { firstCause, nextFailed, viewTrace } from '../../../dashboards/web/src/traces/trace-view.ts'
import { span } from './support.ts'

const failed = { status: 'error' } as const
const trace = (spans: SpanRow[]): TraceDetail => ({
  traceId: 'a'.repeat(32),
  startMs: 0,
  durationMs: 10,
  spans,
  truncated: false,
  resources: {},
  logs: [],
  orphans: 0,
})
const view = viewTrace(
  trace([
    span('a', '', [0, 10], failed),
    span('b', 'a', [1, 6], failed),
    span('c', 'b', [2, 2], failed),
    span('d', 'a', [8, 1], failed),
    span('late', 'a', [12, 30]),
  ]),
)

test('the bounds hold work that outlives the root', () => {
  expect([view.startMs, view.endMs]).toEqual([0, 42])
})
test('a trace without spans has the bounds that the service names', () => {
  expect(viewTrace(trace([]))).toMatchObject({ startMs: 0, endMs: 10, main: undefined, nodes: [] })
})
test('stepping through errors follows reading order and comes round', () => {
  const order = ['a', 'b', 'c', 'd', 'a']
  let key: string | undefined
  for (const want of order) {
    key = nextFailed(view, key)?.key
    expect(key).toBe(want)
  }
  expect(nextFailed(view, 'late')?.key).toBe('a')
  expect(nextFailed(viewTrace(trace([span('a', '', [0, 1])])), undefined)).toBeUndefined()
})
test('the first cause is the earliest failure that no failed child explains', () => {
  expect(firstCause(view)?.key).toBe('c')
})
