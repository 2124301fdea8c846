import { kubeEventNames } from '../../record/kube.ts'
import type { DecodeContext } from '../decoded.ts'
import type { Place } from '../walk-request.ts'
import { writeAnyValue } from './attribute-column.ts'
import { type Cursor, declined } from './cursor.ts'
import type { DayRow } from './day-rows.ts'
import { eventNameSlot, type LogColumns, sharedLogTexts } from './log-columns.ts'
import { idAt } from './places.ts'
import { dayOfHalves, type Halves, halvesOf, isAtMost, isBelievable, timeBounds } from './time-bounds.ts'

/**
 * One log record after the other: attributes are written while it is read, all else is remembered as places in the bytes
 * and appended when the whole record was read. Throws `declined` for one that is left to the plain decoder, the Kubernetes
 * records of ours among them; the columns are then as before.
 */
export class LogRow implements DayRow<LogColumns> {
  #columns: LogColumns
  #place: Place | undefined
  #texts: readonly string[] = []
  #resourceId: Halves = { low: 0, high: 0 }
  #bounds = timeBounds(0)
  #receivedMs: Halves = { low: 0, high: 0 }
  #batchId = ''

  #timeLow = 0
  #timeHigh = 0
  #observedLow = 0
  #observedHigh = 0
  #severity = 0
  #severityText = 0
  #severityTextEnd = 0
  #body = 0
  #bodyEnd = 0
  #dropped = 0
  #flags = 0
  #traceId = -1
  #spanId = -1
  #eventName = 0
  #eventNameEnd = 0

  constructor(columns: LogColumns) {
    this.#columns = columns
  }

  get day(): number {
    return this.#columns.day
  }

  get dayRead(): number {
    return dayOfHalves(this.#timeLow, this.#timeHigh)
  }

  beginRequest({ receivedAtMs, batchId }: DecodeContext): void {
    this.#bounds = timeBounds(receivedAtMs)
    this.#receivedMs = halvesOf(BigInt(Math.floor(receivedAtMs)))
    this.#batchId = batchId
  }

  beginScope(place: Place): void {
    this.#place = place
    this.#texts = sharedLogTexts(place, this.#batchId)
    this.#resourceId = halvesOf(place.resource.resource_id)
  }

  useColumns(columns: LogColumns): void {
    this.#columns = columns
  }

  /** Reads the record at the cursor, which ends at `end`. False: it is of another day than the columns; nothing is kept. */
  read(cursor: Cursor, end: number): boolean {
    const { attributes, body } = this.#columns
    const bodyRows = body.rows
    const bodyBytes = body.data.length
    attributes.beginRow()
    let kept = false
    try {
      this.#parse(cursor, end)
      this.#settleTimes()
      if (!this.#isOfTheDay()) return false
      this.#appendBody(cursor)
      this.#append(cursor.bytes)
      kept = true
      return true
    } finally {
      if (!kept) {
        attributes.cutRow()
        body.cutTo([bodyRows, bodyBytes])
      }
    }
  }

  #reset(): void {
    this.#timeLow = 0
    this.#timeHigh = 0
    this.#observedLow = 0
    this.#observedHigh = 0
    this.#severity = 0
    this.#severityText = 0
    this.#severityTextEnd = 0
    this.#body = -1
    this.#bodyEnd = -1
    this.#dropped = 0
    this.#flags = 0
    this.#traceId = -1
    this.#spanId = -1
    this.#eventName = 0
    this.#eventNameEnd = 0
  }

  /** A case is the whole tag: field number and wire type. The right field with another wire type is declined. */
  #parse(cursor: Cursor, end: number): void {
    this.#reset()
    const { attributes } = this.#columns
    const outer = cursor.end
    cursor.end = end
    while (cursor.at < end) {
      const tag = cursor.tag()
      switch (tag) {
        case 0x32: {
          const length = cursor.length()
          attributes.read(cursor, cursor.at + length)
          break
        }
        case 0x09:
          cursor.fixed64()
          this.#timeLow = cursor.low
          this.#timeHigh = cursor.high
          break
        case 0x59:
          cursor.fixed64()
          this.#observedLow = cursor.low
          this.#observedHigh = cursor.high
          break
        case 0x10:
          this.#severity = cursor.low32()
          break
        case 0x1a: {
          const length = cursor.length()
          this.#severityText = cursor.at
          cursor.at += length
          this.#severityTextEnd = cursor.at
          break
        }
        case 0x2a: {
          // Pieces of a body merge.
          if (this.#body >= 0) throw declined
          const length = cursor.length()
          this.#body = cursor.at
          cursor.at += length
          this.#bodyEnd = cursor.at
          break
        }
        case 0x38:
          this.#dropped = cursor.low32()
          break
        case 0x45:
          this.#flags = cursor.fixed32()
          break
        case 0x4a:
          this.#traceId = idAt(cursor, 16)
          break
        case 0x52:
          this.#spanId = idAt(cursor, 8)
          break
        case 0x62: {
          const length = cursor.length()
          this.#eventName = cursor.at
          cursor.at += length
          this.#eventNameEnd = cursor.at
          break
        }
        default:
          if (tag >>> 3 <= 12) throw declined
          cursor.skip(tag)
      }
    }
    cursor.end = outer
    if (isKubeName(cursor.bytes, this.#eventName, this.#eventNameEnd)) throw declined
    if (this.#dropped > 0) attributes.add('otel.dropped_attributes_count', String(this.#dropped))
  }

  /** A record without a time has that of its observation, and the other way round; what is not believed is the receipt. */
  #settleTimes(): void {
    const { received } = this.#bounds
    if (this.#observedLow === 0 && this.#observedHigh === 0) {
      this.#observedLow = this.#timeLow
      this.#observedHigh = this.#timeHigh
    }
    if (!isBelievable(this.#bounds, this.#observedLow, this.#observedHigh)) {
      this.#observedLow = received.low
      this.#observedHigh = received.high
    }
    if (this.#timeLow === 0 && this.#timeHigh === 0) {
      this.#timeLow = this.#observedLow
      this.#timeHigh = this.#observedHigh
    } else if (!isBelievable(this.#bounds, this.#timeLow, this.#timeHigh)) {
      this.#timeLow = received.low
      this.#timeHigh = received.high
    }
  }

  #isOfTheDay(): boolean {
    const { first, last } = this.#columns.bounds
    return (
      isAtMost(first.low, first.high, this.#timeLow, this.#timeHigh) &&
      isAtMost(this.#timeLow, this.#timeHigh, last.low, last.high)
    )
  }

  #appendBody(cursor: Cursor): void {
    const { body } = this.#columns
    if (this.#body < 0) {
      body.appendEmpty()
      return
    }
    const { at, end } = cursor
    cursor.at = this.#body
    cursor.end = this.#bodyEnd
    body.rows++
    writeAnyValue(cursor, this.#bodyEnd, body)
    cursor.at = at
    cursor.end = end
  }

  #append(bytes: Buffer): void {
    const columns = this.#columns
    columns.time.halves(this.#timeLow, this.#timeHigh)
    columns.observedTime.halves(this.#observedLow, this.#observedHigh)
    columns.shared.push(this.#texts)
    if (this.#eventName !== this.#eventNameEnd)
      columns.eventName.appendBytes(bytes, this.#eventName, this.#eventNameEnd)
    else this.#appendEventAttribute()
    columns.severityNumber.uint(this.#severity <= 24 ? this.#severity : 0)
    columns.severityText.appendBytes(bytes, this.#severityText, this.#severityTextEnd)
    if (this.#traceId < 0) columns.traceId.fill(0)
    else columns.traceId.copy(bytes, this.#traceId)
    if (this.#spanId < 0) columns.spanId.fill(0)
    else columns.spanId.copy(bytes, this.#spanId)
    columns.flags.uint(this.#flags)
    columns.attributes.map.endRow()
    const scopeAttributes = this.#place?.scope.attributes
    if (scopeAttributes && scopeAttributes.size > 0) columns.scopeAttributes.append(scopeAttributes)
    else columns.scopeAttributes.endRow()
    columns.resourceId.halves(this.#resourceId.low, this.#resourceId.high)
    columns.receivedAt.halves(this.#receivedMs.low, this.#receivedMs.high)
    columns.block.endRow()
  }

  /** Senders of before OTLP's `event_name` say it as an attribute. */
  #appendEventAttribute(): void {
    const { eventName, attributes } = this.#columns
    const { slotStart, slotEnd, map } = attributes
    if (attributes.has(eventNameSlot))
      eventName.appendBytes(
        map.values.data.bytes,
        slotStart[eventNameSlot] as number,
        slotEnd[eventNameSlot] as number,
      )
    else eventName.push(0)
  }
}

const kubeNames: ReadonlySet<string> = new Set(Object.values(kubeEventNames))
const kubeNameLengths: ReadonlySet<number> = new Set([...kubeNames].map((name) => name.length))

function isKubeName(bytes: Buffer, start: number, end: number): boolean {
  return kubeNameLengths.has(end - start) && kubeNames.has(bytes.toString('latin1', start, end))
}
