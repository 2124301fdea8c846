import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import { countEveryMs, countFindingsStatement } from '../query/finding-counts.ts'
import type { Store } from '../store/store.ts'

/**
 * Counts the findings of all clusters every five minutes, at whole five minutes, so that a screen can say how many there were.
 * Replicas write the same rows. A count that fails is left out: the next one is soon.
 */
export interface FindingCounts {
  close(): Promise<void>
}

export function startFindingCounts(deps: {
  readonly store: Pick<Store, 'client'>
  readonly clock: Clock
  readonly log: Log
}): FindingCounts {
  const { clock, log } = deps
  const stop = new AbortController()
  const running = (async () => {
    while (!stop.signal.aborted) {
      const timeMs = Math.floor(clock.nowMs() / countEveryMs) * countEveryMs
      await countFindings(deps.store, timeMs).catch((error: unknown) => {
        if (!stop.signal.aborted) log.warn({ error: errorText(error) }, 'cannot count the findings now')
      })
      await clock.sleep(Math.max(1_000, timeMs + countEveryMs - clock.nowMs()), stop.signal)
    }
  })()
  return {
    async close() {
      stop.abort()
      await running
    },
  }
}

export async function countFindings(store: Pick<Store, 'client'>, timeMs: number): Promise<void> {
  const { sql, params } = countFindingsStatement(timeMs)
  await store.client.command({ query: sql, query_params: params })
}
