import { aborted } from '../../std/aborted.ts'
import type { Clock } from '../../std/clock.ts'

/**
 * Lets one reflector at a time read its initial state: big lists take several seats of the API server's fair queuing.
 * A holder that takes longer than `holdMsMax` no longer holds the others up, so that one stuck list stops nobody.
 */
export interface Turns {
  /** Resolves to the function that ends the turn. */
  take(signal: AbortSignal): Promise<() => void>
}

export function createTurns(
  { clock, random }: { clock: Clock; random: () => number },
  config: TurnsConfig = {},
): Turns {
  const { holdMsMax = 30_000, jitterMsMax = 50 } = config
  let last: Promise<void> = Promise.resolve()
  return {
    async take(signal) {
      const before = last
      const turn = Promise.withResolvers<void>()
      last = before.then(() => turn.promise)
      await Promise.race([before, aborted(signal)])
      const ended = new AbortController()
      void clock.sleep(holdMsMax, AbortSignal.any([signal, ended.signal])).then(turn.resolve)
      if (!signal.aborted) await clock.sleep(random() * jitterMsMax, signal)
      return () => {
        ended.abort()
        turn.resolve()
      }
    },
  }
}

export interface TurnsConfig {
  readonly holdMsMax?: number
  readonly jitterMsMax?: number
}
