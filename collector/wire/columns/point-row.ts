import type { DecodeContext } from '../decoded.ts'
import { listMax } from '../limits.ts'
import type { Kind } from '../metric-decoder.ts'
import type { Place } from '../walk-request.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { type Cursor, declined } from './cursor.ts'
import type { DayRow } from './day-rows.ts'
import { ExemplarItems } from './exemplar-items.ts'
import { ascii, BucketsText } from './exponential-text.ts'
import type { MetricHead } from './metric-head.ts'
import { appendMs, appendNumber, copyOr0, eightAt, eights, msOf, skipUnknown } from './places.ts'
import { type PointColumns, sharedPointTexts } from './point-columns.ts'
import { type Halves, halvesOf, isBelievable, timeBounds } from './time-bounds.ts'

const dayMs = 86_400_000

/**
 * One data point after the other: attributes, exemplars and lists are written while it is read, all else is remembered as
 * places in the bytes and appended when the whole point was read. Throws `declined` for one that is left to the plain
 * decoder; the columns are then as before.
 */
export class PointRow implements DayRow<PointColumns> {
  #columns: PointColumns
  #place: Place | undefined
  #texts: readonly string[] = []
  #resourceId: Halves = { low: 0, high: 0 }
  #bounds = timeBounds(0)
  #receivedMs = 0
  #batchId = ''

  #startLow = 0
  #startHigh = 0
  #timeLow = 0
  #timeHigh = 0
  #timeMs = 0
  #startMs = 0
  /** Places of eight bytes; -1: absent. */
  #value = -1
  #valueIsInteger = false
  #count = -1
  #sum = -1
  #min = -1
  #max = -1
  #zeroCount = -1
  #zeroThreshold = -1
  #scale = 0
  #flags = 0
  readonly #exemplars = new ExemplarItems()
  #boundsCount = 0
  #countsCount = 0
  #hasPositive = false
  #hasNegative = false
  readonly #positive = new BucketsText()
  readonly #negative = new BucketsText()
  readonly #exponential = new ByteBuffer(1_024)

  constructor(columns: PointColumns) {
    this.#columns = columns
  }

  get day(): number {
    return this.#columns.day
  }

  get dayRead(): number {
    return Math.floor(this.#timeMs / dayMs)
  }

  beginRequest({ receivedAtMs, batchId }: DecodeContext): void {
    this.#bounds = timeBounds(receivedAtMs)
    this.#receivedMs = Math.floor(receivedAtMs)
    this.#batchId = batchId
  }

  beginScope(place: Place): void {
    this.#place = place
    this.#texts = sharedPointTexts(place, this.#batchId)
    this.#resourceId = halvesOf(place.resource.resource_id)
  }

  useColumns(columns: PointColumns): void {
    this.#columns = columns
  }

  /** Reads the point at the cursor, which ends at `end`. False: it is of another day than the columns; nothing is kept. */
  read(cursor: Cursor, end: number, head: MetricHead): boolean {
    const columns = this.#columns
    const bounds = columns.bounds.items.data.length
    const counts = columns.bucketCounts.items.data.length
    const quantiles = columns.quantileValues.items.data.length
    this.#exemplars.mark(columns)
    columns.attributes.beginRow()
    let kept = false
    try {
      this.#reset()
      this.#parse(cursor, end, head.kind ?? 'gauge')
      this.#settleTimes()
      kept = this.dayRead === columns.day
      if (kept) this.#append(cursor.bytes, head)
      return kept
    } finally {
      if (!kept) {
        columns.attributes.cutRow()
        columns.bounds.items.data.length = bounds
        columns.bucketCounts.items.data.length = counts
        columns.quantileValues.items.data.length = quantiles
        this.#exemplars.cut(columns)
      }
    }
  }

  #reset(): void {
    this.#startLow = 0
    this.#startHigh = 0
    this.#timeLow = 0
    this.#timeHigh = 0
    this.#value = -1
    this.#valueIsInteger = false
    this.#count = -1
    this.#sum = -1
    this.#min = -1
    this.#max = -1
    this.#zeroCount = -1
    this.#zeroThreshold = -1
    this.#scale = 0
    this.#flags = 0
    this.#exemplars.reset()
    this.#boundsCount = 0
    this.#countsCount = 0
    this.#hasPositive = false
    this.#hasNegative = false
    this.#positive.reset()
    this.#negative.reset()
  }

  #parse(cursor: Cursor, end: number, kind: Kind): void {
    const outer = cursor.end
    cursor.end = end
    switch (kind) {
      case 'gauge':
      case 'sum':
        while (cursor.at < end) this.#numberField(cursor, cursor.tag())
        break
      case 'histogram':
        while (cursor.at < end) this.#histogramField(cursor, cursor.tag())
        break
      case 'exponential_histogram':
        while (cursor.at < end) this.#exponentialField(cursor, cursor.tag())
        break
      case 'summary':
        while (cursor.at < end) this.#summaryField(cursor, cursor.tag())
        break
    }
    cursor.end = outer
  }

  /** A case is the whole tag: field number and wire type. The right field with another wire type is declined. */
  #numberField(cursor: Cursor, tag: number): void {
    switch (tag) {
      case 0x11:
      case 0x19:
        this.#time(cursor, tag)
        return
      case 0x21:
        this.#value = eightAt(cursor)
        this.#valueIsInteger = false
        return
      case 0x2a:
        this.#exemplars.read(cursor, this.#columns, this.#bounds)
        return
      case 0x31:
        this.#value = eightAt(cursor)
        this.#valueIsInteger = true
        return
      case 0x3a:
        this.#attribute(cursor)
        return
      case 0x40:
        this.#flags = cursor.low32()
        return
      default:
        skipUnknown(cursor, tag, 8)
    }
  }

  #histogramField(cursor: Cursor, tag: number): void {
    const { bounds, bucketCounts } = this.#columns
    switch (tag) {
      case 0x11:
      case 0x19:
        this.#time(cursor, tag)
        return
      case 0x21:
        this.#count = eightAt(cursor)
        return
      case 0x29:
        this.#sum = eightAt(cursor)
        return
      case 0x31:
      case 0x32:
        this.#countsCount = eights(cursor, tag, bucketCounts.items, this.#countsCount)
        return
      case 0x39:
      case 0x3a:
        this.#boundsCount = eights(cursor, tag, bounds.items, this.#boundsCount)
        return
      case 0x42:
        this.#exemplars.read(cursor, this.#columns, this.#bounds)
        return
      case 0x4a:
        this.#attribute(cursor)
        return
      case 0x50:
        this.#flags = cursor.low32()
        return
      case 0x59:
        this.#min = eightAt(cursor)
        return
      case 0x61:
        this.#max = eightAt(cursor)
        return
      default:
        skipUnknown(cursor, tag, 12)
    }
  }

  #exponentialField(cursor: Cursor, tag: number): void {
    switch (tag) {
      case 0x0a:
        this.#attribute(cursor)
        return
      case 0x11:
      case 0x19:
        this.#time(cursor, tag)
        return
      case 0x21:
        this.#count = eightAt(cursor)
        return
      case 0x29:
        this.#sum = eightAt(cursor)
        return
      case 0x30: {
        const bits = cursor.low32()
        this.#scale = (bits >>> 1) ^ -(bits & 1)
        return
      }
      case 0x39:
        this.#zeroCount = eightAt(cursor)
        return
      case 0x42: {
        // Pieces of buckets merge.
        if (this.#hasPositive) throw declined
        this.#hasPositive = true
        const length = cursor.length()
        this.#positive.read(cursor, cursor.at + length, this.#columns.bucketCounts.items)
        return
      }
      case 0x4a: {
        if (this.#hasNegative) throw declined
        this.#hasNegative = true
        const length = cursor.length()
        this.#negative.read(cursor, cursor.at + length, undefined)
        return
      }
      case 0x50:
        this.#flags = cursor.low32()
        return
      case 0x5a:
        this.#exemplars.read(cursor, this.#columns, this.#bounds)
        return
      case 0x61:
        this.#min = eightAt(cursor)
        return
      case 0x69:
        this.#max = eightAt(cursor)
        return
      case 0x71:
        this.#zeroThreshold = eightAt(cursor)
        return
      default:
        skipUnknown(cursor, tag, 14)
    }
  }

  #summaryField(cursor: Cursor, tag: number): void {
    switch (tag) {
      case 0x11:
      case 0x19:
        this.#time(cursor, tag)
        return
      case 0x21:
        this.#count = eightAt(cursor)
        return
      case 0x29:
        this.#sum = eightAt(cursor)
        return
      case 0x32:
        this.#quantile(cursor)
        return
      case 0x3a:
        this.#attribute(cursor)
        return
      case 0x40:
        this.#flags = cursor.low32()
        return
      default:
        skipUnknown(cursor, tag, 8)
    }
  }

  /** Start and time have the numbers 2 and 3 in points of all kinds. */
  #time(cursor: Cursor, tag: number): void {
    cursor.fixed64()
    if (tag === 0x19) {
      this.#timeLow = cursor.low
      this.#timeHigh = cursor.high
    } else {
      this.#startLow = cursor.low
      this.#startHigh = cursor.high
    }
  }

  #attribute(cursor: Cursor): void {
    const length = cursor.length()
    this.#columns.attributes.read(cursor, cursor.at + length)
  }

  #quantile(cursor: Cursor): void {
    const { bounds, quantileValues } = this.#columns
    if (++this.#boundsCount > listMax) throw declined
    const end = cursor.length() + cursor.at
    const outer = cursor.end
    cursor.end = end
    let quantile = -1
    let value = -1
    while (cursor.at < end) {
      const tag = cursor.tag()
      if (tag === 0x09) quantile = eightAt(cursor)
      else if (tag === 0x11) value = eightAt(cursor)
      else skipUnknown(cursor, tag, 2)
    }
    cursor.end = outer
    copyOr0(bounds.items, cursor.bytes, quantile)
    copyOr0(quantileValues.items, cursor.bytes, value)
  }

  #settleTimes(): void {
    const bounds = this.#bounds
    this.#timeMs = isBelievable(bounds, this.#timeLow, this.#timeHigh)
      ? msOf(this.#timeLow, this.#timeHigh)
      : this.#receivedMs
    if (this.#startLow === 0 && this.#startHigh === 0) this.#startMs = this.#timeMs
    else
      this.#startMs = isBelievable(bounds, this.#startLow, this.#startHigh)
        ? msOf(this.#startLow, this.#startHigh)
        : this.#receivedMs
  }

  #append(bytes: Buffer, head: MetricHead): void {
    const columns = this.#columns
    appendMs(columns.time, this.#timeMs)
    appendMs(columns.startTime, this.#startMs)
    columns.metric.appendBytes(bytes, head.name, head.nameEnd)
    columns.unit.appendBytes(bytes, head.unit, head.unitEnd)
    columns.description.appendBytes(bytes, head.description, head.descriptionEnd)
    columns.kind.push(columns.kind.codeOfText(head.kind ?? ''))
    columns.temporality.uint(head.temporality <= 2 ? head.temporality : 0)
    columns.monotonic.uint(head.monotonic)
    columns.shared.push(this.#texts)
    columns.attributes.map.endRow()
    const scopeAttributes = this.#place?.scope.attributes
    if (scopeAttributes && scopeAttributes.size > 0) columns.scopeAttributes.append(scopeAttributes)
    else columns.scopeAttributes.endRow()
    columns.resourceId.halves(this.#resourceId.low, this.#resourceId.high)
    appendNumber(columns.value, bytes, this.#value, this.#valueIsInteger)
    copyOr0(columns.count, bytes, this.#count)
    copyOr0(columns.sum, bytes, this.#sum)
    copyOr0(columns.min, bytes, this.#min)
    copyOr0(columns.max, bytes, this.#max)
    columns.bounds.endRow()
    columns.bucketCounts.endRow()
    columns.quantileValues.endRow()
    if (head.kind === 'exponential_histogram') this.#appendExponential(bytes)
    else columns.exponential.appendEmpty()
    columns.exemplarsTime.endRow()
    columns.exemplarsValue.endRow()
    columns.exemplarsTraceId.endRow()
    columns.exemplarsSpanId.endRow()
    columns.exemplarsAttributes.endRow()
    columns.flags.uint(this.#flags)
    appendMs(columns.receivedAt, this.#receivedMs)
    columns.block.endRow()
  }

  /** The JSON that the plain decoder writes. */
  #appendExponential(bytes: Buffer): void {
    const out = this.#exponential
    const zeroCount = this.#zeroCount < 0 ? 0n : bytes.readBigUInt64LE(this.#zeroCount)
    const threshold = this.#zeroThreshold < 0 ? 0 : bytes.readDoubleLE(this.#zeroThreshold)
    out.length = 0
    ascii(
      out,
      `{"scale":${this.#scale},"zeroCount":"${zeroCount}","zeroThreshold":${JSON.stringify(threshold)}`,
    )
    for (const [name, buckets] of [
      ['positive', this.#positive],
      ['negative', this.#negative],
    ] as const) {
      ascii(out, `,"${name}":{"offset":${buckets.offset},"counts":[`)
      out.add(buckets.counts.bytes, 0, buckets.counts.length)
      ascii(out, ']}')
    }
    ascii(out, '}')
    this.#columns.exponential.appendValid(out.bytes, 0, out.length)
  }
}
