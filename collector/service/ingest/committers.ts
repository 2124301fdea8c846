import { kubeChangesTable, kubeEventsTable, kubeObjectsTable } from '../../record/kube.ts'
import { logsTable, metricsTable } from '../../record/signal.ts'
import { resourcesTable, spansTable } from '../../record/span.ts'
import type { AnyTable, RowOf } from '../../record/table.ts'
import { assert } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { SelfMetrics } from '../../std/self-metrics.ts'
import type { InsertOutcome, Store, TableRows } from '../store/store.ts'
import { type Committer, type CommitterConfig, createCommitter } from './committer.ts'

const tables: readonly AnyTable[] = [
  spansTable,
  logsTable,
  metricsTable,
  kubeObjectsTable,
  kubeChangesTable,
  kubeEventsTable,
  resourcesTable,
]

/** A committer per table. */
export interface Committers {
  /** All or nothing: undefined when one table has no room, and then nothing was added. An outcome per part, in order. */
  add(parts: readonly TableRows[], bytes: number): Promise<InsertOutcome[]> | undefined
  drain(): Promise<void>
}

export interface CommittersDeps {
  readonly store: Store
  readonly clock: Clock
  readonly metrics: SelfMetrics
  readonly instanceId: string
}

export function createCommitters(
  { store, clock, metrics, instanceId }: CommittersDeps,
  config: CommitterConfig,
): Committers {
  const committers = new Map<string, Committer<AnyTable>>(
    tables.map((table) => [table.name, createCommitter({ table, store, clock, instanceId }, config)]),
  )
  metrics.gauge('ingest_waiting_rows', 'Rows that wait for their insert', () =>
    [...committers].map(([table, committer]) => [committer.waiting().rows, { table }] as const),
  )
  metrics.gauge('ingest_waiting_bytes', 'Bytes of request bodies whose rows wait for their insert', () =>
    [...committers].map(([table, committer]) => [committer.waiting().bytes, { table }] as const),
  )

  function committerOf(table: AnyTable): Committer<AnyTable> {
    const committer = committers.get(table.name)
    assert(committer, `no committer for ${table.name}`)
    return committer
  }

  return {
    add(parts, bytes) {
      const rowsInAll = parts.reduce((sum, { rows }) => sum + rows.length, 0)
      const shareOf = (rows: readonly unknown[]) => Math.ceil((bytes * rows.length) / Math.max(1, rowsInAll))
      const room = parts.every(({ table, rows }) =>
        committerOf(table).hasRoom({ rows: rows.length, bytes: shareOf(rows) }),
      )
      if (!room) return undefined
      return Promise.all(
        parts.map(({ table, rows }) =>
          committerOf(table).add(rows as readonly RowOf<AnyTable>[], shareOf(rows)),
        ),
      )
    },
    async drain() {
      await Promise.all([...committers.values()].map((committer) => committer.drain()))
    },
  }
}
