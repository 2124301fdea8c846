import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseError, type ClickHouseSettings } from '@clickhouse/client'
import type { AnyTable, RowOf } from '../../record/table.ts'
import { errorText } from '../../std/assert.ts'
import { createBackoff } from '../../std/backoff.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import { encodeRowBinary, UnencodableValue } from './row-binary.ts'
import type { InsertOutcome, NativeRows, TableRows } from './store.ts'

export interface InsertDeps {
  readonly client: ClickHouseClient
  readonly clock: Clock
  readonly log: Log
  /** How long an insert is tried again before the sender is told to come back. */
  readonly retryForMs: number
  /** Ends waiting and running inserts when the store closes. */
  readonly signal: AbortSignal
}

/** ClickHouse cuts an insert into blocks at about a million rows or 256 MB, and only a block is committed as a whole. */
export const insertRowsMax = 250_000

/** One insert per UTC day of the table's day column: a block of one partition is committed whole or not at all. */
export async function insertRows(
  deps: InsertDeps,
  { table, rows }: TableRows,
  token: string,
): Promise<InsertOutcome> {
  let stored = 0
  for (const [day, dayRows] of byDay(table, rows)) {
    for (let at = 0; at < dayRows.length; at += insertRowsMax) {
      const part = dayRows.slice(at, at + insertRowsMax)
      const outcome = await insertPart(deps, table, part, `${token}/${table.name}/${day}/${at}`)
      if (outcome.type !== 'stored') return outcome
      stored += outcome.rows
    }
  }
  return { type: 'stored', rows: stored }
}

const dayMs = 86_400_000
const nsPerMs = 1_000_000n

/** Rows by Unix day, for tables that are partitioned by day; one group for the others. */
export function byDay<T extends AnyTable>(table: T, rows: readonly RowOf<T>[]): Map<number, RowOf<T>[]> {
  const column = table.dayColumn
  if (column === null) return new Map(rows.length > 0 ? [[0, [...rows]]] : [])
  const days = new Map<number, RowOf<T>[]>()
  for (const row of rows) {
    const time = (row as Record<string, unknown>)[column]
    const timeMs = typeof time === 'bigint' ? Number(time / nsPerMs) : (time as number)
    const day = Math.floor(timeMs / dayMs)
    const group = days.get(day)
    if (group) group.push(row)
    else days.set(day, [row])
  }
  return days
}

async function insertPart(
  deps: InsertDeps,
  table: AnyTable,
  rows: readonly RowOf<AnyTable>[],
  token: string,
): Promise<InsertOutcome> {
  const encoded = tryEncode(table, rows)
  if ('message' in encoded) return encoded
  return insertBytes(deps, { table, format: 'RowBinary', chunks: [encoded.bytes], rows: rows.length, token })
}

/** Blocks of one partition, committed whole or not at all however many there are. */
export function insertNative(
  deps: InsertDeps,
  { table, blocks, rows }: NativeRows,
  token: string,
): Promise<InsertOutcome> {
  return insertBytes(deps, { table, format: 'Native', chunks: blocks, rows, token, settings: onePart })
}

/**
 * Of all blocks of the stream ClickHouse makes one, which becomes one part: only a part is committed as a whole. Rows of
 * equal key are left to merges (queries count with them anyway): collapsing them at once cost half of an insert's CPU time.
 */
const onePart: ClickHouseSettings = {
  optimize_on_insert: 0,
  min_insert_block_size_rows: String(2 ** 40),
  min_insert_block_size_bytes: String(2 ** 50),
  max_insert_threads: '1',
}

interface InsertBytes {
  readonly table: AnyTable
  readonly format: 'RowBinary' | 'Native'
  /** One stream. */
  readonly chunks: readonly Uint8Array[]
  readonly rows: number
  readonly token: string
  readonly settings?: ClickHouseSettings
}

async function insertBytes(
  { client, clock, log, retryForMs, signal }: InsertDeps,
  { table, format, chunks, rows, token, settings }: InsertBytes,
): Promise<InsertOutcome> {
  // Same bytes and same token on every try: ClickHouse knows a block that it has already committed.
  const insert = {
    query: `INSERT INTO ${table.name} (${Object.keys(table.columns as object).join(', ')}) FORMAT ${format}`,
    clickhouse_settings: {
      ...settings,
      async_insert: 0 as const,
      // Rows with one key collapse when parts merge, and on read (FINAL): to look for them at the insert, too, row by row
      // over all columns, doubles its cost (7.4 instead of 3.6 µs of CPU a span, in blocks of 100,000).
      optimize_on_insert: 0 as const,
      insert_deduplicate: 1 as const,
      insert_deduplication_token: createHash('sha256').update(token).digest('hex'),
    },
    abort_signal: signal,
  }
  const deadline = clock.monotonicMs() + retryForMs
  const backoff = createBackoff({ firstMs: 50, maxMs: 1_000 })
  for (;;) {
    try {
      const { stream } = await client.exec({ ...insert, values: Readable.from(chunks) })
      await expectNoBody(stream)
      return { type: 'stored', rows }
    } catch (error) {
      const message = `cannot insert into ${table.name}: ${errorText(error)}`
      if (isRefusal(error)) return { type: 'refused', message }
      if (clock.monotonicMs() > deadline || signal.aborted) return { type: 'unavailable', message }
      const afterMs = backoff.nextMs()
      log.warn({ table: table.name, rows, afterMs, cause: errorText(error) }, 'insert again')
      await clock.sleep(afterMs, signal)
    }
  }
}

type Encoded = { readonly bytes: Uint8Array } | Extract<InsertOutcome, { type: 'refused' }>

function tryEncode(table: AnyTable, rows: readonly RowOf<AnyTable>[]): Encoded {
  try {
    return { bytes: encodeRowBinary(table, rows) }
  } catch (error) {
    if (!(error instanceof UnencodableValue)) throw error
    return { type: 'refused', message: errorText(error) }
  }
}

/** An insert answers without a body. One under status 200 tells of an exception that came after the headers were sent. */
async function expectNoBody(stream: Readable): Promise<void> {
  let body = ''
  for await (const chunk of stream) if (body.length < bodyCharsMax) body += String(chunk)
  if (body.trim() !== '') throw new Error(`the answer has a body: ${body.slice(0, bodyCharsMax)}`)
}

const bodyCharsMax = 500

/**
 * Errors about the values themselves: the same bytes can never be stored. Everything else — the network, overload, memory,
 * a missing table or column, a body that something on the way cut short (33) — may be put right while the sender keeps the rows.
 */
const refusedCodes: Record<string, string> = {
  6: 'CANNOT_PARSE_TEXT',
  26: 'CANNOT_PARSE_QUOTED_STRING',
  27: 'CANNOT_PARSE_INPUT_ASSERTION_FAILED',
  38: 'CANNOT_PARSE_DATE',
  41: 'CANNOT_PARSE_DATETIME',
  53: 'TYPE_MISMATCH',
  69: 'ARGUMENT_OUT_OF_BOUND',
  70: 'CANNOT_CONVERT_TYPE',
  72: 'CANNOT_PARSE_NUMBER',
  117: 'INCORRECT_DATA',
  128: 'TOO_LARGE_ARRAY_SIZE',
  131: 'TOO_LARGE_STRING_SIZE',
  321: 'VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE',
  469: 'VIOLATED_CONSTRAINT',
}

function isRefusal(error: unknown): boolean {
  return error instanceof ClickHouseError && error.code in refusedCodes
}
