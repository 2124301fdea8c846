import { type Limit, percentilesOf, type ThresholdRule } from '../../record/transaction-settings.ts'
import { mergedQuantilesNs } from './duration-buckets.ts'
import type { Naming } from './transaction-naming.ts'
import { textLiteral } from './transaction-sql.ts'

/**
 * The class of a call, by what calls of its own kind took in the `windowMinutes` before its minute (thresholds_1m):
 *
 *   error      it failed; an error is never slow too
 *   stall      `stallMs` or longer, or longer than mean + 300 deviations
 *   very slow  longer than mean + 4 deviations
 *   slow       longer than mean + 3 deviations
 *   normal     else; and while the window has fewer than `callsMin` calls (warm-up), whatever is no stall
 *
 * The deviation is the standard deviation (of the population), but
 *   - the mean itself where the standard deviation is more than half of the mean: "the moving average is used" (the vendor's
 *     words for durations that vary too much to say anything);
 *   - at least a hundredth of the mean, or calls of constant duration would be slow for nothing.
 * Settings may put other deviations, milliseconds or a percentile of the window in their place, of an application, a tier or a
 * transaction (record/transaction-settings.ts); percentiles come from buckets (within 4.4 %) and need the same number of calls.
 * Defaults and rules: AppDynamics, Transaction Thresholds (research/appdynamics.md, 5.1). `normal = calls - the others`.
 */
export const windowMinutes = 120
export const callsMin = 30
export const stallMs = 45_000
export const slowDeviations = 3
export const verySlowDeviations = 4
export const stallDeviations = 300

/** SQL text: buckets of durations are wanted of these `application`s; '' of none. */
export function percentileApplications({ settings }: Naming): string {
  const own = [...settings].filter(([, one]) => percentilesOf(one).length > 0)
  return own.length === 0 ? '' : `application IN (${own.map(([name]) => textLiteral(name)).join(', ')})`
}

const levelsOf = ({ settings }: Naming) => [...new Set([...settings.values()].flatMap(percentilesOf))]

/** SQL text: over rows with `buckets` and `counts`: durations in ms at all percentiles that any settings name. */
export function percentilesMs(naming: Naming): string {
  const levels = levelsOf(naming).map((percentile) => percentile / 100)
  return levels.length === 0
    ? '[]'
    : `arrayMap(ns -> ns / 1e6, ${mergedQuantilesNs('buckets', 'counts', levels)})`
}

/**
 * SQL text: the columns of thresholds_1m over rows with their keys (`of`: the operation), `n` calls, their `meanMs`, `sigmaMs`
 * and `percentilesMs`.
 */
export function thresholdColumns(naming: Naming): string {
  const warm = (ms: string, else_: string) => `if(n >= ${callsMin}, ${ms}, ${else_})`
  const above = (deviations: number) => `meanMs + ${deviations} * deviationMs`
  const limitMs = (limit: Limit) => {
    if (limit.ms !== undefined) return String(limit.ms)
    if (limit.percentile !== undefined)
      return warm(`percentilesMs[${levelsOf(naming).indexOf(limit.percentile) + 1}]`, 'inf')
    return warm(above(limit.deviations ?? slowDeviations), 'inf')
  }
  const places = [...naming.settings].flatMap(([application, { thresholds = [] }]) =>
    thresholds.map((rule) => ({ rule, fits: fitsRule(application, rule) })),
  )
  const choose = (pick: (rule: ThresholdRule) => string | undefined, otherwise: string) => {
    const own = places.map(({ rule, fits }) => `${fits}, ${pick(rule) ?? otherwise}`)
    return own.length === 0 ? otherwise : `multiIf(${own.join(', ')}, ${otherwise})`
  }
  const limitOf = (name: 'slow' | 'verySlow' | 'stall', otherwise: string) =>
    choose((rule) => rule[name] && limitMs(rule[name]), otherwise)
  const dynamic = `multiIf(n < ${callsMin}, 'warm-up', sigmaMs > meanMs / 2, 'moving average', 'deviation')`
  const kindOf = ({ slow }: ThresholdRule) => {
    if (slow?.ms !== undefined) return "'static'"
    return slow?.percentile === undefined ? undefined : `if(n < ${callsMin}, 'warm-up', 'percentile')`
  }
  return `
  n AS calls, meanMs AS mean_ms, sigmaMs AS sigma_ms,
  multiIf(sigmaMs > meanMs / 2, meanMs, greatest(sigmaMs, meanMs / 100)) AS deviationMs,
  toFloat64(${limitOf('slow', warm(above(slowDeviations), 'inf'))}) AS slow_ms,
  toFloat64(${limitOf('verySlow', warm(above(verySlowDeviations), 'inf'))}) AS very_slow_ms,
  toFloat64(${limitOf('stall', warm(`least(${stallMs}, ${above(stallDeviations)})`, String(stallMs)))}) AS stall_ms,
  ${choose(kindOf, dynamic)} AS rule`
}

const fitsRule = (application: string, { service, transaction }: ThresholdRule) =>
  [
    `application = ${textLiteral(application)}`,
    ...(service === undefined ? [] : [`service = ${textLiteral(service)}`]),
    ...(transaction === undefined ? [] : [`transaction = ${textLiteral(transaction)}`]),
  ].join(' AND ')

/** SQL text: the class of a call that took `ms` against a row of thresholds_1m, if one was `found`; as the reason of a snapshot names it. */
export const classOf = (ms: string, failed: string, threshold: string): string =>
  `multiIf(${failed}, 'error', ${ms} >= if(${threshold}.found, ${threshold}.stall_ms, ${stallMs}), 'stall', NOT ${threshold}.found, 'normal', ${ms} > ${threshold}.very_slow_ms, 'very slow', ${ms} > ${threshold}.slow_ms, 'slow', 'normal')`
