import { assert } from '../../std/assert.ts'
import { type Cursor, declined } from './cursor.ts'

/** A reader of one item after the other into the columns of a day's block. */
export interface DayRow<Columns> {
  /** Of the columns that it writes to. */
  readonly day: number
  /** Of the item that was read last. */
  readonly dayRead: number
  useColumns(columns: Columns): void
}

/** One such reader, moved to the columns of each item's day. */
export interface DayRows<Row> {
  /** The reader, at the day of the last item or, before any, of receipt. */
  begin(receivedAtMs: number): Row
  /** Once `begin` was called. */
  row(): Row
  /** The item from the cursor to `end`. */
  read(cursor: Cursor, end: number): void
  /** The same; false: it was declined, and the cursor is back at its start. */
  tryRead(cursor: Cursor, end: number): boolean
}

export interface DayRowsConfig<Columns, Row> {
  readonly columnsFor: (day: number) => Columns
  readonly create: (columns: Columns) => Row
  /** False: the item is of another day than the row's columns; nothing was kept. */
  readonly read: (row: Row, cursor: Cursor, end: number) => boolean
}

export function createDayRows<Columns, Row extends DayRow<Columns>>({
  columnsFor,
  create,
  read: readOne,
}: DayRowsConfig<Columns, Row>): DayRows<Row> {
  let row: Row | undefined

  function begun(): Row {
    assert(row, 'an item of no request')
    return row
  }

  function read(cursor: Cursor, end: number): void {
    const at = begun()
    const start = cursor.at
    if (readOne(at, cursor, end)) return
    at.useColumns(columnsFor(at.dayRead))
    cursor.at = start
    readOne(at, cursor, end)
  }

  return {
    begin(receivedAtMs) {
      const columns = columnsFor(row?.day ?? Math.floor(receivedAtMs / 86_400_000))
      row ??= create(columns)
      // The block of the day may have been begun anew.
      row.useColumns(columns)
      return row
    },
    row: begun,
    read,
    tryRead(cursor, end) {
      const start = cursor.at
      try {
        read(cursor, end)
        return true
      } catch (reason) {
        if (reason !== declined) throw reason
        cursor.at = start
        return false
      }
    },
  }
}
