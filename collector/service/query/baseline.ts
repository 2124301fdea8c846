import type { Range } from './query.ts'

/**
 * What is usual, from hours that were alike (docs/decisions/0016-baselines-on-read.md). A window of time (a step of a chart, or a
 * whole range) is compared with the hours of its seasons before it:
 *
 *   all      every hour of the last 15 days
 *   daily    the same hours of the day, 30 days
 *   weekly   the same hours of the same weekday, 90 days
 *   monthly  the same hours of the same day of the month, 365 days
 *
 * Only hours that were over when the window began are looked at, so nothing is compared with itself. Every hour counts once,
 * however many calls it had. An hour without calls says nothing about response times and the share of errors; for calls and
 * errors it is a zero, from the first of these hours in which the entity was called, if spans of anything are stored of it: an
 * hour of which nothing at all was received is no hour without calls.
 */
export const seasons = ['daily', 'weekly', 'monthly', 'all'] as const
export type Season = (typeof seasons)[number]

export const seasonDays: Readonly<Record<Season, number>> = { all: 15, daily: 30, weekly: 90, monthly: 365 }

/** Durations in ms, rates per minute, shares 0…1. */
export const baselineMetrics = ['callsPerMinute', 'meanMs', 'p95Ms', 'errorsPerMinute', 'errorRatio'] as const
export type BaselineMetric = (typeof baselineMetrics)[number]

/** Figures over hours; null where there are too few. */
export interface Usual {
  readonly hours: number
  readonly mean: number | null
  /** Of a sample (n − 1): from two hours on. */
  readonly sigma: number | null
  readonly median: number | null
  /** Median of the distances to the median. */
  readonly mad: number | null
}

export interface BaselineWindow {
  readonly timeMs: number
  /** Hours before this one count. */
  readonly beforeMs: number
  /** The numbers of its seasons. */
  readonly seasons: ReadonlySet<number>
}

const hourMs = 3_600_000

interface WindowsScope extends Range {
  readonly season: Season
  /** Name of a time zone: hours and days are those of its clocks. */
  readonly zone: string
  /** Without it the range is one window. */
  readonly stepMs?: number
}

/** Steps shorter than an hour have the windows of their hours. */
export function windowsOf({ fromMs, toMs, stepMs, season, zone }: WindowsScope): BaselineWindow[] {
  const number = seasonOf(season, zone)
  const lengthMs = stepMs === undefined ? toMs - fromMs : Math.max(stepMs, hourMs)
  const firstMs = stepMs === undefined ? fromMs : floorTo(fromMs, lengthMs)
  return Array.from({ length: Math.ceil((toMs - firstMs) / lengthMs) }, (_, index) => {
    const timeMs = firstMs + index * lengthMs
    const beforeMs = floorTo(timeMs, hourMs)
    const numbers = new Set<number>()
    for (let at = beforeMs; at < timeMs + lengthMs; at += hourMs) numbers.add(number(at))
    return { timeMs, beforeMs, seasons: numbers }
  })
}

const floorTo = (value: number, unit: number) => Math.floor(value / unit) * unit

const weekdays = ['', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** Hours of one season have the same number. */
function seasonOf(season: Season, zone: string): (timeMs: number) => number {
  if (season === 'all') return () => 0
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    hour: '2-digit',
    weekday: 'short',
    day: 'numeric',
  })
  return (timeMs) => {
    const parts = Object.fromEntries(format.formatToParts(timeMs).map(({ type, value }) => [type, value]))
    const hour = Number(parts['hour'])
    switch (season) {
      case 'daily':
        return hour
      case 'weekly':
        return weekdays.indexOf(parts['weekday'] ?? '') * 24 + hour
      case 'monthly':
        return Number(parts['day']) * 24 + hour
    }
  }
}

/** Hours of one entity: BaselineHoursRow of baseline-sql.ts. */
interface HoursBehind {
  readonly stored: readonly (readonly [hourS: number, season: number])[]
  readonly called: readonly (readonly [hourS: number, ...figures: number[]])[]
}

/** What is usual for each window. */
export function usualOfWindows(
  { stored, called }: HoursBehind,
  windows: readonly BaselineWindow[],
  season: Season,
): Record<BaselineMetric, Usual>[] {
  const figures = new Map(called.map(([hourS, ...values]) => [hourS, values]))
  return windows.map(({ beforeMs, seasons: numbers }) => {
    const beforeS = beforeMs / 1000
    const hours = stored
      .filter(
        ([hourS, number]) =>
          hourS < beforeS && hourS >= beforeS - seasonDays[season] * 86_400 && numbers.has(number),
      )
      .map(([hourS]) => hourS)
    const firstS = Math.min(...hours.filter((hourS) => figures.has(hourS)))
    const valuesOf = (index: number, quiet: number | undefined) =>
      hours
        .filter((hourS) => hourS >= firstS)
        .map((hourS) => figures.get(hourS)?.[index] ?? quiet)
        .filter((one) => one !== undefined)
    return {
      callsPerMinute: usualOf(valuesOf(0, 0)),
      meanMs: usualOf(valuesOf(1, undefined)),
      p95Ms: usualOf(valuesOf(2, undefined)),
      errorsPerMinute: usualOf(valuesOf(3, 0)),
      errorRatio: usualOf(valuesOf(4, undefined)),
    }
  })
}

export function usualOf(values: readonly number[]): Usual {
  const hours = values.length
  const [first] = values
  if (first === undefined) return { hours, mean: null, sigma: null, median: null, mad: null }
  const mean = values.reduce((sum, one) => sum + one, 0) / hours
  const squares = values.reduce((sum, one) => sum + (one - mean) ** 2, 0)
  const median = medianOf(values)
  return {
    hours,
    mean,
    sigma: hours < 2 ? null : Math.sqrt(squares / (hours - 1)),
    median,
    mad: medianOf(values.map((one) => Math.abs(one - median))),
  }
}

function medianOf(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? 0
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2
}

/** mean ± σ, or median ± 1.4826 MAD, which is as wide for normally distributed hours and does not mind a few that were not. */
export type Spread = 'sigma' | 'robust'

export interface Band {
  readonly center: number
  /** One σ, or what stands for it. */
  readonly spread: number
  readonly lower: number
  readonly upper: number
  readonly hours: number
}

/** Fewer hours make no baseline: it is warming up. */
export const baselineHoursMin = 3
const bandWidth = 2
/** 1 / Φ⁻¹(3/4): https://en.wikipedia.org/wiki/Median_absolute_deviation */
const madToSigma = 1.4826

/** Rates, shares and durations are never below zero. */
export function bandOf({ hours, mean, sigma, median, mad }: Usual, spread: Spread): Band | null {
  if (hours < baselineHoursMin) return null
  const center = (spread === 'sigma' ? mean : median) ?? 0
  const one = (spread === 'sigma' ? sigma : (mad ?? 0) * madToSigma) ?? 0
  return {
    center,
    spread: one,
    lower: Math.max(0, center - bandWidth * one),
    upper: center + bandWidth * one,
    hours,
  }
}

/** How many σ a value lies from what is usual; null where all hours were equal. */
export function deviationOf({ center, spread }: Band, value: number): number | null {
  return spread > 0 ? (value - center) / spread : null
}
