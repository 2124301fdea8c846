import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { Store } from '../store/store.ts'

/**
 * Telemetry that came before its pod was known to the agent has no pod, but the address it was sent from (decision 0011).
 * By now the pod is among the cluster's objects: it is filled into the row of the resource, not into the spans.
 *
 * A pod is found by the uid that the resource tells, else by its name, else by the address, if exactly one pod of the namespace
 * had it then. Ingest writes a resource again now and then as it came; then it is filled again.
 */
export interface LateResources {
  close(): Promise<void>
}

const intervalMs = 60_000

export function startLateResources(deps: {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}): LateResources {
  const { store, clock, log } = deps
  const stopping = new AbortController()
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      await clock.sleep(intervalMs, stopping.signal)
      if (stopping.signal.aborted) return
      await bindLateResources(store, clock.nowMs()).catch((error: unknown) =>
        log.warn({ error: errorText(error) }, 'cannot look for the pods of late resources now; tried again'),
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

/** Looks back a day, at the thousand newest. */
export async function bindLateResources(store: Store, nowMs: number): Promise<void> {
  await store.client.command({
    query: `
INSERT INTO resources
WITH late AS (
  SELECT *, attributes['k8s.pod.uid'] AS told_uid, attributes['k8s.pod.name'] AS told_name,
    attributes['network.peer.address'] AS address
  FROM resources FINAL
  WHERE last_seen > fromUnixTimestamp64Milli({nowMs:Int64} - 86400000)
    AND address != '' AND cluster_id != '' AND namespace != '' AND workload = ''
  ORDER BY last_seen DESC LIMIT 1000
)
SELECT r.* REPLACE (
  p.found.1 AS pod, p.found.2 AS pod_uid, p.found.3 AS node, p.found.4 AS workload_kind, p.found.5 AS workload,
  r.last_seen + INTERVAL 1 MILLISECOND AS last_seen)
FROM (SELECT * EXCEPT (told_uid, told_name, address) FROM late) AS r
INNER JOIN (
  SELECT l.resource_id AS resource_id, any((o.name, o.uid, o.node, o.workload_kind, o.workload)) AS found
  FROM late AS l
  INNER JOIN (SELECT * FROM k8s_objects FINAL WHERE kind = 'Pod') AS o
    ON o.cluster_id = l.cluster_id AND o.namespace = l.namespace
  WHERE multiIf(
      l.told_uid != '', o.uid = l.told_uid,
      l.told_name != '', o.name = l.told_name,
      o.pod_ip = l.address)
    AND o.created_at <= l.last_seen + INTERVAL 1 MINUTE
    AND (NOT o.deleted OR o.observed_at >= l.last_seen - INTERVAL 2 MINUTE)
  GROUP BY resource_id
  HAVING uniqExact(o.uid) = 1
) AS p ON p.resource_id = r.resource_id`,
    query_params: { nowMs },
  })
}
