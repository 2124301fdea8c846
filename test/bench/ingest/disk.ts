import { setTimeout as sleep } from 'node:timers/promises'
import type { OpenStore } from '../../../collector/service/store/create-store.ts'

/** What is on disk after merges. */
export interface DiskUse {
  readonly spans: number
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly bytesPerSpan: number }[]
  /** The ten largest columns of `spans`. */
  readonly columns: readonly { readonly column: string; readonly bytesPerSpan: number }[]
  readonly bytesPerSpan: number
  /** With everything that is derived from spans: rollups, trace index, resources. */
  readonly bytesPerSpanInAll: number
  /** Whether the rollup job had caught up before. */
  readonly rollupsDone: boolean
}

const columnsShown = 10
const rollupsWithinMs = 200_000
const mergeWithinMs = 10 * 60_000
/** Other signals have no rows in this benchmark, and small tables are no part of the figure. */
const notDerived = ['schema_migrations', 'spans_json']

export async function measureDisk(store: OpenStore): Promise<DiskUse> {
  const rollupsDone = await untilRolledUp(store)
  const tables = await rows<{ table: string }>(
    store,
    'SELECT DISTINCT table FROM system.parts WHERE database = currentDatabase() AND active AND rows > 0',
  )
  for (const { table } of tables)
    await store.client.command({
      query: `OPTIMIZE TABLE ${table} FINAL`,
      abort_signal: AbortSignal.timeout(mergeWithinMs),
    })
  const parts = await rows<{ table: string; rows: number; bytes: number }>(
    store,
    `SELECT table, toFloat64(sum(rows)) AS rows, toFloat64(sum(bytes_on_disk)) AS bytes FROM system.parts
WHERE database = currentDatabase() AND active GROUP BY table ORDER BY bytes DESC`,
  )
  const spans = parts.find(({ table }) => table === 'spans')?.rows ?? 0
  const columns = await rows<{ column: string; bytes: number }>(
    store,
    `SELECT column, toFloat64(sum(column_data_compressed_bytes)) AS bytes FROM system.parts_columns
WHERE database = currentDatabase() AND table = 'spans' AND active
AND column_data_compressed_bytes > 0 -- 0: a part small enough to have its columns in one file
GROUP BY column ORDER BY bytes DESC LIMIT ${columnsShown}`,
  )
  const derived = parts.filter(({ table }) => !notDerived.includes(table))
  const total = derived.reduce((sum, { bytes }) => sum + bytes, 0)
  return {
    spans,
    tables: derived.map(({ table, rows, bytes }) => ({ table, rows, bytesPerSpan: bytes / spans })),
    columns: columns.map(({ column, bytes }) => ({ column, bytesPerSpan: bytes / spans })),
    bytesPerSpan: (parts.find(({ table }) => table === 'spans')?.bytes ?? 0) / spans,
    bytesPerSpanInAll: total / spans,
    rollupsDone,
  }
}

/** The job follows by receive time: done when it has passed the last span. */
async function untilRolledUp(store: OpenStore): Promise<boolean> {
  const deadline = performance.now() + rollupsWithinMs
  while (performance.now() < deadline) {
    const [row] = await rows<{ behind: number }>(
      store,
      `SELECT toUInt8((SELECT max(received_at) FROM spans) > (SELECT min(until) FROM (
  SELECT job, max(received_until) AS until FROM rollup_progress GROUP BY job))
  OR (SELECT count() FROM rollup_progress) = 0) AS behind`,
    )
    if (row?.behind === 0) return true
    await sleep(1_000)
  }
  return false
}

function rows<Row>(store: OpenStore, sql: string): Promise<Row[]> {
  return store.query<Row>({ sql, params: {} })
}
