import { type Static, Type } from 'typebox'
import { Red } from './applications.ts'
import { CallDetail, Spark } from './calls.ts'
import { TimeRange } from './common.ts'

const Share = Type.Number({ description: 'of the time that the application spends in databases, 0…1' })

export const DatabaseRow = Type.Object({
  system: Type.String({ description: 'db.system.name: postgresql, redis, …' }),
  peer: Type.String({ description: 'host:port/database, as far as spans tell' }),
  cache: Type.Boolean(),
  red: Red,
  timeShare: Share,
  statements: Type.Integer(),
  /** Those that spend the most time first. */
  callers: Type.Array(Type.Object({ service: Type.String(), red: Red })),
  spark: Spark,
})
export type DatabaseRow = Static<typeof DatabaseRow>

export const StatementRow = Type.Object({
  system: Type.String(),
  peer: Type.String(),
  hash: Type.String({ description: 'a decimal number: names the statement in other routes' }),
  statement: Type.String({ description: 'without literals' }),
  services: Type.Array(Type.String()),
  red: Red,
  timeShare: Share,
  sampleTraceId: Type.String({ description: 'of the slowest call' }),
  sampleAtMs: Type.Number(),
})
export type StatementRow = Static<typeof StatementRow>

export const DatabaseList = Type.Object({
  databases: Type.Array(DatabaseRow),
  /** Of all databases, those that take the most time first. */
  statements: Type.Array(StatementRow),
  truncated: Type.Boolean({ description: 'there are more statements than were returned' }),
})
export type DatabaseList = Static<typeof DatabaseList>

export const StatementQuery = Type.Intersect([
  TimeRange,
  Type.Object({
    system: Type.String({ minLength: 1, maxLength: 253 }),
    peer: Type.Optional(Type.String({ maxLength: 1_000, default: '' })),
    hash: Type.String({ pattern: '^\\d{1,20}$' }),
  }),
])
export type StatementQuery = Static<typeof StatementQuery>

export const StatementDetail = Type.Intersect([CallDetail, Type.Object({ statement: Type.String() })])
export type StatementDetail = Static<typeof StatementDetail>

/** Which entry operations call a statement: of its newest 2,000 calls within the last hour of the range. */
export const StatementCallers = Type.Object({
  callers: Type.Array(
    Type.Object({
      service: Type.String(),
      operation: Type.String({ description: "'': its entry span is not stored" }),
      calls: Type.Number(),
      meanMs: Type.Number(),
    }),
  ),
})
export type StatementCallers = Static<typeof StatementCallers>
