import { setTimeout as sleep } from 'node:timers/promises'
import { rebuildRollup } from '../../../collector/service/rollup/rebuild.ts'
import { rollupConfig } from '../../../collector/service/rollup/rollup-config.ts'
import type { OpenStore } from '../../../collector/service/store/create-store.ts'
import { systemClock } from '../../../collector/std/clock.ts'

/** What is on disk after merges. */
export interface DiskUse {
  readonly spans: number
  readonly tables: readonly { readonly table: string; readonly rows: number; readonly bytesPerSpan: number }[]
  /** The ten largest columns of `spans`. */
  readonly columns: readonly { readonly column: string; readonly bytesPerSpan: number }[]
  readonly bytesPerSpan: number
  /** With everything that is derived from spans: rollups, trace index, resources. */
  readonly bytesPerSpanInAll: number
}

const columnsShown = 10
const mergeWithinMs = 10 * 60_000
/** Other signals have no rows in this benchmark, and small tables are no part of the figure. */
const notDerived = ['schema_migrations', 'spans_json']

export async function measureDisk(store: OpenStore): Promise<DiskUse> {
  await rollUpAll(store)
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
  }
}

/** Every minute of the spans, also those that the job, which rests under load, has not come to. Young minutes are not rolled up. */
async function rollUpAll(store: OpenStore): Promise<void> {
  const [bounds] = await rows<{ fromMs: number; toMs: number }>(
    store,
    'SELECT toUnixTimestamp64Milli(min(start_time)) AS fromMs, toUnixTimestamp64Milli(max(start_time)) + 1 AS toMs FROM spans',
  )
  if (!bounds) return
  const oldEnoughMs = bounds.toMs + rollupConfig.minAgeMs + 60_000
  await sleep(Math.max(0, oldEnoughMs - Date.now()))
  await rebuildRollup({ store, clock: systemClock }, bounds)
}

function rows<Row>(store: OpenStore, sql: string): Promise<Row[]> {
  return store.query<Row>({ sql, params: {} })
}
