import { describe, expect, test } from 'vitest'
import type { TransactionSettings } from '../../../collector/record/transaction-settings.ts'
import { whyUnusable } from '../../../collector/service/api/usable-settings.ts'
import {
  describeRule,
  draftOf,
  newCondition,
  newRule,
  settingsOf,
} from '../../../dashboards/web/src/transactions/rules/rule-draft.ts'

const settings: TransactionSettings = {
  rules: [
    {
      label: 'Carts',
      priority: 10,
      services: ['web', 'api'],
      when: [
        { field: 'path', match: 'STARTS_WITH', value: '/cart' },
        { field: 'header', key: 'x-probe', match: 'IS_NOT_EMPTY', not: true },
        { field: 'method', match: 'IS_IN_LIST', values: ['GET', 'POST'] },
      ],
      action: 'name',
      name: 'Cart {segment:2}',
    },
    {
      label: 'Probes',
      priority: 0,
      when: [{ field: 'route', match: 'EQUALS', value: '/livez' }],
      action: 'exclude',
    },
  ],
  thresholds: [
    { service: 'web', slow: { ms: 200 }, stall: { deviations: 100 } },
    { verySlow: { percentile: 99 } },
  ],
  transactionsMax: 50,
}

describe('the form of transaction rules', () => {
  test('gives back the settings that it shows, and those are usable', () => {
    expect(settingsOf(draftOf(settings))).toEqual(settings)
    expect(whyUnusable(settingsOf(draftOf(settings)))).toBe('')
    expect(settingsOf(draftOf({}))).toEqual({})
  })

  test('lists rules as they are asked: the highest priority first', () => {
    const rules = draftOf({ rules: [...(settings.rules ?? [])].reverse() }).rules
    expect(rules.map((rule) => rule.label)).toEqual(['Carts', 'Probes'])
  })

  test('says a rule in one sentence', () => {
    const [carts] = draftOf(settings).rules
    expect(carts && describeRule(carts)).toBe(
      'of web, api: path begins with /cart and header x-probe not is there and method is one of GET, POST',
    )
    expect(describeRule({ ...newRule(), when: [] })).toBe('every call')
  })

  test('a rule that is not filled in is refused by the service with its place', () => {
    const draft = { ...draftOf({}), rules: [{ ...newRule(), label: 'x', when: [newCondition()] }] }
    expect(whyUnusable(settingsOf(draft))).toContain('rules.0')
  })
})
