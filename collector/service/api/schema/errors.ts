import { type Static, Type } from 'typebox'
import { Red } from './applications.ts'
import { Spark } from './calls.ts'
import { Chart } from './common.ts'

/** An entry operation with failed calls; the spark line is of its errors. */
export const ErrorOperation = Type.Object({
  service: Type.String(),
  operation: Type.String(),
  kind: Type.String(),
  red: Red,
  versions: Type.Array(Type.String(), { description: 'that failed' }),
  spark: Spark,
})
export type ErrorOperation = Static<typeof ErrorOperation>

/** Exceptions of one type and top of stack. */
export const ExceptionRow = Type.Object({
  group: Type.String({ description: 'a decimal number: names the group in other routes' }),
  type: Type.String(),
  message: Type.String({ description: 'of a recent one' }),
  count: Type.Number(),
  perMinute: Type.Number(),
  services: Type.Array(Type.String()),
  operations: Type.Array(Type.String()),
  versions: Type.Array(Type.String()),
  firstSeenMs: Type.Integer(),
  firstVersion: Type.String({ description: "in which it was first seen; '': unknown" }),
  lastSeenMs: Type.Integer(),
  isNew: Type.Boolean({ description: 'first seen in the range, in an application that is older' }),
  sampleTraceId: Type.String(),
  spark: Spark,
})
export type ExceptionRow = Static<typeof ExceptionRow>

export const ErrorList = Type.Object({
  charts: Type.Object({
    /** Failed entry calls of all tiers. */
    errors: Chart,
    exceptions: Chart,
  }),
  operations: Type.Array(ErrorOperation),
  exceptions: Type.Array(ExceptionRow),
  truncated: Type.Boolean(),
})
export type ErrorList = Static<typeof ErrorList>

export const ExceptionDetail = Type.Object({
  group: Type.String(),
  type: Type.String(),
  stack: Type.String({ description: "of one of them; '': spans recorded none" }),
  count: Type.Number(),
  perMinute: Type.Number(),
  firstSeenMs: Type.Integer(),
  firstVersion: Type.String(),
  lastSeenMs: Type.Integer(),
  isNew: Type.Boolean(),
  /** A series for each version, at most eight, and `others`. */
  chart: Chart,
  parts: Type.Array(
    Type.Object({
      service: Type.String(),
      operation: Type.String(),
      version: Type.String(),
      count: Type.Number(),
      lastSeenMs: Type.Integer(),
    }),
  ),
  /** Since when, in this application, whatever the range. */
  sightings: Type.Array(
    Type.Object({
      service: Type.String(),
      version: Type.String(),
      firstSeenMs: Type.Integer(),
      lastSeenMs: Type.Integer(),
    }),
  ),
  /** The newest of the range: at most 20, of the hour before the last one. */
  occurrences: Type.Array(
    Type.Object({
      atMs: Type.Number(),
      traceId: Type.String(),
      spanId: Type.String(),
      clusterId: Type.String(),
      service: Type.String(),
      version: Type.String(),
      pod: Type.String(),
      operation: Type.String(),
      message: Type.String(),
    }),
  ),
  /** Log records of severity ERROR and above of these traces, or that carry the same type. */
  logs: Type.Array(
    Type.Object({
      timeMs: Type.Number(),
      service: Type.String(),
      pod: Type.String(),
      severity: Type.String(),
      body: Type.String(),
      traceId: Type.String(),
    }),
  ),
})
export type ExceptionDetail = Static<typeof ExceptionDetail>
