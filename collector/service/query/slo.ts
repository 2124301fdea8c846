import { alertBadCallsDefault, type SloDefinition } from '../../record/slo.ts'

/**
 * The arithmetic of service-level objectives, after "Alerting on SLOs" of Google's Site Reliability Workbook
 * (https://sre.google/workbook/alerting-on-slos/). With a target of 99.9 % the error budget is 0.1 % of the calls of the window;
 * a burn rate of 1 spends it in exactly the window, 14.4 in a 30-day window 2 % of it in an hour.
 */
export interface Counted {
  /** Calls; sums of weights. */
  readonly total: number
  readonly good: number
}

/** How long ago each burn window begins. */
export const burnWindowsMs = { m5: 300_000, m15: 900_000, h1: 3_600_000, h6: 21_600_000 } as const
export type BurnWindow = keyof typeof burnWindowsMs

/**
 * Both windows must burn faster: the long one says that it matters, the short one that it goes on. And the long one must have
 * enough bad calls (record/slo.ts).
 */
export const burnAlerts = {
  fast: { long: 'h1', short: 'm5', rate: 14.4 },
  slow: { long: 'h6', short: 'm15', rate: 6 },
} as const satisfies Record<string, { long: BurnWindow; short: BurnWindow; rate: number }>

export interface SloStatus extends Counted {
  /** Share of good calls in the window; null without calls. */
  readonly sli: number | null
  readonly budget: {
    /** Of the budget: 1 is untouched, below 0 overspent. */
    readonly left: number
    /** Bad calls that are left, with as many calls as the window had. */
    readonly leftCalls: number
    /** The same as time in which all calls are bad. */
    readonly leftMinutes: number
  }
  readonly burn: Readonly<Record<BurnWindow, number>>
  /** Bad calls of the long windows. */
  readonly bad: Readonly<Record<'h1' | 'h6', number>>
  readonly burning: 'fast' | 'slow' | null
  readonly state: 'ok' | 'burning' | 'exhausted' | 'no data'
  /** At the rate of the last hour; null when nothing burns, 0 when nothing is left. */
  readonly exhaustedInMs: number | null
}

const dayMs = 86_400_000

export function statusOf(
  {
    target,
    windowDays,
    alertBadCalls = alertBadCallsDefault,
  }: Pick<SloDefinition, 'target' | 'windowDays' | 'alertBadCalls'>,
  counted: { readonly window: Counted } & Readonly<Record<BurnWindow, Counted>>,
): SloStatus {
  const { total, good } = counted.window
  const allowed = (1 - target) * total
  const left = total === 0 ? 1 : 1 - (total - good) / allowed
  const burn = {
    m5: burnRate(target, counted.m5),
    m15: burnRate(target, counted.m15),
    h1: burnRate(target, counted.h1),
    h6: burnRate(target, counted.h6),
  }
  const bad = { h1: badOf(counted.h1), h6: badOf(counted.h6) }
  const isBurning = ({ long, short, rate }: (typeof burnAlerts)[keyof typeof burnAlerts]) =>
    burn[long] > rate && burn[short] > rate && bad[long] >= alertBadCalls
  const burning = isBurning(burnAlerts.fast) ? 'fast' : isBurning(burnAlerts.slow) ? 'slow' : null
  return {
    total,
    good,
    sli: sliOf(counted.window),
    budget: {
      left,
      leftCalls: left * allowed,
      leftMinutes: left * (1 - target) * windowDays * 1_440,
    },
    burn,
    bad,
    burning,
    state: total === 0 ? 'no data' : left <= 0 ? 'exhausted' : burning ? 'burning' : 'ok',
    exhaustedInMs: left <= 0 ? 0 : burn.h1 === 0 ? null : (left * windowDays * dayMs) / burn.h1,
  }
}

// A part of a bucket of durations is no whole number.
export const badOf = ({ total, good }: Counted): number => Number((total - good).toFixed(6))

export const sliOf = ({ total, good }: Counted): number | null => (total === 0 ? null : good / total)

/** How many times faster than the target allows calls are bad; without calls nothing burns. */
export function burnRate(target: number, { total, good }: Counted): number {
  return total === 0 ? 0 : (total - good) / total / (1 - target)
}
