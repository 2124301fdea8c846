import { expect, test } from 'vitest'
import { definitionOf, draftOf, newDraft, problemOf } from '../../../dashboards/web/src/slos/slo-draft.ts'
import { formatShare, promiseOf, stateOf } from '../../../dashboards/web/src/slos/slo-format.ts'

test.each([
  [null, '–'],
  [1, '100 %'],
  [0.95, '95 %'],
  [0.98765, '98.76 %'],
  [0.9987, '99.87 %'],
  [0.99954, '99.954 %'],
  // Not all of them were good.
  [0.9999999, '99.9999 %'],
])('a share of %s good calls is %s', (share, text) => {
  expect(formatShare(share)).toBe(text)
})

test('what is typed and what is stored are the same', () => {
  const draft = {
    ...newDraft,
    name: 'fast',
    service: 'front',
    targetPercent: '99.95',
    objective: 'latency',
  } as const
  const definition = definitionOf('shop', draft)
  expect(definition).toEqual({
    name: 'fast',
    application: 'shop',
    service: 'front',
    transaction: '',
    objective: 'latency',
    thresholdMs: 300,
    target: 0.9995,
    windowDays: 28,
    alertBadCalls: 5,
  })
  expect(draftOf(definition)).toEqual(draft)
  expect(promiseOf(definition)).toBe('99.95 % within 300 ms over 28 days')
  expect(definitionOf('shop', { ...draft, objective: 'availability' }).thresholdMs).toBe(0)
})

test.each([
  [{}, ''],
  [{ name: '  ' }, 'name'],
  [{ targetPercent: '100' }, 'from 50 to 99.999'],
  [{ targetPercent: 'many' }, 'from 50 to 99.999'],
  [{ objective: 'latency', thresholdMs: '' } as const, 'milliseconds'],
  [{ transaction: 'GET /' }, 'tier'],
  [{ alertBadCalls: '0' }, 'at least 1'],
  [{ alertBadCalls: '2.5' }, 'whole number'],
])('%j: %s', (part, problem) => {
  const text = problemOf({ ...newDraft, name: 'one', ...part })
  if (problem === '') expect(text).toBe('')
  else expect(text).toContain(problem)
})

test.each([
  ['ok', null, 'ok', 'ok'],
  ['burning', 'slow', 'warning', 'burning'],
  ['burning', 'fast', 'critical', 'burning fast'],
  ['exhausted', null, 'warning', 'budget spent'],
  ['exhausted', 'fast', 'critical', 'spent, burning fast'],
  ['no data', null, 'done', 'no calls'],
] as const)('%s, burning %s: %s, %s', (state, burning, shape, text) => {
  const status = {
    total: 1,
    good: 1,
    sli: 1,
    budget: { left: 1, leftCalls: 1, leftMinutes: 1 },
    burn: { m5: 0, m15: 0, h1: 0, h6: 0 },
    bad: { h1: 0, h6: 0 },
    exhaustedInMs: null,
  }
  expect(stateOf({ ...status, state, burning })).toEqual({ state: shape, text })
})
