import type { AnyTable, RowOf } from '../../record/table.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { type Column, type ColumnSize, UnencodableValue } from './column.ts'
import { createColumn } from './create-column.ts'

/**
 * Rows of one table in the making, column by column, that end as one block of ClickHouse's Native format. Rows are appended
 * one at a time as objects, or by hot loops that write to the columns themselves and end each row with `endRow`.
 */
export class TableBlock<T extends AnyTable = AnyTable> {
  readonly table: T
  readonly columns: Readonly<Record<string, Column>>
  readonly #names: readonly string[]
  readonly #list: readonly Column[]
  rows = 0

  constructor(table: T) {
    this.table = table
    const types = Object.entries(table.columns as Readonly<Record<string, { readonly type: string }>>)
    this.#names = types.map(([name]) => name)
    this.#list = types.map(([, { type }]) => createColumn(type))
    this.columns = Object.fromEntries(this.#names.map((name, index) => [name, this.#list[index] as Column]))
  }

  /** Throws UnencodableValue for a value that its column cannot hold; the block is as before then. */
  append(row: RowOf<T>): void {
    const before = this.size()
    let at = 0
    try {
      for (; at < this.#list.length; at++)
        this.#list[at]?.append((row as Readonly<Record<string, unknown>>)[this.#names[at] ?? ''])
      this.rows++
    } catch (error) {
      this.cutTo(before)
      throw new UnencodableValue(`cannot encode ${this.table.name}.${this.#names[at]}`, { cause: error })
    }
  }

  endRow(): void {
    this.rows++
  }

  size(): BlockSize {
    return { rows: this.rows, columns: this.#list.map((column) => column.size()) }
  }

  cutTo({ rows, columns }: BlockSize): void {
    this.rows = rows
    columns.forEach((size, index) => {
      this.#list[index]?.cutTo(size)
    })
  }

  byteLength(): number {
    return this.#list.reduce((sum, column) => sum + column.byteLength(), 0)
  }

  /** Column count, row count, then of each column that is not blank name, type, prefix and data of each column. */
  writeNative(out: ByteBuffer): void {
    if (this.rows === 0) return
    out.varint(this.#list.reduce((count, column) => (column.isBlank() ? count : count + 1), 0))
    out.varint(this.rows)
    this.#list.forEach((column, index) => {
      if (column.isBlank()) return
      out.text(this.#names[index] ?? '')
      out.text(column.type)
      column.writePrefix(out)
      column.writeData(out)
    })
  }

  clear(): void {
    this.rows = 0
    for (const column of this.#list) column.clear()
  }
}

export interface BlockSize {
  readonly rows: number
  readonly columns: readonly ColumnSize[]
}

/** Gives a buffer of so many bytes or more. */
export type TakeBuffer = (bytes: number) => Buffer<ArrayBuffer>

/** The block's bytes at the beginning of a buffer of their own. */
export function nativeOf(
  block: TableBlock,
  take: TakeBuffer = Buffer.allocUnsafeSlow,
): Uint8Array<ArrayBuffer> {
  const out = new ByteBuffer(0)
  out.bytes = take(block.byteLength() + 64 * 1024)
  block.writeNative(out)
  const { buffer, byteOffset } = out.bytes
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, out.length)
}
