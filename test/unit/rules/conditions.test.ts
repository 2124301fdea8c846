import { describe, expect, test } from 'vitest'
import type { RuleMatch } from '../../../collector/record/ingest-rule.ts'
import { gauge, type Item, log, logs, metrics, rulesOf, span, type Texts, traces } from './rule-cases.ts'

interface Case {
  readonly match: RuleMatch
  readonly item?: Item
  readonly resource?: Texts
  readonly drops: boolean
}
const dropWhen = (match: RuleMatch) => rulesOf({ match, action: 'drop' })
const title = ({ match, item, resource, drops }: Case) =>
  `${JSON.stringify(match)} ${drops ? 'is met by' : 'is not met by'} ${JSON.stringify({ ...item, ...resource })}`

describe('spans', () => {
  const shop = { 'service.name': 'shop', 'k8s.namespace.name': 'prod', 'k8s.cluster.uid': 'u-1' }
  const cases: Case[] = [
    { match: {}, drops: true },
    { match: { service: 'shop' }, resource: shop, drops: true },
    { match: { service: 'sho' }, resource: shop, drops: false },
    { match: { service: ['a', 'shop'] }, resource: shop, drops: true },
    { match: { service: '/sh.*/' }, resource: shop, drops: true },
    { match: { service: '/h/' }, resource: shop, drops: false },
    { match: { service: '/SHOP/' }, resource: shop, drops: false },
    { match: { service: '/SHOP/i' }, resource: shop, drops: true },
    { match: { service: 'shop', namespace: 'test' }, resource: shop, drops: false },
    { match: { application: 'prod', namespace: 'prod' }, resource: shop, drops: true },
    { match: { cluster: 'u-1' }, resource: shop, drops: true },
    { match: { cluster: 'east' }, resource: { ...shop, 'k8s.cluster.name': 'east' }, drops: true },
    { match: { resource: { 'k8s.cluster.uid': '/u-.*/' } }, resource: shop, drops: true },
    { match: { resource: { absent: '/.*/' } }, resource: shop, drops: false },
    { match: { operation: '/GET .*/' }, drops: true },
    { match: { operation: 'POST /' }, drops: false },
    { match: { kind: ['client', 'server'] }, drops: true },
    { match: { kind: ['client'] }, drops: false },
    { match: { status: ['error'] }, item: { status: { code: 2 } }, drops: true },
    { match: { status: ['error'] }, item: { status: { code: 1 } }, drops: false },
    { match: { status: ['unset', 'ok'] }, drops: true },
    {
      match: { attributes: { 'http.route': '/\\/health.*/' } },
      item: { attributes: { 'http.route': '/healthz' } },
      drops: true,
    },
    { match: { attributes: { 'http.route': '/.*/' } }, drops: false },
    { match: { attributes: { n: '7' } }, item: { attributes: { n: 7 } }, drops: true },
    // The span lasts 5 ms.
    { match: { minDurationMs: 5 }, drops: true },
    { match: { minDurationMs: 5.001 }, drops: false },
    { match: { maxDurationMs: 5 }, drops: true },
    { match: { maxDurationMs: 4.999 }, drops: false },
    { match: { severity: ['info'] }, drops: false },
    { match: { metric: 'm' }, drops: false },
  ]
  test.each(cases.map((one) => [title(one), one] as const))('%s', (_, { match, item, resource, drops }) => {
    const { rows, filtered } = traces(dropWhen(match), { resource: resource ?? {}, items: [span(item)] })
    expect(rows.length).toBe(drops ? 0 : 1)
    expect(filtered).toEqual(drops ? { 'rule-0': 1 } : {})
  })
})

describe('log records', () => {
  const cases: Case[] = [
    { match: { severity: ['trace', 'debug'] }, item: { severityNumber: 5 }, drops: true },
    { match: { severity: ['trace', 'debug'] }, item: { severityNumber: 9 }, drops: false },
    { match: { severity: ['debug'] }, item: { severityNumber: 8 }, drops: true },
    { match: { severity: ['trace'] }, item: { severityNumber: 1 }, drops: true },
    { match: { severity: ['fatal'] }, item: { severityNumber: 24 }, drops: true },
    { match: { severity: ['warn'] }, item: { severityText: 'WARN' }, drops: true },
    { match: { severity: ['unspecified'] }, item: { severityText: 'odd' }, drops: true },
    { match: { severity: ['unspecified'] }, item: { severityNumber: 9 }, drops: false },
    { match: { eventName: 'a.b' }, item: { eventName: 'a.b' }, drops: true },
    { match: { body: '/.*ping.*/' }, item: { body: 'a\nping\nb' }, drops: true },
    { match: { attributes: { k: 'v' } }, item: { attributes: { k: 'v' } }, drops: true },
    { match: { operation: '/.*/' }, drops: false },
  ]
  test.each(cases.map((one) => [title(one), one] as const))('%s', (_, { match, item, drops }) => {
    expect(logs(dropWhen(match), { items: [log(item)] }).rows.length).toBe(drops ? 0 : 1)
  })
})

describe('data points', () => {
  const cases: Case[] = [
    { match: { metric: 'http.duration' }, item: { name: 'http.duration' }, drops: true },
    { match: { metric: '/http\\..*/' }, item: { name: 'db.duration' }, drops: false },
    { match: { attributes: { k: 'v' } }, item: { attributes: { k: 'v' } }, drops: true },
    { match: { eventName: '/.*/' }, drops: false },
  ]
  test.each(cases.map((one) => [title(one), one] as const))('%s', (_, { match, item, drops }) => {
    expect(metrics(dropWhen(match), { items: [gauge(item)] }).rows.length).toBe(drops ? 0 : 1)
  })
})

test('signals limit a rule', () => {
  const rules = rulesOf({ signals: ['logs'], action: 'drop' })
  expect(logs(rules, { items: [log()] }).rows).toEqual([])
  expect(traces(rules, { items: [span()] }).rows.length).toBe(1)
  expect(metrics(rules, { items: [gauge()] }).rows.length).toBe(1)
})

test('rules apply in order: keep ends them, edits are seen by what follows', () => {
  const rules = rulesOf(
    { match: { status: ['error'] }, action: 'keep' },
    { match: { attributes: { a: '1' } }, action: { rename: { a: 'b' } } },
    { match: { attributes: { b: '1' } }, action: 'drop' },
  )
  const items = [
    span({ attributes: { a: '1' } }),
    span({ attributes: { a: '1' }, status: { code: 2 } }),
    span({ attributes: { a: '2' } }),
  ]
  const { rows, filtered, received } = traces(rules, { items })
  expect(rows.map(({ attributes }) => Object.fromEntries(attributes))).toEqual([{ a: '1' }, { a: '2' }])
  expect([filtered, received]).toEqual([{ 'rule-2': 1 }, 3])
})
