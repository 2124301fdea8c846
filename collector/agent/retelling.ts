import type { Clock } from '../std/clock.ts'

/**
 * What was lost on the way to the service is told anew, or the service would show it as it last heard: once records of the
 * cluster were dropped, and the way is open and clear again, everything that is watched is read and told once more. What is
 * lost meanwhile is a loss of its own. At most once in `spacingMs`: telling everything must not be what fills the spool.
 */
export interface Retelling {
  lost(): void
  run(signal: AbortSignal): Promise<void>
}

export interface RetellingDeps {
  readonly clock: Clock
  /** The service takes what we send, little waits, the API server can be read, and it is us who speak for the cluster. */
  readonly isClear: () => boolean
  readonly tellAnew: () => void
}

export function createRetelling(
  { clock, isClear, tellAnew }: RetellingDeps,
  { pollMs = 1_000, spacingMs = 300_000 }: { readonly pollMs?: number; readonly spacingMs?: number } = {},
): Retelling {
  let isDue = false
  let notBeforeMs = Number.NEGATIVE_INFINITY
  return {
    lost() {
      isDue = true
    },
    async run(signal) {
      while (!signal.aborted) {
        await clock.sleep(pollMs, signal)
        if (signal.aborted || !isDue || clock.monotonicMs() < notBeforeMs || !isClear()) continue
        isDue = false
        notBeforeMs = clock.monotonicMs() + spacingMs
        tellAnew()
      }
    },
  }
}
