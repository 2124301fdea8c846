import { describe, expect, test } from 'vitest'
import type { ConfigurationNamespace } from '../../../collector/service/api/schema/agent-configuration.ts'
import {
  configOf,
  type Draft,
  draftOf,
  isSame,
  switched,
} from '../../../dashboards/web/src/settings/draft.ts'

const empty: Draft = { include: [], exclude: [], logLevel: '', scrapeSeconds: '' }
const shop: ConfigurationNamespace = {
  name: 'shop',
  selected: false,
  reason: '',
  labels: {},
  rancherProject: '',
  pods: 0,
  spansPerMinute: 0,
  selectedWithoutUi: false,
  notSelectable: '',
}

describe('switching a namespace takes no more rules than it needs', () => {
  test.each<[string, Partial<Draft>, Partial<ConfigurationNamespace>, boolean, Partial<Draft>]>([
    ['on', {}, {}, true, { include: ['shop'] }],
    ['on again after off', { exclude: ['shop', 'pay'] }, {}, true, { include: ['shop'], exclude: ['pay'] }],
    ['on where labels say so', { exclude: ['shop'] }, { selectedWithoutUi: true }, true, { exclude: [] }],
    ['off', { include: ['shop', 'pay'] }, {}, false, { include: ['pay'] }],
    ['off where labels say on', {}, { selectedWithoutUi: true }, false, { exclude: ['shop'] }],
    [
      'off where an expression may say on',
      { include: ['s.*'] },
      {},
      false,
      { include: ['s.*'], exclude: ['shop'] },
    ],
  ])('%s', (_, draft, namespace, on, want) => {
    expect(switched({ ...empty, ...draft }, { ...shop, ...namespace }, on)).toEqual({ ...empty, ...want })
  })
})

describe('the form and the configuration', () => {
  test('what the form does not show stays, and empty values go', () => {
    const config = {
      scrape: { enabled: false, intervalMs: 5_000 },
      sampling: { ratio: 0.1 },
      log: { level: 'debug' },
    }
    const draft = draftOf(config)
    expect(draft).toEqual({ ...empty, logLevel: 'debug', scrapeSeconds: '5' })
    expect(configOf(config, { ...draft, logLevel: '', scrapeSeconds: '', include: [' shop ', ''] })).toEqual({
      scrape: { enabled: false },
      sampling: { ratio: 0.1 },
      namespaces: { include: ['shop'] },
    })
  })
  test('blank lines are no change', () => {
    expect(isSame({ ...empty, include: ['shop'] }, { ...empty, include: ['shop ', ''] })).toBe(true)
    expect(isSame({ ...empty, include: ['shop'] }, empty)).toBe(false)
  })
})
