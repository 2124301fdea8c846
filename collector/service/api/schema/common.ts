import { type Static, Type } from 'typebox'

/**
 * A time range as URLs carry it: Unix milliseconds, or Grafana's relative form `now`, `now-15m`, `now-1h`, `now-7d`.
 * `from` is inclusive, `to` exclusive. Defaults: the last hour.
 */
export const TimeRange = Type.Object({
  from: Type.Optional(Type.String({ default: 'now-1h', examples: ['now-1h', '1790000000000'] })),
  to: Type.Optional(Type.String({ default: 'now', examples: ['now'] })),
})
export type TimeRange = Static<typeof TimeRange>

/** One line of a chart: `points[i]` belongs to `timesMs[i]`; null where nothing is known. Counts are zero-filled. */
export const Series = Type.Object({
  name: Type.String(),
  unit: Type.String({ description: 'UCUM-like: 1/min, ms, %, By, mCPU, 1' }),
  points: Type.Array(Type.Union([Type.Number(), Type.Null()])),
})
export type Series = Static<typeof Series>

export const Chart = Type.Object({
  stepMs: Type.Integer(),
  timesMs: Type.Array(Type.Integer()),
  series: Type.Array(Series),
})
export type Chart = Static<typeof Chart>

/** A thin vertical line on charts: a deployment, a scale change, a violation. */
export const Marker = Type.Object({
  timeMs: Type.Integer(),
  kind: Type.String({ description: 'rollout, scale, violation' }),
  title: Type.String(),
  entity: Type.String(),
})
export type Marker = Static<typeof Marker>

export const ApiError = Type.Object({
  statusCode: Type.Integer(),
  code: Type.String({ description: 'stable, from the catalogue in docs/api.md' }),
  error: Type.String(),
  message: Type.String({ description: 'what, why and what to do' }),
})
export type ApiError = Static<typeof ApiError>

export const About = Type.Object({
  version: Type.String(),
  nowMs: Type.Integer(),
  /** A text for a banner on every page, such as the demo's "this cluster is simulated"; empty: none. */
  notice: Type.String(),
  store: Type.Object({
    mode: Type.Union([Type.Literal('embedded'), Type.Literal('server')]),
    version: Type.String(),
  }),
})
export type About = Static<typeof About>

export const Severity = Type.Union([Type.Literal('info'), Type.Literal('warning'), Type.Literal('error')])
export type Severity = Static<typeof Severity>
