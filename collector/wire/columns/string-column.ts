import { isUtf8 } from 'node:buffer'
import { ByteBuffer, loopedBytesMax } from './byte-buffer.ts'
import { type Column, type ColumnSize, describeValue, UnencodableValue } from './column.ts'

/**
 * Texts one after the other, each behind its length. `appendBytes` takes UTF-8 straight from the wire; what is not UTF-8
 * is replaced (U+FFFD), as `Buffer.toString` does.
 */
export class StringColumn implements Column {
  readonly type = 'String'
  rows = 0
  readonly data = new ByteBuffer()

  append(value: unknown): void {
    if (typeof value !== 'string') throw new UnencodableValue(`${describeValue(value)} is not a text`)
    this.appendText(value)
  }

  appendText(value: string): void {
    this.rows++
    this.data.text(value)
  }

  appendEmpty(): void {
    this.rows++
    this.data.room(1)
    this.data.bytes[this.data.length++] = 0
  }

  /** Bytes that are known to be UTF-8. */
  appendValid(from: Uint8Array, start: number, end: number): void {
    this.rows++
    this.data.varint(end - start)
    this.data.add(from, start, end)
  }

  appendBytes(from: Uint8Array, start: number, end: number): void {
    const count = end - start
    const { data } = this
    this.rows++
    if (count > loopedBytesMax) {
      const slice = from.subarray(start, end)
      if (isUtf8(slice)) {
        data.varint(count)
        data.room(count)
        data.bytes.set(slice, data.length)
        data.length += count
      } else data.text(Buffer.from(slice.buffer, slice.byteOffset, count).toString('utf8'))
      return
    }
    data.room(count + 1)
    const { bytes, length } = data
    let seen = 0
    bytes[length] = count
    for (let at = 0; at < count; at++) {
      const byte = from[start + at] as number
      seen |= byte
      bytes[length + 1 + at] = byte
    }
    if (seen < 0x80) data.length = length + 1 + count
    else this.#appendChecked(from.subarray(start, end))
  }

  #appendChecked(slice: Uint8Array): void {
    const { data } = this
    if (isUtf8(slice)) {
      data.varint(slice.length)
      data.add(slice, 0, slice.length)
    } else data.text(Buffer.from(slice.buffer, slice.byteOffset, slice.length).toString('utf8'))
  }

  size(): ColumnSize {
    return [this.rows, this.data.length]
  }

  cutTo([rows = 0, length = 0]: ColumnSize): void {
    this.rows = rows
    this.data.length = length
  }

  isBlank(): boolean {
    return this.data.length === this.rows
  }

  writePrefix(): void {}

  writeData(out: ByteBuffer): void {
    out.add(this.data.bytes, 0, this.data.length)
  }

  byteLength(): number {
    return this.data.length
  }

  clear(): void {
    this.rows = 0
    this.data.length = 0
  }
}
