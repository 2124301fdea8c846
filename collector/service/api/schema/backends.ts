import { type Static, Type } from 'typebox'
import { Red } from './applications.ts'
import { Spark } from './calls.ts'
import { TimeRange } from './common.ts'

const BackendType = Type.Union([Type.Literal('database'), Type.Literal('queue'), Type.Literal('external')])

/** What tiers call that sends no spans of its own; how it is named: docs/api.md. */
export const BackendRow = Type.Object({
  type: BackendType,
  system: Type.String({ description: 'postgresql, redis, kafka, grpc, http, aws-api, …; empty: unknown' }),
  name: Type.String(),
  kind: Type.Union([
    Type.Literal('database'),
    Type.Literal('cache'),
    Type.Literal('queue'),
    Type.Literal('http'),
    Type.Literal('rpc'),
    Type.Literal('cloud'),
    Type.Literal('other'),
  ]),
  red: Red,
  /** Of a queue: what is taken from it, and by whom. */
  consumed: Type.Union([Red, Type.Null()]),
  consumers: Type.Array(Type.Object({ service: Type.String(), red: Red })),
  /** Those that spend the most time first. */
  callers: Type.Array(Type.Object({ service: Type.String(), red: Red })),
  spark: Spark,
})
export type BackendRow = Static<typeof BackendRow>

export const BackendList = Type.Object({ backends: Type.Array(BackendRow), truncated: Type.Boolean() })
export type BackendList = Static<typeof BackendList>

export const BackendQuery = Type.Intersect([
  TimeRange,
  Type.Object({
    type: BackendType,
    system: Type.Optional(Type.String({ maxLength: 253, default: '' })),
    name: Type.Optional(Type.String({ maxLength: 1_000, default: '' })),
  }),
])
export type BackendQuery = Static<typeof BackendQuery>
