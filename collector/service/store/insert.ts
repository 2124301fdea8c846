import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseError } from '@clickhouse/client'
import type { AnyTable, RowOf } from '../../record/table.ts'
import { errorText } from '../../std/assert.ts'
import { createBackoff } from '../../std/backoff.ts'
import type { Clock } from '../../std/clock.ts'
import { encodeRowBinary } from './row-binary.ts'
import type { InsertOutcome, TableRows } from './store.ts'

export interface InsertDeps {
  readonly client: ClickHouseClient
  readonly clock: Clock
  /** How long an insert is tried again before the sender is told to come back. */
  readonly retryForMs: number
  readonly signal: AbortSignal
}

/** One insert per UTC day of the table's day column: a block of one partition is committed whole or not at all. */
export async function insertRows(
  deps: InsertDeps,
  { table, rows }: TableRows,
  token: string,
): Promise<InsertOutcome> {
  let stored = 0
  for (const [day, dayRows] of byDay(table, rows)) {
    const outcome = await insertDay(deps, table, dayRows, `${token}/${table.name}/${day}`)
    if (outcome.type !== 'stored') return outcome
    stored += outcome.rows
  }
  return { type: 'stored', rows: stored }
}

const dayMs = 86_400_000

/** Unix days of a row, for tables that are partitioned by day; one group for the others. */
export function byDay<T extends AnyTable>(table: T, rows: readonly RowOf<T>[]): Map<number, RowOf<T>[]> {
  const column = table.dayColumn
  if (column === null) return new Map(rows.length > 0 ? [[0, [...rows]]] : [])
  const days = new Map<number, RowOf<T>[]>()
  for (const row of rows) {
    const time = (row as Record<string, unknown>)[column]
    const timeMs = typeof time === 'bigint' ? Number(time / 1_000_000n) : (time as number)
    const day = Math.floor(timeMs / dayMs)
    const group = days.get(day)
    if (group) group.push(row)
    else days.set(day, [row])
  }
  return days
}

async function insertDay(
  { client, clock, retryForMs, signal }: InsertDeps,
  table: AnyTable,
  rows: readonly RowOf<AnyTable>[],
  token: string,
): Promise<InsertOutcome> {
  const bytes = encodeRowBinary(table, rows)
  const columns = Object.keys(table.columns as object).join(', ')
  const deadline = clock.monotonicMs() + retryForMs
  const backoff = createBackoff({ firstMs: 50, maxMs: 1_000 })
  for (;;) {
    try {
      const result = await client.exec({
        query: `INSERT INTO ${table.name} (${columns}) FORMAT RowBinary`,
        // Same bytes and same token on every try: ClickHouse knows a block that it has already committed.
        values: Readable.from([bytes]),
        clickhouse_settings: {
          async_insert: 0,
          insert_deduplicate: 1,
          insert_deduplication_token: createHash('sha256').update(token).digest('hex'),
        },
        abort_signal: signal,
      })
      await drain(result.stream)
      return { type: 'stored', rows: rows.length }
    } catch (error) {
      const verdict = judge(error)
      if (verdict === 'refused') return { type: 'refused', message: errorText(error) }
      if (clock.monotonicMs() > deadline || signal.aborted)
        return { type: 'unavailable', message: errorText(error) }
      await clock.sleep(backoff.nextMs(), signal)
    }
  }
}

async function drain(stream: Readable): Promise<void> {
  for await (const _ of stream) {
    // An insert answers without a body.
  }
}

/** Codes that speak of the data or the statement: sending the same bytes again cannot help (ClickHouse ErrorCodes.cpp). */
const refusedCodes = new Set([
  '6',
  '26',
  '27',
  '33',
  '38',
  '41',
  '53',
  '62',
  '69',
  '72',
  '117',
  '131',
  '16',
  '47',
  '60',
  '73',
])

function judge(error: unknown): 'refused' | 'unavailable' {
  return error instanceof ClickHouseError && refusedCodes.has(error.code) ? 'refused' : 'unavailable'
}
