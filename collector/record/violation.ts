import { type Static, Type } from 'typebox'
import { defineTable, type RowOf, string, timeMs, word } from './table.ts'

/** What a health rule found wrong; the newest version of a row wins. */
export const violationsTable = defineTable('violations', null, {
  violation_id: string,
  rule: word,
  severity: word,
  entity_kind: word,
  entity: string,
  /** Of transactions: the tier by which they enter. */
  service: word,
  /** Of objectives. */
  entity_id: string,
  cluster_id: word,
  namespace: word,
  application: word,
  message: string,
  /** JSON of an Evidence; '': none. */
  evidence: string,
  opened_at: timeMs,
  closed_at: timeMs,
  updated_at: timeMs,
})
export type ViolationTableRow = RowOf<typeof violationsTable>

/** Why a figure is not as usual: durations in ms, rates per minute. */
export const Evidence = Type.Object({
  metric: Type.Union([Type.Literal('meanMs'), Type.Literal('errorsPerMinute')]),
  value: Type.Number(),
  usual: Type.Object({
    mean: Type.Number(),
    sigma: Type.Number({ description: 'of the hours before that were alike' }),
    hours: Type.Integer(),
  }),
  deviation: Type.Union([Type.Number(), Type.Null()], {
    description: 'how many sigma the value is above the mean; null: it was always the same',
  }),
  callsPerMinute: Type.Number(),
  errorRatio: Type.Number({ description: 'of the calls, 0…1' }),
  fromMs: Type.Integer({ description: 'the time that was judged' }),
  toMs: Type.Integer(),
})
export type Evidence = Static<typeof Evidence>
