import { type Static, Type } from 'typebox'
import { defineTable, string, timeMs, uint64, word } from './table.ts'

const Text = (maxLength: number, description: string) => Type.String({ maxLength, description })

/** What an attribute of a span must be. */
export const AttributeCondition = Type.Object(
  {
    key: Type.String({ minLength: 1, maxLength: 200 }),
    is: Type.Union([
      Type.Literal('equal'),
      Type.Literal('not equal'),
      Type.Literal('contains'),
      Type.Literal('starts with'),
      Type.Literal('ends with'),
      Type.Literal('matches'),
      Type.Literal('exists'),
    ]),
    value: Type.String({
      maxLength: 500,
      description: 'of `matches` a regular expression (RE2); of `exists` nothing',
    }),
  },
  { additionalProperties: false },
)
export type AttributeCondition = Static<typeof AttributeCondition>

/**
 * A figure of the business: over the spans of an application that match, the number in an attribute, or how many there are.
 * A span stands for as many as its weight says.
 */
export const InformationPoint = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 80 }),
    description: Text(500, 'for people'),
    unit: Text(20, 'of the attribute, such as EUR'),
    service: Text(253, 'empty: of every tier'),
    operation: Text(500, 'name of the span; empty: any'),
    conditions: Type.Array(AttributeCondition, { maxItems: 8 }),
    aggregation: Type.Union([
      Type.Literal('count'),
      Type.Literal('sum'),
      Type.Literal('mean'),
      Type.Literal('p95'),
      Type.Literal('min'),
      Type.Literal('max'),
    ]),
    attribute: Text(200, 'holds the number; not needed to count'),
    groupBy: Text(200, 'attribute whose values are shown apart; empty: none'),
    groupsMax: Type.Integer({
      minimum: 1,
      maximum: 20,
      description: 'values shown apart; the rest is `others`',
    }),
  },
  { additionalProperties: false },
)
export type InformationPoint = Static<typeof InformationPoint>

/** Of an application. */
export const informationPointsMax = 30

export const informationPointsTable = defineTable('information_points', null, {
  id: string,
  version: uint64,
  application: word,
  /** JSON; empty: deleted. */
  definition: string,
  change_id: string,
  changed_at: timeMs,
  changed_by: string,
})
