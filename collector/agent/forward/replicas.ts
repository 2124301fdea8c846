import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'

/**
 * The ready replicas of this agent, by their addresses: what the name of a headless Service resolves to. It needs no right
 * to read EndpointSlices. While it cannot be resolved, what it last resolved to holds.
 */
export interface Replicas {
  /** Sorted; empty: none are known yet. */
  addresses(): readonly string[]
  run(signal: AbortSignal): Promise<void>
}

export interface ReplicasDeps {
  readonly clock: Clock
  readonly log: Log
  readonly resolve: (host: string) => Promise<readonly string[]>
}

const everyMs = 5_000
/** More than anybody runs; what a name that is not ours might resolve to. */
const replicasMax = 64

export function createReplicas({ clock, log, resolve }: ReplicasDeps, host: string): Replicas {
  let addresses: readonly string[] = []
  let problem = ''

  async function look(): Promise<void> {
    try {
      const found = [...new Set(await resolve(host))].sort().slice(0, replicasMax)
      if (found.join() !== addresses.join())
        log.info({ replicas: found }, 'traces are decided by these replicas')
      addresses = found
      problem = ''
    } catch (error) {
      const cause = errorText(error)
      if (cause !== problem) log.warn({ host, cause }, 'cannot find the other replicas')
      problem = cause
    }
  }

  return {
    addresses: () => addresses,
    async run(signal) {
      while (!signal.aborted) {
        await look()
        await clock.sleep(everyMs, signal)
      }
    },
  }
}
