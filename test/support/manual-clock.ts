import type { Clock } from '../../collector/std/clock.ts'

export interface ManualClock extends Clock {
  /** Moves time on, waking sleepers in order, and lets what they started run. */
  advance(ms: number): Promise<void>
  /** How many are asleep. */
  sleepers(): number
}

export function createManualClock(startMs = 1_700_000_000_000): ManualClock {
  let elapsedMs = 0
  let sleeping: { readonly dueMs: number; readonly wake: () => void }[] = []

  return {
    nowMs: () => startMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const wake = () => {
          sleeping = sleeping.filter((one) => one !== sleeper)
          signal?.removeEventListener('abort', wake)
          resolve()
        }
        const sleeper = { dueMs: elapsedMs + ms, wake }
        sleeping.push(sleeper)
        signal?.addEventListener('abort', wake)
      }),
    async advance(ms) {
      const untilMs = elapsedMs + ms
      await settle()
      for (;;) {
        const next = sleeping.filter((one) => one.dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0]
        if (!next) break
        elapsedMs = Math.max(elapsedMs, next.dueMs)
        next.wake()
        await settle()
      }
      elapsedMs = untilMs
      await settle()
    },
    sleepers: () => sleeping.length,
  }
}

/** Lets promises and finished input and output run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
