import { kubeChangesTable, kubeCrashesTable, kubeEventsTable, kubeObjectsTable } from '../../record/kube.ts'
import { logsTable, metricsTable } from '../../record/signal.ts'
import { resourcesTable, spansTable } from '../../record/span.ts'
import type { AnyTable } from '../../record/table.ts'
import { assert, errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { SelfMetrics } from '../../std/self-metrics.ts'
import type { SealedBlock } from '../../wire/columns/open-blocks.ts'
import type { InsertOutcome, NativeRows, Store } from '../store/store.ts'

/** Sealed blocks into the database: one insert per table and day, all at once. Never rejects. */
export type InsertBlocks = (blocks: readonly SealedBlock[]) => Promise<ReadonlyMap<PartKey, InsertOutcome>>

/** By part. */
export type PartOutcomes = ReadonlyMap<PartKey, PartOutcome>

/** `duplicate`: an earlier try of the same batch has stored it. */
export type PartOutcome = InsertOutcome | { readonly type: 'duplicate' }

/** A table and a Unix day: what is committed whole or not at all. */
export type PartKey = `${string}/${number}`
export const partKey = ({ table, day }: { readonly table: string; readonly day: number }): PartKey =>
  `${table}/${day}`

export const resourcesKey = partKey({ table: resourcesTable.name, day: 0 })

export interface InsertBlocksDeps {
  readonly store: Pick<Store, 'insertNative'>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: SelfMetrics
  /** Tells this process's tokens from those of others. */
  readonly instanceId: string
}

export function createInsertBlocks({
  store,
  clock,
  log,
  metrics,
  instanceId,
}: InsertBlocksDeps): InsertBlocks {
  let sequence = 0
  const seconds = metrics.histogram(
    'ingest_commit_seconds',
    'From the sealed blocks of a table and day to the committed insert, with its retries',
    [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30],
  )
  const rowsOfInsert = metrics.histogram(
    'ingest_insert_rows',
    'Rows of an insert',
    [10, 100, 1_000, 10_000, 30_000, 100_000, 300_000],
  )

  async function tryInsert(rows: NativeRows, token: string): Promise<InsertOutcome> {
    try {
      return await store.insertNative(rows, token)
    } catch (error) {
      // Whatever it was, the senders still have the rows, and the next group must not wait for ever.
      return { type: 'unavailable', message: errorText(error) }
    }
  }

  async function insert(blocks: readonly SealedBlock[], token: string): Promise<InsertOutcome> {
    const startedAt = clock.monotonicMs()
    const table = tableOf(blocks[0]?.table ?? '')
    const rows = blocks.reduce((sum, block) => sum + block.rows, 0)
    const outcome = await tryInsert({ table, rows, blocks: blocks.map(({ bytes }) => bytes) }, token)
    seconds.record((clock.monotonicMs() - startedAt) / 1000, { table: table.name })
    rowsOfInsert.record(rows, { table: table.name })
    if (outcome.type === 'unavailable')
      log.warn(
        { table: table.name, rows, cause: outcome.message },
        'the database is away: the senders of these rows are asked to come again',
      )
    return outcome
  }

  return async (blocks) => {
    const parts = Map.groupBy(blocks, partKey)
    const token = `${instanceId}/${sequence++}`
    const inserts = [...parts].map(
      async ([key, ofPart]) => [key, await insert(ofPart, `${token}/${key}`)] as const,
    )
    return new Map(await Promise.all(inserts))
  }
}

const tables = new Map<string, AnyTable>(
  [
    spansTable,
    logsTable,
    metricsTable,
    kubeObjectsTable,
    kubeChangesTable,
    kubeEventsTable,
    kubeCrashesTable,
    resourcesTable,
  ].map((table) => [table.name, table]),
)

export function tableOf(name: string): AnyTable {
  const table = tables.get(name)
  assert(table, `no table ${name}`)
  return table
}
