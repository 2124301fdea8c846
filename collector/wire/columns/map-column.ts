import { assert } from '../../std/assert.ts'
import type { ByteBuffer } from './byte-buffer.ts'
import { type Column, type ColumnSize, describeValue, UnencodableValue } from './column.ts'
import { EndsBuffer } from './ends-buffer.ts'
import { tryFixedColumn } from './fixed-column.ts'
import { StringColumn } from './string-column.ts'
import { WordColumn } from './word-column.ts'

/**
 * Map(LowCardinality(String), String): where each row's pairs end, then all keys, then all values. Hot loops append to
 * `keys` and `values` and then call `endRow`.
 */
export class MapColumn implements Column {
  readonly type = 'Map(LowCardinality(String), String)'
  readonly keys = new WordColumn()
  readonly values = new StringColumn()
  readonly #ends = new EndsBuffer()

  get rows(): number {
    return this.#ends.rows
  }

  append(value: unknown): void {
    if (!(value instanceof Map)) throw new UnencodableValue(`${describeValue(value)} is not a map`)
    for (const [key, one] of value) {
      this.keys.append(key)
      this.values.append(one)
    }
    this.endRow()
  }

  endRow(): void {
    this.#ends.push(this.keys.rows)
  }

  size(): ColumnSize {
    return [this.rows, this.keys.rows, ...this.values.size()]
  }

  cutTo([rows = 0, keys = 0, ...values]: ColumnSize): void {
    this.#ends.rows = rows
    this.keys.cutTo([keys])
    this.values.cutTo(values)
  }

  /** Takes back pairs of a row that was not ended. */
  cutPairs(keys: number, valueBytes: number): void {
    this.keys.rows = keys
    this.values.rows = keys
    this.values.data.length = valueBytes
  }

  isBlank(): boolean {
    return this.keys.rows === 0
  }

  writePrefix(out: ByteBuffer): void {
    this.keys.writePrefix(out)
  }

  writeData(out: ByteBuffer): void {
    this.#ends.write(out)
    this.keys.writeData(out)
    this.values.writeData(out)
  }

  byteLength(): number {
    return this.rows * 8 + this.keys.byteLength() + this.values.byteLength()
  }

  clear(): void {
    this.#ends.rows = 0
    this.keys.clear()
    this.values.clear()
  }
}

/** Map(LowCardinality(String), Float64), laid out likewise. */
export class NumberMapColumn implements Column {
  readonly type = 'Map(LowCardinality(String), Float64)'
  readonly keys = new WordColumn()
  readonly values = floatColumn()
  readonly #ends = new EndsBuffer()

  get rows(): number {
    return this.#ends.rows
  }

  append(value: unknown): void {
    if (!(value instanceof Map)) throw new UnencodableValue(`${describeValue(value)} is not a map`)
    for (const [key, one] of value) {
      this.keys.append(key)
      this.values.append(one)
    }
    this.#ends.push(this.keys.rows)
  }

  size(): ColumnSize {
    return [this.rows, this.keys.rows, ...this.values.size()]
  }

  cutTo([rows = 0, keys = 0, ...values]: ColumnSize): void {
    this.#ends.rows = rows
    this.keys.cutTo([keys])
    this.values.cutTo(values)
  }

  isBlank(): boolean {
    return this.keys.rows === 0
  }

  writePrefix(out: ByteBuffer): void {
    this.keys.writePrefix(out)
  }

  writeData(out: ByteBuffer): void {
    this.#ends.write(out)
    this.keys.writeData(out)
    this.values.writeData(out)
  }

  byteLength(): number {
    return this.rows * 8 + this.keys.byteLength() + this.values.byteLength()
  }

  clear(): void {
    this.#ends.rows = 0
    this.keys.clear()
    this.values.clear()
  }
}

function floatColumn() {
  const column = tryFixedColumn('Float64')
  assert(column, 'Float64 is a scalar')
  return column
}
