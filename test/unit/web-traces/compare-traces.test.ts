import { describe, expect, test } from 'vitest'
import type { TraceRow } from '../../../collector/service/api/schema/applications.ts'
import { compareOperations, differingFacts } from '../../../dashboards/web/src/traces/compare-traces.ts'
import { viewTrace } from '../../../dashboards/web/src/traces/trace-view.ts'
import { typicalTrace } from '../../../dashboards/web/src/traces/typical-trace.ts'
import { span } from './support.ts'

const view = (spans: ReturnType<typeof span>[]) =>
  viewTrace({
    traceId: 't',
    startMs: 0,
    durationMs: 0,
    spans,
    truncated: false,
    resources: {},
    logs: [],
    orphans: 0,
  })
const query = { operation: 'SELECT', kind: 'client' }
const typical = view([
  span('a', '', [0, 20], { operation: 'GET /', attributes: { route: '/', 'process.pid': '1' } }),
  span('b', 'a', [5, 4], query),
])
const slow = view([
  span('a', '', [0, 50], {
    operation: 'GET /',
    attributes: { route: '/', tier: 'gold', 'process.pid': '2' },
    pod: 'magnanimo-2',
  }),
  span('b', 'a', [5, 10], query),
  span('c', 'a', [20, 20], { ...query, status: 'error' }),
  span('d', 'a', [41, 2], { operation: 'retry' }),
])

describe('two traces compared', () => {
  test('own time by operation, the largest difference first, and the differences add up', () => {
    const rows = compareOperations(typical, slow)
    expect(rows.map((row) => [row.operation, row.a.ownMs, row.b.ownMs, row.differenceMs])).toEqual([
      ['SELECT', 4, 30, 26],
      ['GET /', 16, 18, 2],
      ['retry', 0, 2, 2],
    ])
    expect(rows[0]?.b).toEqual({ spans: 2, errors: 1, ownMs: 30 })
    expect(rows.reduce((sum, row) => sum + row.differenceMs, 0)).toBe(50 - 20)
    expect(compareOperations(slow, typical)[0]?.differenceMs).toBe(-26)
  })

  test('what differs beside time, without ids that always do', () => {
    expect(differingFacts(typical, slow)).toEqual([
      { name: 'magnanimo pod', a: 'magnanimo-1', b: 'magnanimo-1, magnanimo-2' },
      { name: 'tier', a: '', b: 'gold' },
    ])
  })

  test('a typical trace has the middle duration of the others without errors', () => {
    const row = (traceId: string, durationMs: number, rest: Partial<TraceRow> = {}) =>
      ({ traceId, durationMs, startMs: 0, errors: 0, rootMissing: false, ...rest }) as TraceRow
    const rows = [
      row('mine', 500),
      row('a', 10),
      row('b', 30),
      row('c', 20),
      row('failed', 21, { errors: 1 }),
      row('cut', 22, { rootMissing: true }),
    ]
    expect(typicalTrace(rows, 'mine')?.traceId).toBe('c')
    expect(typicalTrace(rows.slice(0, 1), 'mine')).toBeUndefined()
  })
})
