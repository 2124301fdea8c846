import type { BenchDatabase, BenchEngine } from '../support/engine.ts'
import { cpuSecondsOf } from '../support/process-stat.ts'

/** CPU and wall time of a statement, of the whole engine. */
export interface Cost {
  readonly seconds: number
  readonly cpuSeconds: number
}

export async function costOf(engine: BenchEngine, work: () => Promise<void>): Promise<Cost> {
  const cpu = cpuSecondsOf(engine.pid)
  const startedAt = performance.now()
  await work()
  return { seconds: (performance.now() - startedAt) / 1000, cpuSeconds: cpuSecondsOf(engine.pid) - cpu }
}

export interface ColumnBytes {
  readonly name: string
  readonly compressed: number
  readonly uncompressed: number
}

export async function columnBytes(database: BenchDatabase, table: string): Promise<ColumnBytes[]> {
  return database.rows<ColumnBytes>(`
SELECT column AS name, sum(column_data_compressed_bytes) AS compressed, sum(column_data_uncompressed_bytes) AS uncompressed
FROM system.parts_columns WHERE database = currentDatabase() AND table = '${table}' AND active
GROUP BY name ORDER BY compressed DESC`)
}

export interface TableBytes {
  readonly rows: number
  readonly bytes: number
  readonly indexes: number
  readonly parts: number
}

export async function tableBytes(database: BenchDatabase, table: string): Promise<TableBytes> {
  const [found] = await database.rows<TableBytes>(`
SELECT sum(rows) AS rows, sum(bytes_on_disk) AS bytes, count() AS parts,
  sum(secondary_indices_compressed_bytes + secondary_indices_marks_bytes) AS indexes
FROM system.parts WHERE database = currentDatabase() AND table = '${table}' AND active`)
  return found ?? { rows: 0, bytes: 0, indexes: 0, parts: 0 }
}

/** How blocks come in production, more or less: one part an insert. */
export const insertSettings =
  'max_threads = 1, max_insert_threads = 1, max_block_size = 65536, min_insert_block_size_rows = 250000, min_insert_block_size_bytes = 0, async_insert = 0'

/** A table like `spans` with another sort order. */
export async function createOrdered(database: BenchDatabase, table: string, orderBy: string): Promise<void> {
  const [found] = await database.rows<{ statement: string }>('SHOW CREATE TABLE spans')
  const statement = found?.statement ?? ''
  const reordered = statement
    .replace(/^CREATE TABLE \S+/, `CREATE TABLE ${table}`)
    .replace(/ORDER BY \(.*\)/, `ORDER BY ${orderBy}`)
  if (!reordered.includes(orderBy)) throw new Error(`BUG: no sort order in ${statement}`)
  await database.run(reordered)
}
