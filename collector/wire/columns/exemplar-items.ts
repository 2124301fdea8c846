import { exemplarsMax } from '../limits.ts'
import { type Cursor, declined } from './cursor.ts'
import { appendNumber, copyOr0, eightAt, idAt, skipUnknown } from './places.ts'
import type { PointColumns } from './point-columns.ts'
import { isBelievable, type TimeBounds } from './time-bounds.ts'

/** The exemplars of one data point after the other, written to the lists while they are read. */
export class ExemplarItems {
  /** Of this point. */
  #count = 0
  /** Where the lists ended before it. */
  #items = 0
  #keys = 0
  #valueBytes = 0

  reset(): void {
    this.#count = 0
  }

  /** For `cut`. */
  mark({ exemplarsTime, exemplarsAttributes }: PointColumns): void {
    this.#items = exemplarsTime.items.rows
    this.#keys = exemplarsAttributes.items.keys.rows
    this.#valueBytes = exemplarsAttributes.items.values.data.length
  }

  cut(columns: PointColumns): void {
    const items = this.#items
    columns.exemplarsTime.items.data.length = items * 8
    columns.exemplarsValue.items.data.length = items * 8
    columns.exemplarsTraceId.items.data.length = items * 16
    columns.exemplarsSpanId.items.data.length = items * 8
    columns.exemplarsAttributes.items.cutTo([items, this.#keys, this.#keys, this.#valueBytes])
  }

  /** Reads the length and the exemplar behind it. */
  read(cursor: Cursor, columns: PointColumns, bounds: TimeBounds): void {
    if (++this.#count > exemplarsMax) throw declined
    const { exemplarAttributes } = columns
    const end = cursor.length() + cursor.at
    const outer = cursor.end
    cursor.end = end
    let low = 0
    let high = 0
    let value = -1
    let isInteger = false
    let traceId = -1
    let spanId = -1
    exemplarAttributes.beginRow()
    while (cursor.at < end) {
      const tag = cursor.tag()
      if (tag === 0x11) {
        cursor.fixed64()
        low = cursor.low
        high = cursor.high
      } else if (tag === 0x19 || tag === 0x31) {
        value = eightAt(cursor)
        isInteger = tag === 0x31
      } else if (tag === 0x22) spanId = idAt(cursor, 8)
      else if (tag === 0x2a) traceId = idAt(cursor, 16)
      else if (tag === 0x3a) {
        const length = cursor.length()
        exemplarAttributes.read(cursor, cursor.at + length)
      } else skipUnknown(cursor, tag, 7)
    }
    cursor.end = outer
    const { received } = bounds
    const time = columns.exemplarsTime.items
    if (isBelievable(bounds, low, high)) time.halves(low, high)
    else time.halves(received.low, received.high)
    appendNumber(columns.exemplarsValue.items, cursor.bytes, value, isInteger)
    copyOr0(columns.exemplarsTraceId.items, cursor.bytes, traceId)
    copyOr0(columns.exemplarsSpanId.items, cursor.bytes, spanId)
    columns.exemplarsAttributes.items.endRow()
  }
}
