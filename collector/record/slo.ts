import { type Static, Type } from 'typebox'
import { defineTable, string, timeMs, uint64 } from './table.ts'

const Name = (description: string) => Type.String({ maxLength: 300, description })

/**
 * Of few calls a single bad one burns the budget many times too fast: a hundred calls an hour and 99.9 % allow a tenth of a call.
 * So nobody is told before this many were bad in the long window; a tier that fails altogether reaches it at any rate of calls,
 * which a least number of calls would hide.
 */
export const alertBadCallsDefault = 5

/**
 * A service-level objective: so many of the calls of an application, a tier or a transaction are good, over the last days.
 * Good is a call that did not fail (availability), or one that took no longer than a threshold, failed or not (latency).
 */
export const SloDefinition = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, pattern: '\\S' }),
    application: Type.String({ minLength: 1, maxLength: 253 }),
    service: Name('the tier; empty: the calls that enter the application'),
    transaction: Name('of the tier; empty: all its calls'),
    objective: Type.Union([Type.Literal('availability'), Type.Literal('latency')]),
    thresholdMs: Type.Number({
      minimum: 0,
      maximum: 86_400_000,
      description: 'of latency; 0 with availability',
    }),
    target: Type.Number({ minimum: 0.5, maximum: 0.99999, description: 'share of good calls: 0.999' }),
    windowDays: Type.Union([Type.Literal(7), Type.Literal(28), Type.Literal(30)], {
      description: 'rolling, from the start of the hour so many days ago until now',
    }),
    alertBadCalls: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description: `no violation before so many calls were bad, in an hour or in six; default ${alertBadCallsDefault}`,
      }),
    ),
  },
  { additionalProperties: false },
)
export type SloDefinition = Static<typeof SloDefinition>

/** An objective as it counts now. */
export interface Slo {
  readonly sloId: string
  readonly version: number
  readonly definition: SloDefinition
  readonly changedAtMs: number
  readonly changedBy: string
}

/** What its schema cannot say; '' when there is nothing wrong. */
export function sloProblem({ service, transaction, objective, thresholdMs }: SloDefinition): string {
  if (transaction !== '' && service === '') return 'a transaction needs its tier in service'
  if (objective === 'latency' && thresholdMs <= 0) return 'latency needs a thresholdMs above 0'
  if (objective === 'availability' && thresholdMs !== 0) return 'thresholdMs is of latency only: give 0'
  return ''
}

/** At most so many, so that one question answers for all of them. */
export const slosMax = 500

export const slosTable = defineTable('slos', null, {
  slo_id: string,
  version: uint64,
  definition: string,
  change_id: string,
  changed_at: timeMs,
  changed_by: string,
})
