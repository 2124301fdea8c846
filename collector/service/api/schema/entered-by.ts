import { type Static, Type } from 'typebox'
import { Red } from './applications.ts'
import { TimeRange } from './common.ts'

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

export const CallingTransactionsQuery = Type.Intersect([
  TimeRange,
  Type.Object({
    type: Type.Union([
      Type.Literal('statement'),
      Type.Literal('database'),
      Type.Literal('external'),
      Type.Literal('queue'),
    ]),
    system: Type.Optional(Type.String({ maxLength: 253, default: '' })),
    name: Type.Optional(
      Type.String({ maxLength: 1_000, default: '', description: 'of a statement: the peer of its database' }),
    ),
    hash: Type.Optional(Type.String({ pattern: '^\\d{1,20}$', default: '0', description: 'of a statement' })),
  }),
])
export type CallingTransactionsQuery = Static<typeof CallingTransactionsQuery>

/** Which transactions call a statement or a backend, by its newest calls of at most an hour of the range. */
export const CallingTransactions = Type.Object({
  fromMs: Type.Integer(),
  toMs: Type.Integer(),
  calls: Type.Integer({ description: 'so many calls are looked at, the newest' }),
  truncated: Type.Boolean({ description: 'there are more' }),
  transactions: Type.Array(
    Type.Object({
      service: Type.String({ description: 'the entry tier' }),
      transaction: Type.String({ description: "'': what entered is not stored" }),
      calls: Type.Number(),
      share: Type.Number({ description: 'of these calls, 0…1' }),
      meanMs: Type.Number({ description: 'of the calls to it' }),
    }),
  ),
})
export type CallingTransactions = Static<typeof CallingTransactions>
