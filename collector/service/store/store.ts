import type { ClickHouseClient } from '@clickhouse/client'
import type { AnyTable, RowOf } from '../../record/table.ts'

/** Rows for one table, written as one insert per UTC day of the table's day column. */
export interface TableRows<T extends AnyTable = AnyTable> {
  readonly table: T
  readonly rows: readonly RowOf<T>[]
}

/** Rows of one table and one UTC day of its day column, as blocks of ClickHouse's Native format. */
export interface NativeRows {
  readonly table: AnyTable
  readonly blocks: readonly Uint8Array[]
  /** In all blocks. */
  readonly rows: number
}

export type InsertOutcome =
  | { readonly type: 'stored'; readonly rows: number }
  /** The database is away or overloaded: nothing of the failing insert was kept, the caller may send again. */
  | { readonly type: 'unavailable'; readonly message: string }
  /** The database refused the rows themselves; sending them again will not help. */
  | { readonly type: 'refused'; readonly message: string }

/** A query as the query modules build it: SQL text with `{name:Type}` parameters. */
export interface Query {
  readonly sql: string
  readonly params: Record<string, unknown>
}

export interface Store {
  /**
   * Inserts rows and resolves when ClickHouse has committed them. Retries inside reuse the same bytes and the same
   * deduplication token (`token`, per table and day), so that a lost answer never doubles rows.
   */
  insert(rows: TableRows, token: string): Promise<InsertOutcome>
  /** As `insert`, in one insert that is committed whole or not at all. */
  insertNative(rows: NativeRows, token: string): Promise<InsertOutcome>
  /** Whether rows of this agent batch are already in the table (looked at within the given UTC days, `YYYY-MM-DD`). */
  hasBatch(table: AnyTable, batchId: string, days: readonly string[]): Promise<boolean>
  /**
   * Runs a read query with the screen limits (max_execution_time, max_memory_usage, readonly) and returns its rows.
   * Integers beyond 2^53 are bigint, all others numbers.
   */
  query<Row>(query: Query, options?: { readonly signal?: AbortSignal }): Promise<Row[]>
  readonly client: ClickHouseClient
  /** What a statement that changes a table is on this database: on a cluster, one that does it on all servers. */
  carryOver(statement: string): readonly string[]
  close(): Promise<void>
}
