import { describe, expect, test } from 'vitest'
import { createScope, type ScopeChange } from '../../../collector/agent/scope/scope.ts'
import type { NamespaceFacts, RemoteScope, ScopeConfig } from '../../../collector/record/remote-config.ts'
import {
  decideScope,
  explainScope,
  parseScopeRules,
  whyNotSelectable,
} from '../../../collector/scope/decide.ts'
import { patternLengthMax, patternsMax } from '../../../collector/scope/patterns.ts'

const nothing: ScopeConfig = { include: [], exclude: [], rancherProjects: [], default: 'off', allowed: [] }
const shop: NamespaceFacts = { name: 'shop', uid: 'u1', labels: {}, rancherProject: '' }
const labels = (pairs: Record<string, string>) => ({
  labels: Object.fromEntries(Object.entries(pairs).map(([key, value]) => [`binnacle.dev/${key}`, value])),
})

interface Row {
  readonly config?: Partial<ScopeConfig>
  readonly remote?: Partial<RemoteScope>
  readonly namespace?: Partial<NamespaceFacts>
}

const all: Row = {
  config: { include: ['shop'], rancherProjects: ['p-1'], default: 'on' },
  remote: { include: ['shop'] },
  namespace: { rancherProject: 'c-1:p-1', ...labels({ collect: 'enabled', inject: 'enabled' }) },
}

/** Each row takes the rule above it away, so that the list is the precedence. */
const rows: readonly [string, Row, boolean, string][] = [
  [
    'exclude beats everything',
    { ...all, config: { ...all.config, exclude: ['sh.*'] } },
    false,
    'namespaces.exclude matches "sh.*"',
  ],
  [
    'remote exclude too',
    { ...all, remote: { include: ['shop'], exclude: ['shop'] } },
    false,
    'remote namespaces.exclude matches "shop"',
  ],
  [
    'label disabled',
    {
      ...all,
      namespace: { rancherProject: 'c-1:p-1', ...labels({ collect: 'disabled', inject: 'enabled' }) },
    },
    false,
    'label binnacle.dev/collect=disabled',
  ],
  ['label enabled', all, true, 'label binnacle.dev/collect=enabled'],
  [
    'inject implies collect',
    { ...all, namespace: labels({ inject: 'enabled' }) },
    true,
    'label binnacle.dev/inject=enabled',
  ],
  [
    'remote include',
    { ...all, namespace: { rancherProject: 'c-1:p-1' } },
    true,
    'remote namespaces.include matches "shop"',
  ],
  [
    'include',
    { config: { include: ['shop'], rancherProjects: ['p-1'] }, namespace: { rancherProject: 'c-1:p-1' } },
    true,
    'namespaces.include matches "shop"',
  ],
  [
    'not listed for namespaced mode',
    { ...all, config: { ...all.config, listed: ['cart'] } },
    false,
    'watch.namespaces does not list it',
  ],
  ['listed for namespaced mode', { config: { listed: ['shop'] } }, true, 'watch.namespaces lists it'],
  [
    'Rancher project',
    { config: { rancherProjects: ['p-1'] }, namespace: { rancherProject: 'c-1:p-1' } },
    true,
    'Rancher project p-1',
  ],
  [
    'Rancher project named in full',
    { config: { rancherProjects: ['c-1:p-1'] }, namespace: { rancherProject: 'c-1:p-1' } },
    true,
    'Rancher project p-1',
  ],
  [
    'another Rancher project',
    { config: { rancherProjects: ['p-1'] }, namespace: { rancherProject: 'c-1:p-10' } },
    false,
    'namespaces.default is off',
  ],
  ['default on', { config: { default: 'on' } }, true, 'namespaces.default is on'],
  ['default off', {}, false, 'namespaces.default is off'],
  // What matches.
  [
    'a pattern is anchored',
    { config: { include: ['sho', 'hop', 'sh'] } },
    false,
    'namespaces.default is off',
  ],
  [
    'an expression',
    { config: { include: ['(shop|cart)(-.*)?'] } },
    true,
    'namespaces.include matches "(shop|cart)(-.*)?"',
  ],
  [
    'inject disabled says nothing about collection',
    { namespace: labels({ inject: 'disabled' }) },
    false,
    'namespaces.default is off',
  ],
  [
    'another value of the label',
    { namespace: labels({ collect: 'yes' }) },
    false,
    'namespaces.default is off',
  ],
  [
    'allowed bounds remote include',
    { config: { allowed: ['team-.*'] }, remote: { include: ['shop'] } },
    false,
    'namespaces.default is off',
  ],
  [
    'allowed admits',
    { config: { allowed: ['sho.'] }, remote: { include: ['shop'] } },
    true,
    'remote namespaces.include matches "shop"',
  ],
  [
    'allowed bounds nothing but remote include',
    { config: { allowed: ['x'], include: ['shop'] } },
    true,
    'namespaces.include matches "shop"',
  ],
]

const rulesOf = ({ config, remote }: Row) =>
  parseScopeRules({ ...nothing, ...config }, { include: [], exclude: [], ...remote })

describe('decideScope', () => {
  test.each(rows)('%s', (_, row, selected, reason) => {
    expect(decideScope(rulesOf(row), { ...shop, ...row.namespace })).toEqual({ selected, reason })
  })
  test.each(rows)('explainScope agrees: %s', (_, row, selected, reason) => {
    const explained = explainScope(rulesOf(row), { ...shop, ...row.namespace })
    expect(explained).toMatchObject({ selected, reason })
    expect(explained.ladder.filter((one) => one.deciding)).toMatchObject([
      { selects: selected, matched: true },
    ])
    expect(explained.ladder).toHaveLength(11)
  })
})

describe('whyNotSelectable', () => {
  test.each<[string, Row, string]>([
    ['nothing forbids', {}, ''],
    ['a remote exclude would be taken back', { remote: { exclude: ['shop'] } }, ''],
    ['values exclude', { config: { exclude: ['s.*'] } }, 'namespaces.exclude matches "s.*"'],
    ['a label', { namespace: labels({ collect: 'disabled' }) }, 'label binnacle.dev/collect=disabled'],
    ['allowed', { config: { allowed: ['cart'] } }, 'namespaces.allowed does not match it'],
    [
      'allowed, but a label selects',
      { config: { allowed: ['cart'] }, namespace: labels({ collect: 'enabled' }) },
      '',
    ],
    ['mode namespaced', { config: { listed: ['cart'] } }, 'watch.namespaces does not list it'],
  ])('%s', (_, row, reason) => {
    expect(whyNotSelectable(rulesOf(row), { ...shop, ...row.namespace })).toBe(reason)
  })
})

describe('parseScopeRules names the key that is wrong', () => {
  const many = (count: number) => Array.from({ length: count }, () => 'a')
  test.each<[Partial<ScopeConfig>, string]>([
    [{ include: ['shop', '('] }, 'namespaces.include[1] "("'],
    [{ exclude: [''] }, 'namespaces.exclude[0]: the pattern is empty'],
    [
      { allowed: ['a'.repeat(patternLengthMax + 1)] },
      'namespaces.allowed[0]: the pattern is longer than 256 characters',
    ],
    [{ include: many(patternsMax + 1) }, 'namespaces.include: 1001 patterns'],
    [{ include: ['(a)\\1'] }, 'namespaces.include[0]'],
  ])('%#', (config, message) => {
    expect(() => parseScopeRules({ ...nothing, ...config })).toThrow(message)
  })
  test('the limits themselves are fine', () => {
    parseScopeRules({ ...nothing, include: many(patternsMax), allowed: ['a'.repeat(patternLengthMax)] })
  })
  test('a pattern that stalls a backtracking engine is decided at once', () => {
    const rules = parseScopeRules({ ...nothing, include: ['(a+)+b'] })
    expect(decideScope(rules, { ...shop, name: 'a'.repeat(63) }).selected).toBe(false)
  })
})

describe('createScope', () => {
  function record(config: Partial<ScopeConfig> = {}) {
    const changes: string[] = []
    const emit = ({ type, namespace, reason }: ScopeChange) =>
      changes.push(`${type} ${namespace.uid} ${reason}`)
    return { changes, scope: createScope({ emit }, { ...nothing, ...config }) }
  }
  const enabled = { ...shop, ...labels({ collect: 'enabled' }) }

  test('tells a start and a stop once each', () => {
    const { scope, changes } = record()
    for (const one of [shop, enabled, enabled, shop, shop]) scope.put(one)
    expect(changes).toEqual([
      'start u1 label binnacle.dev/collect=enabled',
      'stop u1 namespaces.default is off',
    ])
    expect(scope.selected()).toEqual([])
  })
  test('a namespace made again under the same name is another one', () => {
    const { scope, changes } = record()
    scope.put(enabled)
    scope.put({ ...enabled, uid: 'u2' })
    scope.remove({ name: 'shop', uid: 'u1' })
    expect(changes).toEqual([
      'start u1 label binnacle.dev/collect=enabled',
      'stop u1 the namespace was deleted',
      'start u2 label binnacle.dev/collect=enabled',
    ])
    expect(scope.selected()).toEqual(['shop'])
  })
  test('a changed reason is no change of the selection, but is told when asked', () => {
    const { scope, changes } = record({ include: ['shop'] })
    scope.put(shop)
    scope.put(enabled)
    expect(changes).toHaveLength(1)
    expect(scope.decide('shop').reason).toBe('label binnacle.dev/collect=enabled')
  })
  test('remote configuration selects and a bad one changes nothing', () => {
    const { scope, changes } = record()
    scope.put(shop)
    scope.setRules(nothing, { include: ['shop'], exclude: [] })
    expect(() => scope.setRules(nothing, { include: ['('], exclude: [] })).toThrow(
      'remote namespaces.include[0]',
    )
    expect(scope.decide('shop').selected).toBe(true)
    scope.setRules(nothing, { include: [], exclude: [] })
    expect(changes).toEqual([
      'start u1 remote namespaces.include matches "shop"',
      'stop u1 namespaces.default is off',
    ])
  })
  test('a namespace not seen yet is decided by its name', () => {
    expect(record({ include: ['sh.*'] }).scope.decide('shop').selected).toBe(true)
  })
})
