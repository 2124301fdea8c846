/** A minute with spans that it may not have yet. */
export interface PendingMinute {
  readonly minuteMs: number
  /** The receipt of the first of them. */
  readonly firstReceivedMs: number
  /** When it was last computed; 0: never. */
  readonly computedMs: number
  /** Spans of it that were seen since. */
  readonly spans: number
}

export interface PlanBounds {
  readonly minutesMax: number
  readonly keptMs: number
  readonly minAgeMs: number
  readonly spacingMsMin: number
  readonly spacingMsMax: number
  readonly nowMs: number
  /** Receipt has been looked at up to here. */
  readonly scannedMs: number
}

export interface RunPlan {
  readonly now: readonly number[]
  /** Everything received before is rolled up when the minutes are. */
  readonly finishedMs: number
  /** Minutes that are due did not fit. */
  readonly backlog: boolean
}

const minuteMs = 60_000

/**
 * Which of the pending minutes are computed in this run: those never computed first, and of those the oldest. A minute is
 * computed first when its spans have had time to arrive, so that nearly all are computed once; one that keeps receiving is
 * computed again with a spacing that grows with its age.
 */
export function planRun(pending: readonly PendingMinute[], bounds: PlanBounds): RunPlan {
  const due = pending
    .filter((minute) => !isExpired(minute, bounds) && dueMs(minute, bounds) <= bounds.nowMs)
    .sort((a, b) => Number(a.computedMs > 0) - Number(b.computedMs > 0) || a.minuteMs - b.minuteMs)
    .slice(0, bounds.minutesMax + 1)
  const now = due.slice(0, bounds.minutesMax).map((minute) => minute.minuteMs)
  const done = new Set(now)
  const left = pending.filter((minute) => !isExpired(minute, bounds) && !done.has(minute.minuteMs))
  return {
    now,
    finishedMs: left.reduce((ms, minute) => Math.min(ms, minute.firstReceivedMs), bounds.scannedMs),
    backlog: due.length > now.length,
  }
}

/** Some of its raw spans may have expired: it is left as it is. */
export const isExpired = (minute: PendingMinute, { nowMs, keptMs }: PlanBounds): boolean =>
  minute.computedMs > 0 && minute.minuteMs < nowMs - keptMs

export function dueMs(minute: PendingMinute, bounds: PlanBounds): number {
  const oldEnoughMs = minute.minuteMs + minuteMs + bounds.minAgeMs
  // Of a clock that is ahead: not before the others, but progress does not wait for it.
  if (minute.computedMs === 0)
    return Math.min(oldEnoughMs, minute.firstReceivedMs + 2 * minuteMs + bounds.minAgeMs)
  const ageMs = minute.computedMs - minute.minuteMs - minuteMs
  return minute.computedMs + Math.min(bounds.spacingMsMax, Math.max(bounds.spacingMsMin, ageMs))
}
