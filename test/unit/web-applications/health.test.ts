import type { Red } from '@binnacle/collector/api/applications'
import { expect, test } from 'vitest'
import { edgeLabel } from '../../../dashboards/web/src/applications/flow-label.ts'
import { healthOf, healthRank } from '../../../dashboards/web/src/applications/health.ts'
import { edge, red } from './support.ts'

type Usual = NonNullable<Red['usual']>['p95Ms']
const within: Usual = { hours: 14, center: 20, lower: 10, upper: 30, deviation: 1, change: 0.1 }
const cold: Usual = { hours: 2, center: null, lower: null, upper: null, deviation: null, change: null }
const equal: Usual = { hours: 14, center: 20, lower: 20, upper: 20, deviation: null, change: 0 }
const never: Usual = { ...equal, center: 0, lower: 0, upper: 0, change: null }
const beside = (p95Ms: Usual, errorsPerMinute: Usual, rest: Partial<Red> = {}): Red =>
  red(120, { usual: { callsPerMinute: within, p95Ms, errorsPerMinute }, ...rest })

test.each<[name: string, of: Red, state: string | undefined, short: string]>([
  ['within 2 σ', beside(within, within), 'ok', ''],
  ['faster than usual', beside({ ...within, deviation: -5 }, within), 'ok', ''],
  ['2 σ slower', beside({ ...within, deviation: 2 }, within), 'warning', 'p95 +2 σ'],
  ['3 σ more errors', beside(within, { ...within, deviation: 3.04 }), 'critical', 'errors +3 σ'],
  [
    'the worse counts',
    beside({ ...within, deviation: 2.5 }, { ...within, deviation: 9 }),
    'critical',
    'p95 +2.5 σ, errors +9 σ',
  ],
  ['half as slow again, of equal hours', beside({ ...equal, change: 0.5 }, equal), 'warning', 'p95 +50 %'],
  ['twice as slow, of equal hours', beside({ ...equal, change: 1 }, equal), 'critical', 'p95 +100 %'],
  [
    'errors where there were none',
    beside(within, never, { errors: 3, errorsPerMinute: 0.05 }),
    'warning',
    'errors, usually none',
  ],
  ['no errors as ever', beside(within, never), 'ok', ''],
  ['two hours', beside(cold, cold), 'info', ''],
  ['nothing to compare with', red(120), undefined, ''],
  ['no calls', { ...beside(within, within), calls: 0 }, undefined, ''],
])('health: %s', (_, of, state, short) => {
  const health = healthOf(of)
  expect([health?.state, health?.short ?? '']).toEqual([state, short])
})

test('health says the figures with how many hours they are from, sorts by the worst, and stands on edges', () => {
  const slow = beside({ ...within, deviation: 4 }, never)
  expect(healthOf(slow)?.long).toBe(
    'p95 30 ms, usual 10 ms – 30 ms (n = 14 h), +4 σ\nerrors 0/min, usual 0/min – 0/min (n = 14 h), –',
  )
  expect(healthOf(beside(cold, cold))?.long).toContain('no baseline yet (2 of 3 hours)')
  const ranks = [red(120), beside(cold, cold), beside(within, within), slow].map(healthRank)
  expect(ranks).toEqual([-1, 0, 1, 3])
  const both = beside({ ...within, deviation: 2 }, { ...within, deviation: 3 })
  expect(edgeLabel(edge('a', 'b', { red: both })).at(-1)).toBe('✕ errors +3 σ')
})
