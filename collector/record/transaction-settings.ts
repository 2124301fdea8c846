import { RE2JS } from 're2js'
import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { errorText } from '../std/assert.ts'
import { defineTable, string, timeMs, uint64, word } from './table.ts'

/**
 * What is set for the business transactions of an application: rules that name, rename, group and exclude them, how many there
 * may be, and from when on calls are slow. service/query/transaction-rules-sql.ts and class-sql.ts compile it to SQL.
 */
const strict = { additionalProperties: false } as const
const Name = Type.String({ minLength: 1, maxLength: 300 })

/** Names as the AppDynamics Controller has them. */
export const matchTypes = [
  'EQUALS',
  'CONTAINS',
  'STARTS_WITH',
  'ENDS_WITH',
  'MATCHES_REGEX',
  'IS_IN_LIST',
  'IS_NOT_EMPTY',
] as const
export type MatchType = (typeof matchTypes)[number]

/** `path` is that of the request, whole; `transaction` the name that the span has without rules. */
export const matchFields = [
  'method',
  'path',
  'route',
  'operation',
  'service',
  'transaction',
  'attribute',
  'header',
] as const
export type MatchField = (typeof matchFields)[number]

export const TransactionCondition = Type.Object(
  {
    field: Type.Enum([...matchFields]),
    key: Type.Optional(
      Type.String({ minLength: 1, maxLength: 256, description: 'of an attribute or header' }),
    ),
    match: Type.Enum([...matchTypes]),
    value: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
    values: Type.Optional(Type.Array(Type.String({ maxLength: 512 }), { minItems: 1, maxItems: 100 })),
    not: Type.Optional(Type.Boolean({ description: 'holds when it does not match' })),
  },
  strict,
)
export type TransactionCondition = Static<typeof TransactionCondition>

export const TransactionRule = Type.Object(
  {
    label: Type.String({ minLength: 1, maxLength: 100, description: 'for people' }),
    priority: Type.Optional(
      Type.Integer({
        minimum: -1_000,
        maximum: 1_000,
        default: 0,
        description: 'the highest is asked first',
      }),
    ),
    services: Type.Optional(
      Type.Array(Name, { minItems: 1, maxItems: 50, description: 'entry tiers; without it all' }),
    ),
    when: Type.Array(TransactionCondition, { maxItems: 10, description: 'all must hold' }),
    action: Type.Enum(['name', 'exclude']),
    name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 300,
        description:
          'with {segment:1} of the path, {group:1} of the first MATCHES_REGEX, {attribute:KEY}, {method}, {route}, {operation}, {service}, {transaction}',
      }),
    ),
  },
  strict,
)
export type TransactionRule = Static<typeof TransactionRule>

/** One of them. */
export const Limit = Type.Object(
  {
    deviations: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 10_000 })),
    ms: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 86_400_000 })),
    percentile: Type.Optional(Type.Number({ minimum: 50, maximum: 99.99 })),
  },
  { ...strict, minProperties: 1, maxProperties: 1 },
)
export type Limit = Static<typeof Limit>

export const ThresholdRule = Type.Object(
  {
    service: Type.Optional(Name),
    transaction: Type.Optional(Name),
    slow: Type.Optional(Limit),
    verySlow: Type.Optional(Limit),
    stall: Type.Optional(Limit),
  },
  { ...strict, description: 'the first that fits a call; what it leaves out is the default' },
)
export type ThresholdRule = Static<typeof ThresholdRule>

export const TransactionSettings = Type.Object(
  {
    rules: Type.Optional(Type.Array(TransactionRule, { maxItems: 100 })),
    transactionsMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 1_000 })),
    thresholds: Type.Optional(Type.Array(ThresholdRule, { maxItems: 100 })),
  },
  strict,
)
export type TransactionSettings = Static<typeof TransactionSettings>

/** Bytes of the JSON text of an application; of all applications together, since they are part of each statement. */
export const settingsBytesMax = 32 * 1024
export const allSettingsBytesMax = 256 * 1024
export const percentilesMax = 10

const settings = Compile(TransactionSettings)

/** '' when it can be used; else why not, with the key. */
export function whyUnusable(value: unknown): string {
  const bytes = Buffer.byteLength(JSON.stringify(value))
  if (bytes > settingsBytesMax) return `cannot use the settings: ${bytes} bytes, at most ${settingsBytesMax}`
  const [first] = settings.Errors(value)
  if (first) {
    const key = first.instancePath.slice(1).replaceAll('/', '.') || 'the settings'
    return `cannot use ${key}: it ${first.message === 'schema is false' ? 'is unknown' : first.message}`
  }
  const { rules = [], thresholds = [] } = value as TransactionSettings // Checked above.
  for (const [index, rule] of rules.entries()) {
    const problem = whyRuleUnusable(rule)
    if (problem) return `cannot use rules.${index} (${rule.label}): ${problem}`
  }
  const percentiles = percentilesOf({ thresholds })
  return percentiles.length > percentilesMax
    ? `cannot use thresholds: ${percentiles.length} different percentiles, at most ${percentilesMax}`
    : ''
}

export function percentilesOf({ thresholds = [] }: TransactionSettings): number[] {
  const found = thresholds.flatMap(({ slow, verySlow, stall }) =>
    [slow, verySlow, stall].flatMap((limit) => limit?.percentile ?? []),
  )
  return [...new Set(found)]
}

function whyRuleUnusable({ when, action, name }: TransactionRule): string {
  for (const [index, condition] of when.entries()) {
    const problem = whyConditionUnusable(condition)
    if (problem) return `when.${index}: ${problem}`
  }
  if (action === 'exclude') return name === undefined ? '' : 'it excludes, and so gives no name'
  if (name === undefined) return 'name is missing'
  const groups = groupCount(when)
  for (const [text, word = '', argument = ''] of name.matchAll(/\{([^{}:]*):?([^{}]*)\}/g)) {
    switch (word) {
      case 'segment':
        if (!/^[1-9]\d?$/.test(argument)) return `name: ${text} needs a number from 1 to 99`
        break
      case 'group':
        if (!/^[1-9]$/.test(argument) || Number(argument) > groups)
          return `name: ${text}, but the first MATCHES_REGEX has ${groups} groups`
        break
      case 'attribute':
        if (argument === '') return `name: ${text} needs a key`
        break
      case 'method':
      case 'route':
      case 'operation':
      case 'service':
      case 'transaction':
        break
      default:
        // `{id}` in a name is text.
        if (argument !== '') return `name: ${text} is unknown`
    }
  }
  return ''
}

function whyConditionUnusable({ field, key, match, value, values }: TransactionCondition): string {
  const keyed = field === 'attribute' || field === 'header'
  if (keyed && key === undefined) return `key is missing: of which ${field}`
  if (!keyed && key !== undefined) return `key is of attributes and headers only, not of ${field}`
  switch (match) {
    case 'IS_NOT_EMPTY':
      return value === undefined && values === undefined ? '' : 'IS_NOT_EMPTY takes no value'
    case 'IS_IN_LIST':
      return values === undefined
        ? 'values are missing'
        : value === undefined
          ? ''
          : 'IS_IN_LIST takes values alone'
    default:
      if (value === undefined) return 'value is missing'
      if (values !== undefined) return `${match} takes a value alone`
      return match === 'MATCHES_REGEX' ? whyBadExpression(value) : ''
  }
}

function whyBadExpression(expression: string): string {
  try {
    RE2JS.compile(expression)
    return ''
  } catch (error) {
    return `value: ${errorText(error)}`
  }
}

export const expressionOf = (when: readonly TransactionCondition[]): TransactionCondition | undefined =>
  when.find(({ match, not }) => match === 'MATCHES_REGEX' && !not)

function groupCount(when: readonly TransactionCondition[]): number {
  const expression = expressionOf(when)?.value
  return expression === undefined ? 0 : RE2JS.compile(expression).groupCount()
}

export const transactionSettingsTable = defineTable('transaction_settings', null, {
  application: word,
  version: uint64,
  /** JSON of TransactionSettings. */
  settings: string,
  change_id: string,
  changed_at: timeMs,
  changed_by: string,
})

/** The newest settings of an application. */
export interface SettingsRow {
  readonly application: string
  readonly version: number
  /** JSON of TransactionSettings. */
  readonly settings: string
  readonly changedAtMs: number
  readonly changedBy: string
}
