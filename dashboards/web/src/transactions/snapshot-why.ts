import type { Snapshot } from '@binnacle/collector/api/transactions'
import { formatCount, formatDuration, formatNumber } from '../format.ts'

/** Why a call was kept, in a few words: what it was compared with. */
export function whyKept(snapshot: Snapshot): string {
  const { reason, durationMs, thresholdMs, exceptionType, httpStatus, baseline } = snapshot
  switch (reason) {
    case 'error':
      return exceptionType || (httpStatus >= 400 ? `HTTP ${httpStatus}` : 'failed')
    case 'periodic':
      return 'one normal call a minute'
    case 'stall':
      return thresholdMs === null ? 'stalled' : `at least ${formatDuration(thresholdMs)}`
    default:
      return thresholdMs === null
        ? formatDuration(durationMs)
        : `over ${formatDuration(thresholdMs)}, ${times(durationMs, baseline.meanMs)}`
  }
}

/** The same with the figures of the baseline, for those who ask. */
export function baselineText({ baseline, thresholdMs }: Snapshot): string {
  const { calls, meanMs, sigmaMs, rule } = baseline
  if (rule === 'warm-up')
    return `Warm-up: ${formatCount(calls)} calls in the 120 minutes before, 30 are needed to say what is slow`
  const from = `${formatCount(calls)} calls in the 120 minutes before: mean ${formatDuration(meanMs)}, σ ${formatDuration(sigmaMs)}`
  return thresholdMs === null ? from : `${from}; threshold ${formatDuration(thresholdMs)} by ${rule}`
}

function times(durationMs: number, meanMs: number): string {
  return meanMs > 0 ? `${formatNumber(durationMs / meanMs)} × the mean` : 'no mean yet'
}
