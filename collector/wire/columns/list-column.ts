import type { ByteBuffer } from './byte-buffer.ts'
import { type Column, type ColumnSize, describeValue, UnencodableValue } from './column.ts'
import { EndsBuffer } from './ends-buffer.ts'

/** Array(…): where each row's items end, then all items. Hot loops append to `items` and then call `endRow`. */
export class ListColumn<Items extends Column = Column> implements Column {
  readonly type: string
  readonly items: Items
  readonly #ends = new EndsBuffer()

  constructor(items: Items) {
    this.items = items
    this.type = `Array(${items.type})`
  }

  get rows(): number {
    return this.#ends.rows
  }

  append(value: unknown): void {
    if (!Array.isArray(value)) throw new UnencodableValue(`${describeValue(value)} is not a list`)
    for (const item of value) this.items.append(item)
    this.endRow()
  }

  endRow(): void {
    this.#ends.push(this.items.rows)
  }

  size(): ColumnSize {
    return [this.rows, ...this.items.size()]
  }

  cutTo([rows = 0, ...items]: ColumnSize): void {
    this.#ends.rows = rows
    this.items.cutTo(items)
  }

  isBlank(): boolean {
    return this.items.rows === 0
  }

  writePrefix(out: ByteBuffer): void {
    this.items.writePrefix(out)
  }

  writeData(out: ByteBuffer): void {
    this.#ends.write(out)
    this.items.writeData(out)
  }

  byteLength(): number {
    return this.rows * 8 + this.items.byteLength()
  }

  clear(): void {
    this.#ends.rows = 0
    this.items.clear()
  }
}
