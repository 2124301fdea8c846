import { expect, test } from 'vitest'
import { kindOfWork, selfTimeMs, summarizeTrace } from '../../../dashboards/web/src/traces/trace-summary.ts'
import { buildTraceTree } from '../../../dashboards/web/src/traces/trace-tree.ts'
import { span } from './support.ts'

test.each([
  ['without children all time is its own', [span('a', '', [0, 10])], 10],
  [
    'children that overlap are taken off once',
    [span('a', '', [0, 10]), span('b', 'a', [1, 4]), span('c', 'a', [3, 4])],
    4,
  ],
  [
    'a child is taken off only up to the end of its parent',
    [span('a', '', [0, 10]), span('b', 'a', [8, 50])],
    8,
  ],
  [
    'a child that starts early is taken off from the start',
    [span('a', '', [0, 10]), span('b', 'a', [-5, 8])],
    7,
  ],
])('%s', (_name, spans, want) => {
  const root = buildTraceTree(spans).find((node) => node.key === 'a')
  expect(root && selfTimeMs(root)).toBe(want)
})

test.each([
  [{ kind: 'client', attributes: { 'db.system.name': 'postgresql' } }, 'database'],
  [{ kind: 'client', attributes: { 'db.system': 'redis' } }, 'database'],
  [{ kind: 'consumer' }, 'queue'],
  [{ kind: 'client', attributes: { 'messaging.system': 'kafka' } }, 'queue'],
  [{ kind: 'client' }, 'outgoing call'],
  [{ kind: 'server' }, 'request handling'],
  [{ kind: 'internal' }, 'internal'],
])('%j is %s', (rest, want) => expect(kindOfWork(span('a', '', [0, 1], rest))).toBe(want))

test('time is shared out among tiers by self time, the largest first', () => {
  const { byTier, byKind } = summarizeTrace(
    buildTraceTree([
      span('a', '', [0, 10], { kind: 'server' }),
      span('b', 'a', [2, 8], { service: 'benigno', kind: 'server', status: 'error' }),
    ]),
  )
  expect(byTier).toEqual([
    { name: 'benigno', spans: 1, errors: 1, selfMs: 8, share: 0.8 },
    { name: 'magnanimo', spans: 1, errors: 0, selfMs: 2, share: 0.2 },
  ])
  expect(byKind).toEqual([{ name: 'request handling', spans: 2, errors: 1, selfMs: 10, share: 1 }])
})
