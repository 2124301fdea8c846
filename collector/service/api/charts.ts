import type { Range } from '../query/query.ts'
import type { Chart } from './schema/common.ts'
import { type ChartRow, chartOf, stepMsOf } from './time.ts'

/** Levels over time: a step without a row is not known. */
export function levelChart<Row extends ChartRow>(
  rows: readonly Row[],
  range: Range,
  series: Readonly<Record<string, (row: Row) => number | null>>,
  unit: string,
): Chart {
  return chartOf(
    rows,
    range,
    Object.entries(series).map(([name, value]) => ({ name, unit, missing: null, value })),
  )
}

/** Charts of one range on one axis. */
export function mergeCharts(range: Range, ...charts: readonly (Chart | undefined)[]): Chart {
  return {
    stepMs: stepMsOf(range),
    timesMs: charts[0]?.timesMs ?? [],
    series: charts.flatMap((chart) => chart?.series ?? []),
  }
}

/** Counts over time: a step without a row is zero. */
export function countChart<Row extends ChartRow>(
  rows: readonly Row[],
  range: Range,
  series: Readonly<Record<string, (row: Row) => number>>,
): Chart {
  return chartOf(
    rows,
    range,
    Object.entries(series).map(([name, value]) => ({ name, unit: '1', missing: 0, value })),
  )
}
