import type { Kind } from '../metric-decoder.ts'
import { type Cursor, declined } from './cursor.ts'

/**
 * What the points of a metric share, as places in its bytes: they may stand behind the points, so a metric is gone over
 * once before its points are read. Throws `declined` for one whose data comes in several pieces.
 */
export class MetricHead {
  name = 0
  nameEnd = 0
  description = 0
  descriptionEnd = 0
  unit = 0
  unitEnd = 0
  kind: Kind | undefined
  data = 0
  dataEnd = 0
  temporality = 0
  monotonic = 0

  /** The cursor is left at `end`. */
  read(cursor: Cursor, end: number): void {
    this.#reset()
    cursor.end = end
    while (cursor.at < end) {
      const tag = cursor.tag()
      switch (tag) {
        case 0x0a:
          this.nameEnd = cursor.length() + cursor.at
          this.name = cursor.at
          cursor.at = this.nameEnd
          break
        case 0x12:
          this.descriptionEnd = cursor.length() + cursor.at
          this.description = cursor.at
          cursor.at = this.descriptionEnd
          break
        case 0x1a:
          this.unitEnd = cursor.length() + cursor.at
          this.unit = cursor.at
          cursor.at = this.unitEnd
          break
        default:
          if ((tag & 7) === 2 && kinds[tag >>> 3] !== undefined) {
            this.#data(cursor, kinds[tag >>> 3])
            break
          }
          // Fields 4, 6 and 8 are of the past, 12 is metadata.
          if (declinedFields.has(tag >>> 3)) throw declined
          cursor.skip(tag)
      }
    }
    if (this.kind !== undefined) this.#readData(cursor)
    cursor.at = end
    cursor.end = end
  }

  #reset(): void {
    this.name = 0
    this.nameEnd = 0
    this.description = 0
    this.descriptionEnd = 0
    this.unit = 0
    this.unitEnd = 0
    this.kind = undefined
    this.temporality = 0
    this.monotonic = 0
  }

  #data(cursor: Cursor, kind: Kind | undefined): void {
    if (this.kind !== undefined) throw declined
    this.kind = kind
    this.dataEnd = cursor.length() + cursor.at
    this.data = cursor.at
    cursor.at = this.dataEnd
  }

  #readData(cursor: Cursor): void {
    const { kind } = this
    cursor.at = this.data
    cursor.end = this.dataEnd
    while (cursor.at < this.dataEnd) {
      const tag = cursor.tag()
      if (tag === 0x10 && kind !== 'gauge' && kind !== 'summary') this.temporality = cursor.low32()
      else if (tag === 0x18 && kind === 'sum') {
        cursor.varint64()
        this.monotonic = cursor.low !== 0 || cursor.high !== 0 ? 1 : 0
      } else if (tag >>> 3 === 0 || (tag >>> 3 === 1 && tag !== 0x0a) || this.#isMistyped(tag)) throw declined
      else cursor.skip(tag)
    }
  }

  #isMistyped(tag: number): boolean {
    const field = tag >>> 3
    if (field === 2) return this.kind !== 'gauge' && this.kind !== 'summary'
    return field === 3 && this.kind === 'sum'
  }
}

const kinds: Readonly<Record<number, Kind | undefined>> = {
  5: 'gauge',
  7: 'sum',
  9: 'histogram',
  10: 'exponential_histogram',
  11: 'summary',
}
const declinedFields: ReadonlySet<number> = new Set([0, 1, 2, 3, 5, 7, 9, 10, 11])
