import { type Static, Type } from 'typebox'
import { Red } from './applications.ts'

/** A business transaction that a trace entered by. */
const Entered = {
  application: Type.String(),
  service: Type.String({ description: 'the entry tier' }),
  transaction: Type.String(),
  known: Type.Boolean({ description: 'false: just new, or one of All other traffic' }),
}

export const TraceTransactions = Type.Object({
  transactions: Type.Array(
    Type.Object({ ...Entered, spanId: Type.String({ description: 'the entry span' }) }),
  ),
})
export type TraceTransactions = Static<typeof TraceTransactions>

/** Transactions whose traces passed a pod, in at most an hour of the range. */
export const PodTransactions = Type.Object({
  fromMs: Type.Integer(),
  toMs: Type.Integer(),
  tracesMax: Type.Integer({ description: 'so many traces are looked at, the newest' }),
  transactions: Type.Array(
    Type.Object({ ...Entered, red: Red, share: Type.Number({ description: 'of these calls, 0…1' }) }),
  ),
})
export type PodTransactions = Static<typeof PodTransactions>
