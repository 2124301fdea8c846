import { eventsMax, linksMax } from '../limits.ts'
import { type Cursor, declined } from './cursor.ts'
import { isZero } from './places.ts'
import { exceptionTypeSlot, type PlainSpanColumns } from './span-columns.ts'
import { isBelievable, type TimeBounds } from './time-bounds.ts'

/** Events and links of one span after the other, straight into their columns. */
export class SpanItems {
  readonly #columns: PlainSpanColumns
  /** Where the items of the open row begin. */
  #firstEvent = 0
  #firstEventKey = 0
  #firstEventValueByte = 0
  #firstLink = 0
  #firstLinkStateByte = 0
  #firstLinkKey = 0
  #firstLinkValueByte = 0
  #events = 0
  #links = 0
  #exceptionType = 0
  #exceptionTypeEnd = 0

  constructor(columns: PlainSpanColumns) {
    this.#columns = columns
  }

  beginRow(): void {
    const { eventsName, eventsAttributes, linksTraceState, linksAttributes } = this.#columns
    this.#firstEvent = eventsName.items.rows
    this.#firstEventKey = eventsAttributes.items.keys.rows
    this.#firstEventValueByte = eventsAttributes.items.values.data.length
    this.#firstLink = linksTraceState.items.rows
    this.#firstLinkStateByte = linksTraceState.items.data.length
    this.#firstLinkKey = linksAttributes.items.keys.rows
    this.#firstLinkValueByte = linksAttributes.items.values.data.length
    this.#events = 0
    this.#links = 0
    this.#exceptionType = 0
    this.#exceptionTypeEnd = 0
  }

  /** Takes the items of the row back. */
  cutRow(): void {
    const columns = this.#columns
    columns.eventsTime.items.data.length = this.#firstEvent * 8
    columns.eventsName.items.rows = this.#firstEvent
    columns.eventsAttributes.items.cutTo([
      ...[this.#firstEvent, this.#firstEventKey],
      ...[this.#firstEventKey, this.#firstEventValueByte],
    ])
    columns.linksTraceId.items.data.length = this.#firstLink * 16
    columns.linksSpanId.items.data.length = this.#firstLink * 8
    columns.linksTraceState.items.cutTo([this.#firstLink, this.#firstLinkStateByte])
    columns.linksAttributes.items.cutTo([
      ...[this.#firstLink, this.#firstLinkKey],
      ...[this.#firstLinkKey, this.#firstLinkValueByte],
    ])
  }

  /** Ends the row, and says in the column of exception types what the last exception among the events was. */
  endRow(): void {
    const columns = this.#columns
    columns.eventsTime.endRow()
    columns.eventsName.endRow()
    columns.eventsAttributes.endRow()
    columns.linksTraceId.endRow()
    columns.linksSpanId.endRow()
    columns.linksTraceState.endRow()
    columns.linksAttributes.endRow()
    if (this.#exceptionType === this.#exceptionTypeEnd) columns.exceptionType.push(0)
    else {
      const { data } = columns.eventAttributes.map.values
      columns.exceptionType.appendBytes(data.bytes, this.#exceptionType, this.#exceptionTypeEnd)
    }
  }

  /** The event from the cursor to `end`. A time that cannot be true becomes the time of receipt. */
  readEvent(cursor: Cursor, end: number, bounds: TimeBounds): void {
    if (++this.#events > eventsMax) throw declined
    const { eventsTime, eventsName, eventsAttributes, eventAttributes } = this.#columns
    const outer = cursor.end
    cursor.end = end
    let low = 0
    let high = 0
    let name = 0
    let dropped = 0
    eventAttributes.beginRow()
    while (cursor.at < end) {
      const tag = cursor.tag()
      if (tag === 0x1a) {
        const length = cursor.length()
        eventAttributes.read(cursor, cursor.at + length)
      } else if (tag === 0x09) {
        cursor.fixed64()
        low = cursor.low
        high = cursor.high
      } else if (tag === 0x12) {
        const length = cursor.length()
        name = eventsName.items.codeOf(cursor.bytes, cursor.at, cursor.at + length)
        cursor.at += length
      } else if (tag === 0x20) dropped = cursor.low32()
      else if (tag >>> 3 <= 4) throw declined
      else cursor.skip(tag)
    }
    cursor.end = outer
    addDropped(eventAttributes, dropped)
    eventsAttributes.items.endRow()
    eventsName.items.push(name)
    if (isBelievable(bounds, low, high)) eventsTime.items.halves(low, high)
    else eventsTime.items.halves(bounds.received.low, bounds.received.high)
    if (name === eventsName.items.codeOfText('exception')) {
      this.#exceptionType = eventAttributes.slotStart[exceptionTypeSlot] as number
      this.#exceptionTypeEnd = eventAttributes.slotEnd[exceptionTypeSlot] as number
    }
  }

  /** A link without valid ids is declined: the plain decoder counts it as dropped. */
  readLink(cursor: Cursor, end: number): void {
    if (++this.#links > linksMax) throw declined
    const { linksTraceId, linksSpanId, linksTraceState, linksAttributes, linkAttributes } = this.#columns
    const outer = cursor.end
    cursor.end = end
    let traceId = -1
    let spanId = -1
    let state = 0
    let stateEnd = 0
    let dropped = 0
    let flags = 0
    linkAttributes.beginRow()
    while (cursor.at < end) {
      const tag = cursor.tag()
      if (tag === 0x0a || tag === 0x12) {
        if (cursor.length() !== (tag === 0x0a ? 16 : 8)) throw declined
        if (tag === 0x0a) traceId = cursor.at
        else spanId = cursor.at
        cursor.at += tag === 0x0a ? 16 : 8
      } else if (tag === 0x1a) {
        const length = cursor.length()
        state = cursor.at
        cursor.at += length
        stateEnd = cursor.at
      } else if (tag === 0x22) {
        const length = cursor.length()
        linkAttributes.read(cursor, cursor.at + length)
      } else if (tag === 0x28) dropped = cursor.low32()
      else if (tag === 0x35) flags = cursor.fixed32()
      else if (tag >>> 3 <= 6) throw declined
      else cursor.skip(tag)
    }
    cursor.end = outer
    addDropped(linkAttributes, dropped)
    if (flags !== 0) linkAttributes.add('otel.link.flags', String(flags))
    const { bytes } = cursor
    if (traceId < 0 || spanId < 0 || isZero(bytes, traceId, 16) || isZero(bytes, spanId, 8)) throw declined
    linksTraceId.items.copy(bytes, traceId)
    linksSpanId.items.copy(bytes, spanId)
    linksTraceState.items.appendBytes(bytes, state, stateEnd)
    linksAttributes.items.endRow()
  }
}

function addDropped(attributes: PlainSpanColumns['eventAttributes'], dropped: number): void {
  if (dropped > 0) attributes.add('otel.dropped_attributes_count', String(dropped))
}
