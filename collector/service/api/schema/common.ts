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

const Points = Type.Array(Type.Union([Type.Number(), Type.Null()]))

/** What a chart or a table is compared with. */
export const CompareQuery = Type.Object({
  compare: Type.Optional(
    Type.Union(
      [
        Type.Literal('daily'),
        Type.Literal('weekly'),
        Type.Literal('monthly'),
        Type.Literal('all'),
        Type.Literal('previous'),
        Type.Literal('none'),
      ],
      {
        default: 'daily',
        description:
          'baselines of the same hour of the day (30 days), of the weekday (90 days), of the day of the month (365 days), of all hours (15 days); or the period of equal length before',
      },
    ),
  ),
  spread: Type.Optional(
    Type.Union([Type.Literal('sigma'), Type.Literal('robust')], {
      default: 'sigma',
      description: 'of baselines: mean ± 2 σ, or median ± 2 × 1.4826 MAD',
    }),
  ),
  zone: Type.Optional(
    Type.String({
      maxLength: 64,
      default: 'UTC',
      description: 'whose hours and days baselines go by',
      examples: ['Europe/Rome'],
    }),
  ),
})
export type CompareQuery = Static<typeof CompareQuery>

export const ComparedRange = Type.Intersect([TimeRange, CompareQuery])

/** What is usual in each step, from `hours[i]` hours; null where there are fewer than 3. */
export const SeriesBaseline = Type.Object({
  center: Points,
  lower: Points,
  upper: Points,
  hours: Type.Array(Type.Integer()),
})
export type SeriesBaseline = Static<typeof SeriesBaseline>

/** A figure of a whole range beside what is usual. */
export const Usual = Type.Object({
  hours: Type.Integer({ description: 'how many hours of the past it is from; below 3 the rest is null' }),
  center: Type.Union([Type.Number(), Type.Null()]),
  lower: Type.Union([Type.Number(), Type.Null()]),
  upper: Type.Union([Type.Number(), Type.Null()]),
  deviation: Type.Union([Type.Number(), Type.Null()], {
    description: 'of the figure, in σ; null where all hours were equal or the figure is missing',
  }),
  change: Type.Union([Type.Number(), Type.Null()], { description: 'of the figure: 0.5 is 50 % more' }),
})
export type Usual = Static<typeof Usual>

/** One line of a chart: `points[i]` belongs to `timesMs[i]`; null where nothing is known. Counts are zero-filled. */
export const Series = Type.Object({
  name: Type.String(),
  unit: Type.String({ description: 'UCUM-like: 1/min, ms, %, By, mCPU, 1' }),
  points: Points,
  baseline: Type.Optional(SeriesBaseline),
  /** The same steps of the period before. */
  previous: Type.Optional(Points),
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
