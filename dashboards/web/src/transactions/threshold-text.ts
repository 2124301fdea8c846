import type { Threshold } from '@binnacle/collector/api/transactions'
import { formatCount, formatDuration } from '../format.ts'

/** What counts as slow now, and why, in one sentence. */
export function thresholdText(threshold: Threshold | null): string {
  if (threshold === null) return 'No call is rolled up yet; what is slow is said after the first minute.'
  const { calls, meanMs, sigmaMs, slowMs, verySlowMs, stallMs, rule } = threshold
  const stalled = `stalled from ${formatDuration(stallMs)}`
  if (slowMs === null || verySlowMs === null)
    return `Warm-up: ${formatCount(calls)} calls in the 120 minutes before, 30 say what is slow; ${stalled}.`
  const limits = `Slow over ${formatDuration(slowMs)}, very slow over ${formatDuration(verySlowMs)}, ${stalled}`
  return `${limits}: ${formatCount(calls)} calls in the 120 minutes before took ${formatDuration(meanMs)} on average, σ ${formatDuration(sigmaMs)}${ruleText(rule)}.`
}

function ruleText(rule: string): string {
  switch (rule) {
    case 'moving average':
      return ' — more than half of the mean, so that multiples of the mean count'
    case 'static':
      return ', but the thresholds are set by hand'
    case 'percentile':
      return ', but percentiles count'
    default:
      return ''
  }
}
