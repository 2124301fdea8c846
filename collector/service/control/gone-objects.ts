import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { Store } from '../store/store.ts'

/**
 * Objects that went away while no agent was watching. An agent that starts says so per namespace (`collection-started`) and
 * then tells of every object that is there, so what it has not told of by the end of `settleMs` is gone: it gets a tombstone
 * of that time. Idempotent: the same tombstone again is the same row.
 */
export interface GoneObjects {
  close(): Promise<void>
}

export const goneConfig = { intervalMs: 30_000, settleMs: 120_000 }

export function startGoneObjects(
  deps: { readonly store: Store; readonly clock: Clock; readonly log: Log },
  { intervalMs, settleMs }: typeof goneConfig = goneConfig,
): GoneObjects {
  const stopping = new AbortController()
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await deps.clock.sleep(intervalMs, stopping.signal)
      if (stopping.signal.aborted) return
      await buryGoneObjects(deps.store, { nowMs: deps.clock.nowMs(), settleMs }).catch((error: unknown) =>
        deps.log.warn({ error: errorText(error) }, 'gone objects cannot be looked for now; tried again'),
      )
    }
  })()
  return {
    close() {
      stopping.abort()
      return loop
    },
  }
}

/** Looks back a day: older starts were settled by earlier runs. */
export async function buryGoneObjects(
  store: Store,
  { nowMs, settleMs }: { readonly nowMs: number; readonly settleMs: number },
): Promise<void> {
  await store.client.command({
    query: `
INSERT INTO k8s_objects
SELECT o.* REPLACE (true AS deleted, s.started AS observed_at)
FROM (SELECT * FROM k8s_objects FINAL WHERE NOT deleted) AS o
INNER JOIN (
  SELECT cluster_id, namespace, max(time) AS started
  FROM k8s_changes
  WHERE change = 'collection-started'
    AND time BETWEEN fromUnixTimestamp64Milli({nowMs:Int64} - 86400000) AND fromUnixTimestamp64Milli({nowMs:Int64} - {settleMs:Int64})
  GROUP BY cluster_id, namespace
) AS s ON s.cluster_id = o.cluster_id AND s.namespace = if(o.kind = 'Namespace', o.name, o.namespace)
WHERE o.observed_at < s.started`,
    query_params: { nowMs, settleMs },
  })
}
