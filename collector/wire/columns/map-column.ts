import { assert } from '../../std/assert.ts'
import type { ByteBuffer } from './byte-buffer.ts'
import { type Column, type ColumnSize, describeValue, UnencodableValue } from './column.ts'
import { EndsBuffer } from './ends-buffer.ts'
import { tryFixedColumn } from './fixed-column.ts'
import { StringColumn } from './string-column.ts'
import { WordColumn } from './word-column.ts'

/** Where each row's pairs end, then all keys, then all values. */
class PairsColumn<Values extends Column> {
  readonly keys = new WordColumn()
  readonly values: Values
  readonly #ends = new EndsBuffer()

  constructor(values: Values) {
    this.values = values
  }

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

/** Hot loops append to `keys` and `values` and then call `endRow`. */
export class MapColumn extends PairsColumn<StringColumn> implements Column {
  readonly type = 'Map(LowCardinality(String), String)'

  constructor() {
    super(new StringColumn())
  }

  /** Takes back pairs of a row that was not ended. */
  cutPairs(keys: number, valueBytes: number): void {
    this.keys.rows = keys
    this.values.rows = keys
    this.values.data.length = valueBytes
  }
}

export class NumberMapColumn extends PairsColumn<Column> implements Column {
  readonly type = 'Map(LowCardinality(String), Float64)'

  constructor() {
    super(floatColumn())
  }
}

function floatColumn(): Column {
  const column = tryFixedColumn('Float64')
  assert(column, 'Float64 is a scalar')
  return column
}
