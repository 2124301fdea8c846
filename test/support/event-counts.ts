import type { KubeEventRow } from '../../collector/record/kube.ts'

/** The occurrences of events as plain TypeScript: what the query must answer for these rows. */
export function countOccurrences(
  rows: readonly KubeEventRow[],
): { uid: string; atMs: number; times: number }[] {
  const versions = new Map(rows.map((row) => [`${row.event_uid} ${row.resource_version}`, row]))
  return [...Map.groupBy(versions.values(), (row) => row.event_uid)].flatMap(([uid, all]) =>
    all
      .sort((a, b) => (BigInt(a.resource_version) < BigInt(b.resource_version) ? -1 : 1))
      .flatMap((version, index, sorted) => {
        const before = sorted[index - 1]
        const atMs = version.last_time
        const sinceMs = Math.min(atMs, before ? before.last_time : version.first_time)
        const added = Math.max(0, version.count - (before ? before.count : 1))
        const points = Math.min(added, 60)
        const upTo = (point: number) => Math.floor((added * point) / points)
        const spread = Array.from({ length: points }, (_, point) => ({
          uid,
          atMs: sinceMs + Math.floor(((atMs - sinceMs) * (point + 1)) / points),
          times: upTo(point + 1) - upTo(point),
        }))
        return before ? spread : [{ uid, atMs: version.first_time, times: 1 }, ...spread]
      }),
  )
}

interface Draws {
  /** From 0 to below the bound. */
  readonly below: (bound: number) => number
  readonly endMs: number
}

const hour = 3_600_000

/**
 * Events as a cluster of three days wrote them and agents saw them: repeats one by one, series with jumps of thousands, counts
 * that start over, clocks that run an hour off or jump back, versions that nobody saw, and versions that were read twice.
 */
export function drawEvents({ below, endMs }: Draws): KubeEventRow[] {
  return Array.from({ length: 40 }, (_, index) => `event-${index}`).flatMap((uid) => {
    const skewMs = below(4) === 0 ? below(2 * hour) - hour : 0
    // Soon one digit longer.
    let resourceVersion = 10n ** BigInt(2 + below(18)) - BigInt(1 + below(60))
    let atMs = endMs - below(72 * hour)
    const firstMs = atMs
    let count = below(3) === 0 ? 1 + below(5_000) : 1
    const rows: KubeEventRow[] = []
    for (let left = 1 + below(8); left > 0; left--) {
      resourceVersion += BigInt(1 + below(30))
      const lastMs = Math.max(firstMs, atMs + (below(12) === 0 ? -below(hour) : 0))
      const row = eventRow({
        uid,
        resourceVersion,
        count,
        firstMs: firstMs + skewMs,
        lastMs: lastMs + skewMs,
      })
      if (below(5) > 0) rows.push(row)
      if (below(5) === 0) rows.push({ ...row, backfill: true, observed_at: endMs })
      atMs = Math.min(endMs, atMs + below([1_000, 60_000, hour, 24 * hour][below(4)] ?? 1))
      count = below(15) === 0 ? 1 : count + 1 + (below(6) === 0 ? below(4_000) : below(2))
    }
    return rows
  })
}

function eventRow(of: {
  readonly uid: string
  readonly resourceVersion: bigint
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
}): KubeEventRow {
  return {
    cluster_id: 'drawn',
    namespace: 'shop',
    event_uid: of.uid,
    resource_version: String(of.resourceVersion),
    type: 'Warning',
    reason: of.uid,
    message: 'drawn',
    severity: 'error',
    category: 'pod',
    object_kind: 'Pod',
    object_name: of.uid,
    object_namespace: 'shop',
    object_uid: of.uid,
    workload_kind: 'Deployment',
    workload: 'drawn',
    component: 'kubelet',
    host: 'node-a',
    count: of.count,
    first_time: of.firstMs,
    last_time: of.lastMs,
    observed_at: of.lastMs,
    backfill: false,
    received_at: of.lastMs,
    batch_id: 'drawn',
  }
}
