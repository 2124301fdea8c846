import type { Range } from '../query/query.ts'
import { rawRangeMsMax } from '../query/red-rollup.ts'
import { ApiProblem } from './errors.ts'
import type { Chart, Series, TimeRange } from './schema/common.ts'

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const
const rangeMsMax = 400 * unitMs.d
const epochMsMax = 4_102_444_800_000 // 2100-01-01
const pointsMax = 120
const niceStepsMs = [
  1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000, 1_800_000,
  3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000, 172_800_000, 345_600_000,
]

/** Reads `from` (of a long range that is relative: the minute) and `to`; a range that ends before it starts, or is longer than 400 days, is refused. */
export function parseRange({ from = 'now-1h', to = 'now' }: TimeRange, nowMs: number): Range {
  const toMs = parseTime('to', to, nowMs)
  const exactMs = parseTime('from', from, nowMs)
  // Beyond what raw spans answer, the last hour is the last sixty minutes and the one under way: rollups have whole minutes.
  const isWhole = from.startsWith('now-') && toMs - exactMs > rawRangeMsMax
  const range = { fromMs: isWhole ? Math.floor(exactMs / 60_000) * 60_000 : exactMs, toMs }
  if (range.fromMs >= range.toMs) {
    throw new ApiProblem('bad-time', `cannot use the time range ${from} to ${to}: it ends before it starts`)
  }
  if (range.toMs - range.fromMs > rangeMsMax) {
    throw new ApiProblem('bad-time', `cannot use the time range ${from} to ${to}: it is longer than 400 days`)
  }
  return range
}

function parseTime(name: string, text: string, nowMs: number): number {
  const relative = /^now(?:-(\d{1,6})([smhdw]))?$/.exec(text)
  if (relative) {
    const [, amount = '0', unit = 's'] = relative
    return Math.max(0, nowMs - Number(amount) * (unitMs[unit as keyof typeof unitMs] ?? 0)) // The pattern allows these letters only.
  }
  const ms = /^\d{1,13}$/.test(text) ? Number(text) : Number.NaN
  if (ms <= epochMsMax) return ms
  throw new ApiProblem(
    'bad-time',
    `cannot read the time ${name}=${text.slice(0, 40)}: give Unix milliseconds or now, now-15m, now-1h, now-7d`,
  )
}

/** The range of equal length that ends where this one starts. */
export function rangeBefore({ fromMs, toMs }: Range): Range {
  return { fromMs: Math.max(0, fromMs - (toMs - fromMs)), toMs: fromMs }
}

/** A round step that gives a chart at most about 120 points. */
export function stepMsOf({ fromMs, toMs }: Range): number {
  const wanted = (toMs - fromMs) / pointsMax
  return niceStepsMs.find((step) => step >= wanted) ?? 345_600_000
}

/** The same, but never less than the minutes of rollups. */
export const wholeStepMsOf = (range: Range): number => Math.max(60_000, stepMsOf(range))

/** The same where rollups are read, the usual step where spans are. */
export const redStepMsOf = (range: Range): number =>
  range.toMs - range.fromMs > rawRangeMsMax ? wholeStepMsOf(range) : stepMsOf(range)

/** The starts of the steps that the range touches: multiples of the step since 1970. */
export function timesOf({ fromMs, toMs }: Range, stepMs: number): number[] {
  const first = Math.floor(fromMs / stepMs) * stepMs
  return Array.from({ length: Math.ceil((toMs - first) / stepMs) }, (_, index) => first + index * stepMs)
}

/** Minutes of the range within the step: the first and the last step are rarely whole, and a rate must know. */
export function minutesIn(stepStartMs: number, stepMs: number, { fromMs, toMs }: Range): number {
  return (Math.min(stepStartMs + stepMs, toMs) - Math.max(stepStartMs, fromMs)) / 60_000
}

export interface ChartRow {
  readonly timeMs: number
}

export interface SeriesOf<Row extends ChartRow> {
  readonly name: string
  readonly unit: string
  readonly value: (row: Row, minutes: number) => number | null
  /** Of a step without a row: 0 for counts, null for everything else. */
  readonly missing: 0 | null
}

/** Spans take some seconds to arrive: a rate of less of a step that goes on would be far too low. */
const rateMsMin = 15_000

/** Puts rows on the time axis of the range. */
export function chartOf<Row extends ChartRow>(
  rows: readonly Row[],
  range: Range,
  series: readonly SeriesOf<Row>[],
  stepMs: number = stepMsOf(range),
): Chart {
  const timesMs = timesOf(range, stepMs)
  const byTime = new Map(rows.map((row) => [row.timeMs, row]))
  const isTooShort = (timeMs: number) =>
    timeMs === timesMs.at(-1) && range.toMs - timeMs < Math.min(stepMs, rateMsMin)
  return {
    stepMs,
    timesMs,
    series: series.map(
      ({ name, unit, value, missing }): Series => ({
        name,
        unit,
        points: timesMs.map((timeMs) => {
          if (unit === '1/min' && isTooShort(timeMs)) return null
          const row = byTime.get(timeMs)
          return row === undefined ? missing : value(row, minutesIn(timeMs, stepMs, range))
        }),
      }),
    ),
  }
}
