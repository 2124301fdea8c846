import { expect, test } from 'vitest'
import { anatomyOf } from '../../../collector/service/api/anatomy.ts'
import type { AnatomySpanRow } from '../../../collector/service/query/anatomy.ts'

/** Times in ms. */
function span(
  spanId: string,
  parentSpanId: string,
  [startMs, durationMs]: readonly [number, number],
  rest: Partial<AnatomySpanRow> = {},
): AnatomySpanRow {
  return {
    traceId: 't',
    spanId,
    parentSpanId,
    application: 'shop',
    service: 'web',
    kind: 'server',
    backendType: 'external',
    backendSystem: 'http',
    backendName: 'pay.example',
    startNs: startMs * 1e6,
    durationNs: durationMs * 1e6,
    ...rest,
  }
}

const database = {
  kind: 'client',
  backendType: 'database',
  backendSystem: 'postgresql',
  backendName: 'db',
} as const
const calls = [{ traceId: 't', spanId: 'e', pace: 'normal' as const }]
const costs = (spans: readonly AnatomySpanRow[], of = calls) =>
  anatomyOf('shop', of, spans).parts.map((part) => [
    part.id,
    part.normal.calls,
    part.normal.ownMs,
    part.normal.lateMs,
  ])

test('own time goes to tiers, of untraced callees to the backend, and adds up to the answer', () => {
  const spans = [
    span('e', 'caller', [0, 100]),
    span('c', 'e', [10, 50], { kind: 'client' }),
    span('s', 'c', [15, 40], { service: 'orders' }),
    span('d', 's', [20, 10], { service: 'orders', ...database }),
    span('x', 'e', [70, 20], { kind: 'client' }),
    // Beside the call, not below it: another application's.
    span('beside', 'caller', [0, 80], { service: 'other' }),
  ]
  expect(costs(spans)).toEqual([
    ['tier:web', 1, 40, 0],
    ['tier:orders', 1, 30, 0],
    ['external:pay.example', 1, 20, 0],
    ['backend:postgresql:db', 1, 10, 0],
  ])
})

test('work after the answer is late, and a call that outlives its caller counts until the answer', () => {
  const spans = [
    span('e', '', [0, 20]),
    span('p', 'e', [5, 2], { kind: 'producer' }),
    span('w', 'p', [15, 30], { service: 'worker', kind: 'consumer' }),
  ]
  expect(costs(spans)).toEqual([
    ['tier:web', 1, 20, 0],
    ['tier:worker', 1, 5, 25],
  ])
})

test('a tier of another application is an external one', () => {
  const spans = [
    span('e', '', [0, 20]),
    span('c', 'e', [0, 20], { kind: 'client' }),
    span('b', 'c', [1, 18], { application: 'billing', service: 'ledger' }),
  ]
  expect(costs(spans)).toEqual([
    ['external:billing/ledger', 1, 18, 0],
    ['tier:web', 1, 2, 0],
  ])
})

test('means over the calls of each pace; a trace that is not stored does not count', () => {
  const of = (traceId: string, durationMs: number) => span('e', '', [0, durationMs], { traceId })
  const anatomy = anatomyOf(
    'shop',
    [
      { traceId: 'a', spanId: 'e', pace: 'normal' },
      { traceId: 'b', spanId: 'e', pace: 'normal' },
      { traceId: 'c', spanId: 'e', pace: 'slow' },
      { traceId: 'gone', spanId: 'e', pace: 'slow' },
    ],
    [of('a', 10), of('b', 20), of('c', 300)],
  )
  expect(anatomy).toMatchObject({ normal: { calls: 2, meanMs: 15 }, slow: { calls: 1, meanMs: 300 } })
  expect(anatomy.parts[0]).toMatchObject({ normal: { ownMs: 15 }, slow: { ownMs: 300 } })
})

test('repeated span ids and rings of parents end', () => {
  const ring = [span('e', 'b', [0, 10]), span('b', 'e', [1, 5]), span('b', 'e', [1, 5])]
  expect(costs(ring)[0]?.[0]).toBe('tier:web')
})
