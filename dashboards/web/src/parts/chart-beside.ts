import type { Chart } from '@binnacle/collector/api/common'
import { formatValue, missing } from '../format.ts'

export type Values = readonly (number | null)[]

/** What a series is compared with: the band of its baseline, or the period before. */
export interface Beside {
  readonly name: string
  readonly unit: string
  readonly kind: 'band' | 'previous'
  /** The middle of the band, or the points of the period before. */
  readonly center: Values
  readonly lower: Values
  readonly upper: Values
  /** How many hours of the past each point of the band is from. */
  readonly hours: readonly number[]
}

/** As in the service: fewer hours make no baseline. */
const baselineHoursMin = 3

export function besideOf(chart: Chart): Beside[] {
  return chart.series.flatMap(({ name, unit, baseline, previous }): Beside[] => [
    ...(baseline ? [{ name, unit, kind: 'band' as const, ...baseline }] : []),
    ...(previous
      ? [{ name, unit, kind: 'previous' as const, center: previous, lower: [], upper: [], hours: [] }]
      : []),
  ])
}

/** The most that has to fit below the top of the chart: bands may be cut where they are far wider than what they are about. */
export function topBeside(beside: readonly Beside[], most: number): number {
  const centers = maxOf(beside.flatMap((one) => one.center))
  const uppers = maxOf(beside.flatMap((one) => one.upper))
  return Math.max(most, centers, Math.min(uppers, 2 * Math.max(most, centers)))
}

const maxOf = (values: Values) => values.reduce<number>((most, one) => Math.max(most, one ?? 0), 0)

/** What the legend says at a step, or of the last one. */
export function besideText(
  { name, unit, kind, center, lower, upper, hours }: Beside,
  index: number | null,
): string {
  const at = index ?? center.length - 1
  if (kind === 'previous') return `${name} before ${formatValue(center[at], unit)}`
  const n = hours[at] ?? 0
  if (n < baselineHoursMin) return `baseline warms up: ${n} of ${baselineHoursMin} hours like this one`
  const [from, to] = [lower[at], upper[at]].map((one) => formatValue(one, unit))
  return `usual ${name} ${from ?? missing} – ${to ?? missing} (n = ${n} h)`
}

/** First and last index of each stretch of known values. */
export function runsOf(values: Values): [first: number, last: number][] {
  const runs: [number, number][] = []
  for (const [index, value] of values.entries()) {
    if (value === null) continue
    const run = runs.at(-1)
    if (run && run[1] === index - 1) run[1] = index
    else runs.push([index, index])
  }
  return runs
}
