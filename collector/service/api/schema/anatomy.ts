import { type Static, Type } from 'typebox'

const PartCost = Type.Object({
  calls: Type.Number({ description: 'per transaction' }),
  ownMs: Type.Number({
    description:
      'mean per transaction: time that nothing called covers, until the answer; parallel work adds up',
  }),
  lateMs: Type.Number({ description: 'mean per transaction: own time after the answer' }),
})

/** What a tier or a backend took of the calls of a transaction. */
export const AnatomyPart = Type.Object({
  id: Type.String({ description: 'as in the flow map: tier:NAME, backend:SYSTEM:NAME, external:NAME' }),
  type: Type.Union([
    Type.Literal('tier'),
    Type.Literal('database'),
    Type.Literal('queue'),
    Type.Literal('external'),
  ]),
  name: Type.String(),
  system: Type.String({ description: "of a backend, else ''" }),
  normal: PartCost,
  slow: PartCost,
})
export type AnatomyPart = Static<typeof AnatomyPart>

const Sample = Type.Object({
  calls: Type.Integer({ description: 'how many were looked at, of those that snapshots keep' }),
  meanMs: Type.Union([Type.Number(), Type.Null()]),
})

/** Where the time of a transaction goes, in normal calls and in slow ones; what took most first. */
export const TransactionAnatomy = Type.Object({
  normal: Sample,
  slow: Sample,
  parts: Type.Array(AnatomyPart),
})
export type TransactionAnatomy = Static<typeof TransactionAnatomy>
