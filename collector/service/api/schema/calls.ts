import { type Static, Type } from 'typebox'
import { Red } from './applications.ts'
import { Chart } from './common.ts'

const Maybe = Type.Union([Type.Number(), Type.Null()])

/** Calls per minute over the range, for a spark line. */
export const Spark = Type.Array(Maybe)

/** A call worth a look, by its trace. */
export const SlowCall = Type.Object({
  traceId: Type.String(),
  atMs: Type.Number({ description: 'a time within the same minute or so' }),
  durationMs: Type.Number(),
  service: Type.String(),
  version: Type.String(),
})
export type SlowCall = Static<typeof SlowCall>

const Part = Type.Object({ service: Type.String(), version: Type.String(), red: Red })

/** Calls of one kind over the range: of a statement, to a backend, of an endpoint. */
export const CallDetail = Type.Object({
  red: Red,
  charts: Type.Object({
    load: Chart,
    /** Series p50, p95, p99 in ms. */
    responseTime: Chart,
    errors: Chart,
  }),
  /** Which services and versions have a part in it: the callers, or of an endpoint its own versions. */
  parts: Type.Array(Part),
  /** Of a queue: who takes from it what the parts put into it. */
  consumers: Type.Array(Part),
  /** The slowest first. */
  slowest: Type.Array(SlowCall),
  sinceMs: Type.Union([Type.Integer(), Type.Null()], {
    description: 'the first minute that is kept in which it was called; null: no minute is rolled up yet',
  }),
})
export type CallDetail = Static<typeof CallDetail>
