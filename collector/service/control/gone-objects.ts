import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { Store } from '../store/store.ts'

/**
 * What nobody told of because no agent was watching. An agent that starts says so (`collection-started`) for the cluster and
 * per namespace, and then tells of every object that is there. By the end of `settleMs`
 *
 * - a namespace that this installation of the agent collected (scope records name it as their workload), and that has no
 *   start of its own since the cluster's, is no longer: `collection-stopped`;
 * - an object that was not told of since its namespace's start is gone: it gets a tombstone of that time;
 * - an object whose namespace was told gone is too.
 *
 * Idempotent: the same rows again are the same rows.
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
      await settleAbsences(deps.store, { nowMs: deps.clock.nowMs(), settleMs }).catch((error: unknown) =>
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
export async function settleAbsences(store: Store, times: SettleTimes): Promise<void> {
  await stopAbandoned(store, times)
  await buryUntold(store, times)
  await buryWithNamespace(store, times)
}

interface SettleTimes {
  readonly nowMs: number
  readonly settleMs: number
}

const settledStart = `change = 'collection-started'
    AND time BETWEEN fromUnixTimestamp64Milli({nowMs:Int64} - 86400000) AND fromUnixTimestamp64Milli({nowMs:Int64} - {settleMs:Int64})`

async function stopAbandoned(store: Store, times: SettleTimes): Promise<void> {
  await store.client.command({
    query: `
INSERT INTO k8s_changes
SELECT c.* REPLACE (
  'collection-stopped' AS change, s.started AS time, 'not collected when the agent came back' AS reason,
  concat(c.workload, '/', c.namespace, ':collection-stopped:', toString(toUnixTimestamp64Milli(s.started))) AS change_id)
FROM (
  SELECT * FROM k8s_changes
  WHERE kind = 'Namespace' AND change IN ('collection-started', 'collection-stopped')
  ORDER BY time DESC LIMIT 1 BY cluster_id, namespace, workload
) AS c
INNER JOIN (
  SELECT cluster_id, workload, max(time) AS started FROM k8s_changes
  WHERE kind = 'Cluster' AND ${settledStart}
  GROUP BY cluster_id, workload
) AS s ON s.cluster_id = c.cluster_id AND s.workload = c.workload
WHERE c.change = 'collection-started' AND c.time < s.started`,
    query_params: { ...times },
  })
}

async function buryUntold(store: Store, times: SettleTimes): Promise<void> {
  await store.client.command({
    query: `
INSERT INTO k8s_objects
SELECT o.* REPLACE (true AS deleted, s.started AS observed_at)
FROM (SELECT * FROM k8s_objects FINAL WHERE NOT deleted) AS o
INNER JOIN (
  SELECT cluster_id, namespace, max(time) AS started
  FROM k8s_changes
  WHERE kind = 'Namespace' AND ${settledStart}
  GROUP BY cluster_id, namespace
) AS s ON s.cluster_id = o.cluster_id AND s.namespace = if(o.kind = 'Namespace', o.name, o.namespace)
WHERE o.observed_at < s.started`,
    query_params: { ...times },
  })
}

/** What is told of after the tombstone of the namespace belongs to another one of that name. */
async function buryWithNamespace(store: Store, { nowMs }: SettleTimes): Promise<void> {
  await store.client.command({
    query: `
INSERT INTO k8s_objects
SELECT o.* REPLACE (true AS deleted, n.goneAt AS observed_at)
FROM (SELECT * FROM k8s_objects FINAL WHERE NOT deleted AND kind != 'Namespace') AS o
INNER JOIN (
  SELECT cluster_id, namespace, max(observed_at) AS goneAt
  FROM k8s_objects FINAL
  WHERE kind = 'Namespace'
  GROUP BY cluster_id, namespace
  HAVING min(deleted) AND goneAt > fromUnixTimestamp64Milli({nowMs:Int64} - 86400000)
) AS n ON n.cluster_id = o.cluster_id AND n.namespace = o.namespace
WHERE o.observed_at < n.goneAt`,
    query_params: { nowMs },
  })
}
