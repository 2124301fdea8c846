import type {
  MatchField,
  MatchType,
  ThresholdRule,
  TransactionRule,
  TransactionSettings,
} from '@binnacle/collector/record/transaction-settings'

export const matchTypes: Readonly<Record<MatchType, string>> = {
  EQUALS: 'is',
  CONTAINS: 'contains',
  STARTS_WITH: 'begins with',
  ENDS_WITH: 'ends with',
  MATCHES_REGEX: 'matches',
  IS_IN_LIST: 'is one of',
  IS_NOT_EMPTY: 'is there',
}

export const matchFields: Readonly<Record<MatchField, string>> = {
  path: 'path',
  method: 'method',
  route: 'route',
  operation: 'operation',
  service: 'tier',
  transaction: 'name without rules',
  attribute: 'attribute',
  header: 'header',
}

/** A condition as the form holds it; a list is one text with commas. */
export interface ConditionDraft {
  readonly id: number
  readonly field: MatchField
  readonly key: string
  readonly match: MatchType
  readonly value: string
  readonly not: boolean
}

export interface RuleDraft {
  readonly id: number
  readonly label: string
  readonly priority: string
  /** Entry tiers with commas; '': all. */
  readonly services: string
  readonly when: readonly ConditionDraft[]
  readonly action: 'name' | 'exclude'
  readonly name: string
}

/** `''`: the default. */
export type LimitKind = '' | 'deviations' | 'ms' | 'percentile'
export interface LimitDraft {
  readonly kind: LimitKind
  readonly value: string
}

export interface ThresholdDraft {
  readonly id: number
  readonly service: string
  readonly transaction: string
  readonly slow: LimitDraft
  readonly verySlow: LimitDraft
  readonly stall: LimitDraft
}

export interface SettingsDraft {
  readonly rules: readonly RuleDraft[]
  readonly thresholds: readonly ThresholdDraft[]
  /** '': the default. */
  readonly transactionsMax: string
}

let lastId = 0
/** Rows of the form need a key that stays while they are edited and moved. */
const nextId = () => {
  lastId += 1
  return lastId
}

export const newCondition = (): ConditionDraft => ({
  id: nextId(),
  field: 'path',
  key: '',
  match: 'STARTS_WITH',
  value: '',
  not: false,
})

export const newRule = (): RuleDraft => ({
  id: nextId(),
  label: '',
  priority: '0',
  services: '',
  when: [newCondition()],
  action: 'name',
  name: '',
})

const byDefault: LimitDraft = { kind: '', value: '' }
export const newThreshold = (): ThresholdDraft => ({
  id: nextId(),
  service: '',
  transaction: '',
  slow: byDefault,
  verySlow: byDefault,
  stall: byDefault,
})

/** Rules in the order they are asked: by priority, the highest first. */
export function draftOf(settings: TransactionSettings): SettingsDraft {
  const { rules = [], thresholds = [], transactionsMax } = settings
  return {
    rules: rules
      .map((rule) => ({
        id: nextId(),
        label: rule.label,
        priority: String(rule.priority ?? 0),
        services: (rule.services ?? []).join(', '),
        when: rule.when.map((one) => ({
          id: nextId(),
          field: one.field,
          key: one.key ?? '',
          match: one.match,
          value: one.values ? one.values.join(', ') : (one.value ?? ''),
          not: one.not ?? false,
        })),
        action: rule.action,
        name: rule.name ?? '',
      }))
      .sort((a, b) => Number(b.priority) - Number(a.priority)),
    thresholds: thresholds.map((one) => ({
      id: nextId(),
      service: one.service ?? '',
      transaction: one.transaction ?? '',
      slow: limitDraft(one.slow),
      verySlow: limitDraft(one.verySlow),
      stall: limitDraft(one.stall),
    })),
    transactionsMax: transactionsMax === undefined ? '' : String(transactionsMax),
  }
}

/** What the draft means; whether it can be used, the service says. */
export function settingsOf(draft: SettingsDraft): TransactionSettings {
  const max = draft.transactionsMax.trim()
  return {
    ...(draft.rules.length > 0 ? { rules: draft.rules.map(ruleOf) } : {}),
    ...(draft.thresholds.length > 0 ? { thresholds: draft.thresholds.map(thresholdOf) } : {}),
    ...(max === '' ? {} : { transactionsMax: Number(max) }),
  }
}

function ruleOf(rule: RuleDraft): TransactionRule {
  const services = listOf(rule.services)
  return {
    label: rule.label.trim(),
    priority: Number(rule.priority),
    ...(services.length > 0 ? { services } : {}),
    when: rule.when.map(({ field, key, match, value, not }) => ({
      field,
      ...(isKeyed(field) ? { key: key.trim() } : {}),
      match,
      ...(match === 'IS_IN_LIST' ? { values: listOf(value) } : match === 'IS_NOT_EMPTY' ? {} : { value }),
      ...(not ? { not } : {}),
    })),
    action: rule.action,
    ...(rule.action === 'name' ? { name: rule.name.trim() } : {}),
  }
}

function thresholdOf(one: ThresholdDraft): ThresholdRule {
  const limit = (name: 'slow' | 'verySlow' | 'stall') => {
    const { kind, value } = one[name]
    return kind === '' ? {} : { [name]: { [kind]: Number(value) } }
  }
  return {
    ...(one.service.trim() ? { service: one.service.trim() } : {}),
    ...(one.transaction.trim() ? { transaction: one.transaction.trim() } : {}),
    ...limit('slow'),
    ...limit('verySlow'),
    ...limit('stall'),
  }
}

export const isKeyed = (field: MatchField): boolean => field === 'attribute' || field === 'header'

function limitDraft(limit: ThresholdRule['slow']): LimitDraft {
  for (const kind of ['deviations', 'ms', 'percentile'] as const) {
    const value = limit?.[kind]
    if (value !== undefined) return { kind, value: String(value) }
  }
  return byDefault
}

const listOf = (text: string) =>
  text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

/** A rule in one sentence. */
export function describeRule(rule: RuleDraft): string {
  const conditions = rule.when.map(({ field, key, match, value, not }) => {
    const what = isKeyed(field) ? `${matchFields[field]} ${key}` : matchFields[field]
    const test = `${not ? 'not ' : ''}${matchTypes[match]}`
    return match === 'IS_NOT_EMPTY' ? `${what} ${test}` : `${what} ${test} ${value}`
  })
  const where = rule.services.trim() === '' ? '' : `of ${rule.services}: `
  const condition = conditions.length === 0 ? 'every call' : conditions.join(' and ')
  return `${where}${condition}`
}
