import { type Static, Type } from 'typebox'

/**
 * The rules that the service applies to telemetry as it comes in, as they stand in its configuration (`ingest.rules`).
 * collector/wire/rules compiles them; docs/ingest-rules.md explains them with examples.
 * A pattern is a text that must be equal, or `/expression/` (RE2 syntax, `/…/i` ignores case), anchored at both ends.
 */
const Pattern = Type.String({ minLength: 1, maxLength: 512 })
/** Any of them. */
const Patterns = Type.Union([Pattern, Type.Array(Pattern, { minItems: 1, maxItems: 100 })], {
  description: 'a text or /expression/, or a list of them, any of which is to match',
})
const PatternByKey = Type.Record(Type.String({ minLength: 1, maxLength: 256 }), Patterns, {
  description: 'patterns by attribute key',
})
const Keys = Type.Array(Pattern, { minItems: 1, maxItems: 100, description: 'patterns of attribute keys' })
const AttributeKey = Type.String({ minLength: 1, maxLength: 256 })
const strict = { additionalProperties: false } as const

const oneOf = <T extends string[]>(values: readonly [...T]) =>
  Type.Enum(values, { description: values.join(', ') })
const anyOf = <T extends string[]>(values: readonly [...T]) =>
  Type.Array(oneOf(values), { minItems: 1, description: `a list of ${values.join(', ')}` })

export const spanKinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const
export const spanStatuses = ['unset', 'ok', 'error'] as const
export const severities = ['unspecified', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export const ruleSignals = ['traces', 'logs', 'metrics'] as const
export const ruleTargets = ['items', 'resources', 'all'] as const

export const RuleMatch = Type.Object(
  {
    cluster: Type.Optional(Patterns),
    namespace: Type.Optional(Patterns),
    application: Type.Optional(Patterns),
    service: Type.Optional(Patterns),
    resource: Type.Optional(PatternByKey),
    attributes: Type.Optional(PatternByKey),
    operation: Type.Optional(Patterns),
    kind: Type.Optional(anyOf(spanKinds)),
    status: Type.Optional(anyOf(spanStatuses)),
    minDurationMs: Type.Optional(Type.Number({ minimum: 0 })),
    maxDurationMs: Type.Optional(Type.Number({ minimum: 0 })),
    severity: Type.Optional(anyOf(severities)),
    eventName: Type.Optional(Patterns),
    body: Type.Optional(Patterns),
    metric: Type.Optional(Patterns),
  },
  strict,
)
export type RuleMatch = Static<typeof RuleMatch>

export const RedactAction = Type.Object(
  {
    keys: Type.Optional(Keys),
    values: Type.Optional(
      Type.Array(Pattern, {
        minItems: 1,
        maxItems: 100,
        description: 'texts or /expressions/, found anywhere in a value',
      }),
    ),
    with: Type.Optional(Type.String({ maxLength: 64, description: "a text, or 'hash'" })),
  },
  { ...strict, minProperties: 1 },
)
export type RedactAction = Static<typeof RedactAction>

export const RuleEdit = Type.Object(
  {
    sample: Type.Optional(
      Type.Object(
        {
          ratio: Type.Number({ minimum: 1e-9, maximum: 1, description: 'the share that is kept, up to 1' }),
        },
        strict,
      ),
    ),
    remove: Type.Optional(Keys),
    redact: Type.Optional(RedactAction),
    set: Type.Optional(Type.Record(AttributeKey, Type.String({ maxLength: 4_096 }), { minProperties: 1 })),
    rename: Type.Optional(Type.Record(AttributeKey, AttributeKey, { minProperties: 1 })),
  },
  { ...strict, minProperties: 1, maxProperties: 1 },
)

export const IngestRule = Type.Object(
  {
    name: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$',
      description: 'letters, digits, _ . -; a label of the counter of what the rule filtered',
    }),
    signals: Type.Optional(anyOf(ruleSignals)),
    match: Type.Optional(RuleMatch),
    target: Type.Optional(oneOf(ruleTargets)),
    action: Type.Union([Type.Literal('drop'), Type.Literal('keep'), RuleEdit], {
      description: 'drop, keep, or one of sample, remove, redact, set and rename',
    }),
  },
  strict,
)
export type IngestRule = Static<typeof IngestRule>

export const rulesMax = 200
