import type { Chart } from '@binnacle/collector/api/common'
import { type Beside, besideOf } from './chart-beside.ts'

export type ChartKind = 'lines' | 'area' | 'bars' | 'stacked'
export type ChartTone = 'bad' | 'warn'

type Values = readonly (number | null)[]

export interface ChartSeries {
  readonly names: readonly string[]
  readonly unit: string
  /** As the legend says them. */
  readonly values: readonly Values[]
  /** As the plot draws them: seconds first, then one array a series, summed up where stacked. */
  readonly drawn: readonly Values[]
  readonly stepMs: number
  /** Of the whole range: the sum of counts, the last known value of anything else. */
  readonly totals: Values
  /** Bands and lines that the series are compared with; not where they are stacked. */
  readonly beside: readonly Beside[]
}

/** More series than this cannot be told apart; the rest is summed up as "others". */
const seriesMax = 8

export function chartData(chart: Chart, kind: ChartKind): ChartSeries {
  const series = withOthers(chart)
  const values = series.map((one) => one.points)
  const stacked = kind === 'stacked' || (kind === 'bars' && values.length > 1)
  return {
    names: series.map((one) => one.name),
    unit: series[0]?.unit ?? '',
    values,
    drawn: [chart.timesMs.map((ms) => ms / 1000), ...(stacked ? stack(values) : values)],
    stepMs: chart.stepMs,
    totals: series.map(totalOf),
    beside: stacked ? [] : besideOf(chart),
  }
}

function totalOf({ unit, points }: { unit: string; points: Values }): number | null {
  return unit === '1' ? sum(points) : (points.findLast((one) => one !== null) ?? null)
}

function withOthers(chart: Chart): { name: string; unit: string; points: Values }[] {
  if (chart.series.length <= seriesMax) return chart.series
  const shown = chart.series.slice(0, seriesMax - 1)
  const rest = chart.series.slice(seriesMax - 1)
  const points = chart.timesMs.map((_, index) => sum(rest.map((one) => one.points[index] ?? null)))
  return [...shown, { name: `${rest.length} others`, unit: rest[0]?.unit ?? '', points }]
}

function sum(values: Values): number | null {
  const known = values.filter((one) => one !== null)
  return known.length === 0 ? null : known.reduce((total, one) => total + one, 0)
}

/** Each series on top of those before it. */
export function stack(values: readonly Values[]): Values[] {
  const below: number[] = []
  return values.map((points) =>
    points.map((value, index) => {
      below[index] = (below[index] ?? 0) + (value ?? 0)
      return value === null ? null : (below[index] ?? null)
    }),
  )
}

/** Where a value stands between nothing and nothing. */
export function lonePoints(values: ArrayLike<number | null | undefined>): number[] {
  const has = (index: number) => values[index] !== null && values[index] !== undefined
  return Array.from({ length: values.length }, (_, index) => index).filter(
    (index) => has(index) && !has(index - 1) && !has(index + 1),
  )
}

interface ColorOptions {
  readonly colors?: Readonly<Record<string, string>> | undefined
  readonly tone?: ChartTone | undefined
}

/** Custom properties to draw with: state where the series means one, else the palette in order. */
export function seriesColors(names: readonly string[], { colors = {}, tone }: ColorOptions): string[] {
  return names.map((name, index) => {
    const own = colors[name]
    if (own) return own
    if (tone && index === 0) return tone === 'bad' ? '--bad' : '--warn'
    return `--series-${(index % seriesMax) + 1}`
  })
}
