import { listMax } from '../limits.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { type Cursor, declined } from './cursor.ts'
import type { FixedColumn } from './fixed-column.ts'

/** Buckets of an exponential histogram: their offset, and their counts as JSON text. */
export class BucketsText {
  offset = 0
  readonly counts = new ByteBuffer(1_024)
  #count = 0

  reset(): void {
    this.offset = 0
    this.counts.length = 0
    this.#count = 0
  }

  /** Reads the Buckets at the cursor, which end at `end`; the counts go to `column`, too. */
  read(cursor: Cursor, end: number, column: FixedColumn | undefined): void {
    const outer = cursor.end
    cursor.end = end
    while (cursor.at < end) {
      const tag = cursor.tag()
      if (tag === 0x12) {
        const packedEnd = cursor.length() + cursor.at
        cursor.end = packedEnd
        while (cursor.at < packedEnd) this.#take(cursor, column)
        cursor.end = end
      } else if (tag === 0x10) this.#take(cursor, column)
      else if (tag === 0x08) {
        const bits = cursor.low32()
        this.offset = (bits >>> 1) ^ -(bits & 1)
      } else if (tag >>> 3 <= 2) throw declined
      else cursor.skip(tag)
    }
    cursor.end = outer
  }

  #take(cursor: Cursor, column: FixedColumn | undefined): void {
    cursor.varint64()
    if (++this.#count > listMax) throw declined
    const { low, high } = cursor
    column?.halves(low, high)
    const text = high === 0 ? String(low) : String((BigInt(high) << 32n) | BigInt(low))
    ascii(this.counts, this.#count === 1 ? `"${text}"` : `,"${text}"`)
  }
}

/** Text of one-byte characters, without its length. */
export function ascii(out: ByteBuffer, text: string): void {
  out.room(text.length)
  out.length += out.bytes.write(text, out.length, 'latin1')
}
