import {
  type BaselineMetric,
  type BaselineWindow,
  bandOf,
  deviationOf,
  type Season,
  type Spread,
  type Usual as UsualFigures,
  usualOf,
  usualOfWindows,
  windowsOf,
} from '../query/baseline.ts'
import {
  type BaselineHoursRow,
  type BaselineLevel,
  baselineHoursQuery,
  type EntityHoursRow,
  entityHoursQuery,
} from '../query/baseline-sql.ts'
import type { Range } from '../query/query.ts'
import type { Ask } from './ask.ts'
import { ApiProblem } from './errors.ts'
import type { Red } from './schema/applications.ts'
import type { Chart, CompareQuery, Series, SeriesBaseline, Usual } from './schema/common.ts'

/** What an answer is compared with. */
export type Comparison =
  | { readonly type: 'none' | 'previous' }
  | { readonly type: 'baseline'; readonly season: Season; readonly spread: Spread; readonly zone: string }

export function parseComparison({
  compare = 'daily',
  spread = 'sigma',
  zone = 'UTC',
}: CompareQuery): Comparison {
  if (compare === 'none' || compare === 'previous') return { type: compare }
  try {
    return { type: 'baseline', season: compare, spread, zone: zoneNamed(zone) }
  } catch {
    throw new ApiProblem(
      'bad-parameter',
      `cannot use the time zone ${zone.slice(0, 64)}: it is unknown; give one such as Europe/Rome`,
    )
  }
}

/** Throws when there is none. */
const zoneNamed = (zone: string) =>
  new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions().timeZone

/** The period before, by whole steps, so that its steps lie on those of the range. */
export function previousRange({ fromMs, toMs }: Range, stepMs: number): Range & { readonly shiftMs: number } {
  const shiftMs = Math.ceil((toMs - fromMs) / stepMs) * stepMs
  return { fromMs: fromMs - shiftMs, toMs: toMs - shiftMs, shiftMs }
}

/** The chart with the points of the same chart of the period before. */
export function withPrevious(chart: Chart, before: Chart): Chart {
  return {
    ...chart,
    series: chart.series.map((series, index) => ({
      ...series,
      previous: before.series[index]?.points ?? [],
    })),
  }
}

export type UsualOfStep = (timeMs: number) => Readonly<Record<BaselineMetric, UsualFigures>> | undefined

export interface StepsOf extends Range {
  readonly level: BaselineLevel
  readonly application: string
  readonly service?: string
  readonly transaction?: string
  readonly stepMs: number
}

/** What is usual for an application, tier or transaction in each step of its charts. */
export async function usualOfSteps(
  ask: Ask,
  { fromMs, toMs, stepMs, ...entity }: StepsOf,
  { season, zone }: { readonly season: Season; readonly zone: string },
): Promise<UsualOfStep> {
  const windows = windowsOf({ fromMs, toMs, stepMs, season, zone })
  const [row] = await ask<BaselineHoursRow>(baselineHoursQuery({ ...entity, season, zone }, windows))
  const usual = row === undefined ? [] : usualOfWindows(row, windows, season)
  const lengthMs = Math.max(stepMs, 3_600_000)
  const firstMs = windows[0]?.timeMs ?? 0
  return (timeMs) => usual[Math.floor((timeMs - firstMs) / lengthMs)]
}

/** The chart with a band around one of its series. */
export function withBand(
  chart: Chart,
  band: {
    readonly series: string
    readonly metric: BaselineMetric
    readonly usual: UsualOfStep
    readonly spread: Spread
  },
): Chart {
  const steps = chart.timesMs.map((timeMs) => band.usual(timeMs)?.[band.metric])
  const bands = steps.map((one) => (one ? bandOf(one, band.spread) : null))
  const baseline: SeriesBaseline = {
    center: bands.map((one) => one?.center ?? null),
    lower: bands.map((one) => one?.lower ?? null),
    upper: bands.map((one) => one?.upper ?? null),
    hours: steps.map((one) => one?.hours ?? 0),
  }
  const add = (series: Series) => (series.name === band.series ? { ...series, baseline } : series)
  return { ...chart, series: chart.series.map(add) }
}

export interface Entity {
  /** Not of edges. */
  readonly application?: string
  readonly service?: string
  readonly transaction?: string
  readonly operation?: string
  readonly kind?: string
  readonly caller?: string
  readonly callee?: string
  readonly async?: boolean
}

/** Puts what is usual beside the figures of applications, tiers, operations, transactions or edges over the range. */
export async function usualOfEntities(
  ask: Ask,
  scope: Range & { readonly application: string; readonly level: BaselineLevel },
  comparison: Comparison,
): Promise<(entity: Entity, red: Red) => Red> {
  if (comparison.type !== 'baseline') return (_entity, red) => red
  const { season, spread, zone } = comparison
  const { application, level } = scope
  const window = windowsOf({ ...scope, season, zone })[0] as BaselineWindow // A range is one window.
  const rows = await ask<EntityHoursRow>(entityHoursQuery({ level, application, season, zone }, window))
  const known = new Map(rows.map((row) => [keyOf(row), usualOfWindows(row, [window], season)[0]]))
  return (entity, red) => {
    const row = known.get(keyOf(entity))
    const beside = (metric: 'callsPerMinute' | 'p95Ms' | 'errorsPerMinute') =>
      usualBeside(row?.[metric] ?? usualOf([]), red[metric], spread)
    const usual = {
      callsPerMinute: beside('callsPerMinute'),
      p95Ms: beside('p95Ms'),
      errorsPerMinute: beside('errorsPerMinute'),
    }
    return { ...red, usual }
  }
}

const keyOf = (entity: Entity) =>
  JSON.stringify([
    entity.application ?? '',
    entity.service ?? '',
    entity.transaction ?? '',
    entity.operation ?? '',
    entity.kind ?? '',
    entity.caller ?? '',
    entity.callee ?? '',
    entity.async ?? false,
  ])

export function usualBeside(usual: UsualFigures, value: number | null, spread: Spread): Usual {
  const band = bandOf(usual, spread)
  if (band === null)
    return { hours: usual.hours, center: null, lower: null, upper: null, deviation: null, change: null }
  const { center, lower, upper, hours } = band
  return {
    hours,
    center,
    lower,
    upper,
    deviation: value === null ? null : deviationOf(band, value),
    change: value === null || center === 0 ? null : value / center - 1,
  }
}
