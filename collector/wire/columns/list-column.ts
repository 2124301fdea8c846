import { ByteBuffer } from './byte-buffer.ts'
import { type Column, type ColumnSize, describeValue, UnencodableValue } from './column.ts'

/** Array(…): where each row's items end, then all items. Hot loops append to `items` and then call `endRow`. */
export class ListColumn<Items extends Column = Column> implements Column {
  readonly type: string
  readonly items: Items
  rows = 0
  readonly #ends = new ByteBuffer()

  constructor(items: Items) {
    this.items = items
    this.type = `Array(${items.type})`
  }

  append(value: unknown): void {
    if (!Array.isArray(value)) throw new UnencodableValue(`${describeValue(value)} is not a list`)
    for (const item of value) this.items.append(item)
    this.endRow()
  }

  endRow(): void {
    this.rows++
    this.#ends.uint64(this.items.rows)
  }

  size(): ColumnSize {
    return [this.rows, ...this.items.size()]
  }

  cutTo([rows = 0, ...items]: ColumnSize): void {
    this.rows = rows
    this.#ends.length = rows * 8
    this.items.cutTo(items)
  }

  writePrefix(out: ByteBuffer): void {
    this.items.writePrefix(out)
  }

  writeData(out: ByteBuffer): void {
    out.add(this.#ends.bytes, 0, this.#ends.length)
    this.items.writeData(out)
  }

  byteLength(): number {
    return this.#ends.length + this.items.byteLength()
  }

  clear(): void {
    this.rows = 0
    this.#ends.length = 0
    this.items.clear()
  }
}
