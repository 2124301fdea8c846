import { type Static, Type } from 'typebox'
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

export function percentilesOf({ thresholds = [] }: TransactionSettings): number[] {
  const found = thresholds.flatMap(({ slow, verySlow, stall }) =>
    [slow, verySlow, stall].flatMap((limit) => limit?.percentile ?? []),
  )
  return [...new Set(found)]
}

export const expressionOf = (when: readonly TransactionCondition[]): TransactionCondition | undefined =>
  when.find(({ match, not }) => match === 'MATCHES_REGEX' && !not)

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
