import type { ResourceRow } from '../../record/span.ts'
import { eventsMax, linksMax } from '../limits.ts'
import { peerAddresses } from '../promoted.ts'
import type { FilteredSpan, SpanFilter } from '../rules/item-rules.ts'
import type { Sampled } from '../rules/sampler.ts'
import type { Scope } from '../walk-request.ts'
import { weightOf } from '../weight.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { type Cursor, declined } from './cursor.ts'
import { exceptionTypeSlot, type SpanColumns, slots } from './span-columns.ts'
import { type Halves, halvesOf, isAtMost, isBelievable, type TimeBounds, timeBounds } from './time-bounds.ts'

/** What the spans of a scope share, as codes of the dictionaries of the block they go to. */
interface Shared {
  clusterId: number
  namespace: number
  application: number
  service: number
  version: number
  pod: number
  scopeName: number
  scopeVersion: number
  schemaUrl: number
  batchId: number
}

/**
 * One span after the other: read by position, then appended to the columns of its day. While it is read only attributes,
 * events and links are written; all else is remembered as places in the bytes, and appended when the whole span was read.
 *
 * Throws `declined` for a span that it leaves to the plain decoder; the columns are then as before.
 */
export class SpanRow implements FilteredSpan {
  #columns: SpanColumns
  #bounds: TimeBounds = timeBounds(0)
  #resource: ResourceRow | undefined
  #resourceId: Halves = { low: 0, high: 0 }
  #scope: Scope | undefined
  #filter: SpanFilter | undefined
  #sampled: Sampled | undefined
  /** The rule that took the span away that was read last; undefined: it was kept. */
  filteredBy: string | undefined
  #batchId = ''
  #receivedMs: Halves = { low: 0, high: 0 }
  #shared: Shared = { ...noShared }
  #sharedEpoch = -1
  /** An address and its port. */
  readonly #joined = new ByteBuffer(256)

  #bytes: Buffer = Buffer.alloc(0)
  #traceId = 0
  #spanId = 0
  #parentId = 0
  #traceState = 0
  #traceStateEnd = 0
  #name = 0
  #nameEnd = 0
  #statusMessage = 0
  #statusMessageEnd = 0
  #startLow = 0
  #startHigh = 0
  #endLow = 0
  #endHigh = 0
  #kind = 0
  #status = 0
  #flags = 0
  #droppedAttributes = 0
  #droppedEvents = 0
  #droppedLinks = 0
  #events = 0
  #links = 0
  #exceptionType = 0
  #exceptionTypeEnd = 0
  #clamped = 0
  #durationLow = 0
  #durationHigh = 0

  constructor(columns: SpanColumns) {
    this.#columns = columns
  }

  /** Of the following spans. */
  beginRequest(receivedAtMs: number, batchId: string): void {
    this.#bounds = timeBounds(receivedAtMs)
    this.#receivedMs = halvesOf(BigInt(Math.floor(receivedAtMs)))
    this.#batchId = batchId
    this.#sharedEpoch = -1
  }

  beginScope(resource: ResourceRow, scope: Scope, filter: SpanFilter | undefined): void {
    this.#resource = resource
    this.#filter = filter
    this.#resourceId = halvesOf(resource.resource_id)
    this.#scope = scope
    this.#sharedEpoch = -1
  }

  useColumns(columns: SpanColumns): void {
    this.#columns = columns
    this.#sharedEpoch = -1
  }

  /** Where the start of the span that was read last lies, when `read` returned false. */
  get startLow(): number {
    return this.#startLow
  }
  get startHigh(): number {
    return this.#startHigh
  }

  /**
   * Reads the span at the cursor, which ends at `end`. False: it is of another day than the columns. Nothing is kept of it
   * then, nor of one that a rule took away (`filteredBy`).
   */
  read(cursor: Cursor, end: number): boolean {
    const columns = this.#columns
    const eventItems = columns.eventsTime.items.data.length
    const eventKeys = columns.eventsAttributes.items.keys.rows
    const eventValueBytes = columns.eventsAttributes.items.values.data.length
    const linkItems = columns.linksTraceState.items.rows
    const linkStateBytes = columns.linksTraceState.items.data.length
    const linkKeys = columns.linksAttributes.items.keys.rows
    const linkValueBytes = columns.linksAttributes.items.values.data.length
    columns.attributes.beginRow()
    this.filteredBy = undefined
    let kept = false
    try {
      this.#parse(cursor, end)
      this.#settleTime()
      this.#sampled = undefined
      if (this.#filter && !this.#passes(this.#filter)) return true
      kept = this.#isOfTheDay()
      if (kept) this.#append()
      return kept
    } finally {
      if (!kept) {
        columns.attributes.cutRow()
        const events = eventItems / 8
        columns.eventsTime.items.data.length = eventItems
        columns.eventsName.items.rows = events
        columns.eventsAttributes.items.cutTo([events, eventKeys, eventKeys, eventValueBytes])
        columns.linksTraceId.items.data.length = linkItems * 16
        columns.linksSpanId.items.data.length = linkItems * 8
        columns.linksTraceState.items.cutTo([linkItems, linkStateBytes])
        columns.linksAttributes.items.cutTo([linkItems, linkKeys, linkKeys, linkValueBytes])
      }
    }
  }

  #reset(): void {
    this.#traceId = -1
    this.#spanId = -1
    this.#parentId = -1
    this.#traceState = 0
    this.#traceStateEnd = 0
    this.#name = 0
    this.#nameEnd = 0
    this.#statusMessage = 0
    this.#statusMessageEnd = 0
    this.#startLow = 0
    this.#startHigh = 0
    this.#endLow = 0
    this.#endHigh = 0
    this.#kind = 0
    this.#status = 0
    this.#flags = 0
    this.#droppedAttributes = 0
    this.#droppedEvents = 0
    this.#droppedLinks = 0
    this.#events = 0
    this.#links = 0
    this.#exceptionType = 0
    this.#exceptionTypeEnd = 0
  }

  /** A case is the whole tag: field number and wire type. The right field with another wire type is declined. */
  #parse(cursor: Cursor, end: number): void {
    this.#reset()
    this.#bytes = cursor.bytes
    const { attributes } = this.#columns
    const outer = cursor.end
    cursor.end = end
    while (cursor.at < end) {
      const tag = cursor.tag()
      switch (tag) {
        case 0x4a: {
          const length = cursor.length()
          attributes.read(cursor, cursor.at + length)
          break
        }
        case 0x0a:
          if (cursor.length() !== 16) throw declined
          this.#traceId = cursor.at
          cursor.at += 16
          break
        case 0x12:
          if (cursor.length() !== 8) throw declined
          this.#spanId = cursor.at
          cursor.at += 8
          break
        case 0x1a: {
          const length = cursor.length()
          this.#traceState = cursor.at
          cursor.at += length
          this.#traceStateEnd = cursor.at
          break
        }
        case 0x22: {
          const length = cursor.length()
          if (length !== 8 && length !== 0) throw declined
          this.#parentId = length === 0 ? -1 : cursor.at
          cursor.at += length
          break
        }
        case 0x2a: {
          const length = cursor.length()
          this.#name = cursor.at
          cursor.at += length
          this.#nameEnd = cursor.at
          break
        }
        case 0x30:
          this.#kind = cursor.low32()
          break
        case 0x39:
          cursor.fixed64()
          this.#startLow = cursor.low
          this.#startHigh = cursor.high
          break
        case 0x41:
          cursor.fixed64()
          this.#endLow = cursor.low
          this.#endHigh = cursor.high
          break
        case 0x50:
          this.#droppedAttributes = cursor.low32()
          break
        case 0x5a: {
          const length = cursor.length()
          this.#event(cursor, cursor.at + length)
          break
        }
        case 0x60:
          this.#droppedEvents = cursor.low32()
          break
        case 0x6a: {
          const length = cursor.length()
          this.#link(cursor, cursor.at + length)
          break
        }
        case 0x70:
          this.#droppedLinks = cursor.low32()
          break
        case 0x7a: {
          const length = cursor.length()
          this.#readStatus(cursor, cursor.at + length)
          break
        }
        case 0x85:
          this.#flags = cursor.fixed32()
          break
        default:
          if (tag >>> 3 <= 16) throw declined
          cursor.skip(tag)
      }
    }
    cursor.end = outer
    if (this.#traceId < 0 || isZero(cursor.bytes, this.#traceId, 16)) throw declined
    if (this.#spanId < 0 || isZero(cursor.bytes, this.#spanId, 8)) throw declined
  }

  #readStatus(cursor: Cursor, end: number): void {
    const outer = cursor.end
    cursor.end = end
    while (cursor.at < end) {
      const tag = cursor.tag()
      if (tag === 0x12) {
        const length = cursor.length()
        this.#statusMessage = cursor.at
        cursor.at += length
        this.#statusMessageEnd = cursor.at
      } else if (tag === 0x18) this.#status = cursor.low32()
      else if (tag >>> 3 === 2 || tag >>> 3 === 3 || tag >>> 3 === 0) throw declined
      else cursor.skip(tag)
    }
    cursor.end = outer
  }

  #event(cursor: Cursor, end: number): void {
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
    if (isBelievable(this.#bounds, low, high)) eventsTime.items.halves(low, high)
    else eventsTime.items.halves(this.#bounds.received.low, this.#bounds.received.high)
    if (name === eventsName.items.codeOfText('exception')) {
      this.#exceptionType = eventAttributes.slotStart[exceptionTypeSlot] as number
      this.#exceptionTypeEnd = eventAttributes.slotEnd[exceptionTypeSlot] as number
    }
  }

  #link(cursor: Cursor, end: number): void {
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

  /** As `clampInterval` does. */
  #settleTime(): void {
    const bounds = this.#bounds
    const start = isBelievable(bounds, this.#startLow, this.#startHigh)
    const end = isBelievable(bounds, this.#endLow, this.#endHigh)
    this.#durationLow = 0
    this.#durationHigh = 0
    if (start && end && isAtMost(this.#startLow, this.#startHigh, this.#endLow, this.#endHigh)) {
      this.#clamped = 0
      const borrow = this.#endLow < this.#startLow ? 1 : 0
      this.#durationLow = (this.#endLow - this.#startLow) >>> 0
      this.#durationHigh = (this.#endHigh - this.#startHigh - borrow) >>> 0
      return
    }
    this.#clamped = 1
    if (start) return
    this.#startLow = end ? this.#endLow : bounds.received.low
    this.#startHigh = end ? this.#endHigh : bounds.received.high
  }

  /** False: a rule takes the span away. */
  #passes(filter: SpanFilter): boolean {
    const decided = filter.decide(this, this.#bytes, this.#traceId)
    if (typeof decided === 'string') this.filteredBy = decided
    else this.#sampled = decided
    return this.filteredBy === undefined
  }

  /** What the rules may ask of the span that was read last. */
  get operation(): string {
    return this.#bytes.toString('utf8', this.#name, this.#nameEnd)
  }
  get kind(): number {
    return this.#kind <= 5 ? this.#kind : 0
  }
  get status(): number {
    return this.#status <= 2 ? this.#status : 0
  }
  get duration_ns(): bigint {
    return (BigInt(this.#durationHigh) << 32n) | BigInt(this.#durationLow)
  }
  get trace_state(): string {
    return this.#bytes.toString('utf8', this.#traceState, this.#traceStateEnd)
  }
  get attributes(): FilteredSpan['attributes'] {
    return this.#columns.attributes
  }

  #isOfTheDay(): boolean {
    const { firstNs, lastNs } = this.#columns
    return (
      isAtMost(firstNs.low, firstNs.high, this.#startLow, this.#startHigh) &&
      isAtMost(this.#startLow, this.#startHigh, lastNs.low, lastNs.high)
    )
  }

  #append(): void {
    const columns = this.#columns
    const bytes = this.#bytes
    const shared = this.#sharedCodes()
    columns.traceId.copy(bytes, this.#traceId)
    columns.spanId.copy(bytes, this.#spanId)
    if (this.#parentId < 0) columns.parentSpanId.fill(0)
    else columns.parentSpanId.copy(bytes, this.#parentId)
    columns.startTime.halves(this.#startLow, this.#startHigh)
    columns.durationNs.halves(this.#durationLow, this.#durationHigh)
    columns.clusterId.push(shared.clusterId)
    columns.namespace.push(shared.namespace)
    columns.application.push(shared.application)
    columns.service.push(shared.service)
    columns.version.push(shared.version)
    columns.pod.push(shared.pod)
    columns.operation.appendBytes(bytes, this.#name, this.#nameEnd)
    columns.kind.uint(this.kind)
    columns.status.uint(this.status)
    columns.statusMessage.appendBytes(bytes, this.#statusMessage, this.#statusMessageEnd)
    this.#appendPromoted()
    columns.attributes.map.endRow()
    columns.resourceId.halves(this.#resourceId.low, this.#resourceId.high)
    columns.scopeName.push(shared.scopeName)
    columns.scopeVersion.push(shared.scopeVersion)
    this.#appendScopeAttributes()
    columns.schemaUrl.push(shared.schemaUrl)
    this.#appendTraceState()
    columns.flags.uint(this.#flags)
    columns.eventsTime.endRow()
    columns.eventsName.endRow()
    columns.eventsAttributes.endRow()
    columns.linksTraceId.endRow()
    columns.linksSpanId.endRow()
    columns.linksTraceState.endRow()
    columns.linksAttributes.endRow()
    columns.droppedAttributes.uint(this.#droppedAttributes)
    columns.droppedEvents.uint(this.#droppedEvents)
    columns.droppedLinks.uint(this.#droppedLinks)
    columns.clamped.uint(this.#clamped)
    columns.receivedAt.halves(this.#receivedMs.low, this.#receivedMs.high)
    columns.batchId.push(shared.batchId)
    columns.block.endRow()
  }

  #appendPromoted(): void {
    const columns = this.#columns
    const { slotStart, slotEnd, map } = columns.attributes
    const { bytes } = map.values.data
    const word = (column: typeof columns.httpMethod, slot: number) => {
      const start = slotStart[slot] as number
      const end = slotEnd[slot] as number
      if (start === end) column.push(0)
      else column.appendBytes(bytes, start, end)
    }
    word(columns.httpMethod, slots.http_method)
    word(columns.httpRoute, slots.http_route)
    columns.httpStatus.uint(
      threeDigits(bytes, slotStart[slots.http_status] as number, slotEnd[slots.http_status] as number),
    )
    word(columns.dbSystem, slots.db_system)
    columns.dbStatement.appendValid(
      bytes,
      slotStart[slots.db_statement] as number,
      slotEnd[slots.db_statement] as number,
    )
    word(columns.messagingSystem, slots.messaging_system)
    word(columns.messagingDestination, slots.messaging_destination)
    word(columns.rpcSystem, slots.rpc_system)
    if (this.#kind === 3 || this.#kind === 4) this.#appendPeer()
    else columns.peer.push(0)
    if (this.#exceptionType === this.#exceptionTypeEnd) columns.exceptionType.push(0)
    else {
      const { data } = columns.eventAttributes.map.values
      columns.exceptionType.appendBytes(data.bytes, this.#exceptionType, this.#exceptionTypeEnd)
    }
  }

  /** As `peerOf` does. */
  #appendPeer(): void {
    const { peer, attributes } = this.#columns
    const { slotStart, slotEnd, map } = attributes
    const { bytes } = map.values.data
    let slot = -1
    if (attributes.has(slots.peerName)) slot = slots.peerName
    for (let index = 0; slot < 0 && index < peerAddresses.length; index++) {
      if (!attributes.has(slots.peerAddress + index)) continue
      slot = slots.peerAddress + index
      const port = slots.peerPort + index
      if (!attributes.has(port)) break
      const joined = this.#joined
      joined.length = 0
      joined.add(bytes, slotStart[slot] as number, slotEnd[slot] as number)
      joined.add(colon, 0, 1)
      joined.add(bytes, slotStart[port] as number, slotEnd[port] as number)
      peer.appendBytes(joined.bytes, 0, joined.length)
      return
    }
    if (slot < 0) slot = slots.database
    if (attributes.has(slot)) peer.appendBytes(bytes, slotStart[slot] as number, slotEnd[slot] as number)
    else peer.push(0)
  }

  #appendScopeAttributes(): void {
    const { scopeAttributes } = this.#columns
    const attributes = this.#scope?.attributes
    if (attributes && attributes.size > 0) scopeAttributes.append(attributes)
    else scopeAttributes.endRow()
  }

  #appendTraceState(): void {
    const { traceState, weight } = this.#columns
    if (this.#sampled) {
      traceState.appendText(this.#sampled.traceState)
      weight.append(this.#sampled.weight)
      return
    }
    traceState.appendBytes(this.#bytes, this.#traceState, this.#traceStateEnd)
    if (this.#traceState === this.#traceStateEnd) weight.halves(0, oneHigh)
    else weight.append(weightOf(this.#bytes.toString('utf8', this.#traceState, this.#traceStateEnd)))
  }

  /** The codes of what the scope's spans share; looked up again when the columns, the resource or the scope changed. */
  #sharedCodes(): Shared {
    const columns = this.#columns
    if (this.#sharedEpoch === columns.service.epoch) return this.#shared
    const resource = this.#resource
    const scope = this.#scope
    const shared = this.#shared
    shared.clusterId = columns.clusterId.codeOfText(resource?.cluster_id ?? '')
    shared.namespace = columns.namespace.codeOfText(resource?.namespace ?? '')
    shared.application = columns.application.codeOfText(resource?.application ?? '')
    shared.service = columns.service.codeOfText(resource?.service ?? '')
    shared.version = columns.version.codeOfText(resource?.version ?? '')
    shared.pod = columns.pod.codeOfText(resource?.pod ?? '')
    shared.scopeName = columns.scopeName.codeOfText(scope?.name ?? '')
    shared.scopeVersion = columns.scopeVersion.codeOfText(scope?.version ?? '')
    shared.schemaUrl = columns.schemaUrl.codeOfText(scope?.schemaUrl ?? '')
    shared.batchId = columns.batchId.codeOfText(this.#batchId)
    this.#sharedEpoch = columns.service.epoch
    return shared
  }
}

const noShared: Shared = {
  clusterId: 0,
  namespace: 0,
  application: 0,
  service: 0,
  version: 0,
  pod: 0,
  scopeName: 0,
  scopeVersion: 0,
  schemaUrl: 0,
  batchId: 0,
}

const colon = Buffer.from(':')

/** The high half of the double 1. */
const oneHigh = 0x3f_f0_00_00

function addDropped(attributes: SpanColumns['eventAttributes'], dropped: number): void {
  if (dropped > 0) attributes.add('otel.dropped_attributes_count', String(dropped))
}

function isZero(bytes: Buffer, start: number, count: number): boolean {
  for (let at = start; at < start + count; at++) if (bytes[at] !== 0) return false
  return true
}

/** An HTTP status: three digits, else 0. */
function threeDigits(bytes: Buffer, start: number, end: number): number {
  if (end - start !== 3) return 0
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - 0x30
    if (digit < 0 || digit > 9) return 0
    value = value * 10 + digit
  }
  return value
}
