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
 * Defaults and rules: AppDynamics, Transaction Thresholds (research/appdynamics.md, 5.1). `normal = calls - the others`.
 */
export const windowMinutes = 120
export const callsMin = 30
export const stallMs = 45_000
export const slowDeviations = 3
export const verySlowDeviations = 4
export const stallDeviations = 300

/** SQL text: the columns of thresholds_1m over rows with `n` calls, their `meanMs` and `sigmaMs`. */
export const thresholdColumns = `
  n AS calls, meanMs AS mean_ms, sigmaMs AS sigma_ms,
  multiIf(sigmaMs > meanMs / 2, meanMs, greatest(sigmaMs, meanMs / 100)) AS deviationMs,
  if(n >= ${callsMin}, meanMs + ${slowDeviations} * deviationMs, inf) AS slow_ms,
  if(n >= ${callsMin}, meanMs + ${verySlowDeviations} * deviationMs, inf) AS very_slow_ms,
  if(n >= ${callsMin}, least(${stallMs}, meanMs + ${stallDeviations} * deviationMs), ${stallMs}) AS stall_ms,
  multiIf(n < ${callsMin}, 'warm-up', sigmaMs > meanMs / 2, 'moving average', 'deviation') AS rule`

/** SQL text: the class of a call that took `ms` against a row of thresholds_1m, if one was `found`; as the reason of a snapshot names it. */
export const classOf = (ms: string, failed: string, threshold: string): string =>
  `multiIf(${failed}, 'error', ${ms} >= if(${threshold}.found, ${threshold}.stall_ms, ${stallMs}), 'stall', NOT ${threshold}.found, 'normal', ${ms} > ${threshold}.very_slow_ms, 'very slow', ${ms} > ${threshold}.slow_ms, 'slow', 'normal')`
