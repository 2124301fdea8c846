import type { ResourceRow } from '../../record/span.ts'
import type { FilteredSpan, SpanFilter } from '../rules/item-rules.ts'
import type { Sampled } from '../rules/sampler.ts'
import { linkerdProxy } from '../sidecar.ts'
import type { Scope } from '../walk-request.ts'
import { weightOf } from '../weight.ts'
import { type Cursor, declined } from './cursor.ts'
import type { DayRow } from './day-rows.ts'
import { isZero } from './places.ts'
import type { SpanColumns } from './span-columns.ts'
import {
  dayOfHalves,
  type Halves,
  halvesOf,
  isAtMost,
  isBelievable,
  type TimeBounds,
  timeBounds,
} from './time-bounds.ts'

/**
 * One span after the other: read by position, then appended to the columns of its day. While it is read only attributes,
 * events and links are written; all else is remembered as places in the bytes, and appended when the whole span was read.
 *
 * Throws `declined` for a span that it leaves to the plain decoder; the columns are then as before.
 */
export class SpanRow implements FilteredSpan, DayRow<SpanColumns> {
  #columns: SpanColumns
  #bounds: TimeBounds = timeBounds(0)
  #resourceId: Halves = { low: 0, high: 0 }
  #scope: Scope | undefined
  #filter: SpanFilter | undefined
  #sampled: Sampled | undefined
  /** The rule that took the span away that was read last; undefined: it was kept. */
  filteredBy: string | undefined
  #receivedMs: Halves = { low: 0, high: 0 }
  #batchId = ''
  /** What the spans of a scope share, in the order of `shared` of the columns. */
  #words: readonly string[] = []
  #linkerd = false
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
  }

  beginScope(resource: ResourceRow, scope: Scope, filter: SpanFilter | undefined): void {
    this.#filter = filter
    this.#resourceId = halvesOf(resource.resource_id)
    this.#scope = scope
    const { cluster_id, namespace, application, service, version, pod } = resource
    this.#linkerd = service === linkerdProxy
    const ofScope = [scope.name, scope.version, scope.schemaUrl, this.#batchId]
    this.#words = [cluster_id, namespace, application, service, version, pod, ...ofScope]
  }

  useColumns(columns: SpanColumns): void {
    this.#columns = columns
  }

  get day(): number {
    return this.#columns.day
  }

  get dayRead(): number {
    return dayOfHalves(this.#startLow, this.#startHigh)
  }

  /**
   * Reads the span at the cursor, which ends at `end`. False: it is of another day than the columns. Nothing is kept of it
   * then, nor of one that a rule took away (`filteredBy`).
   */
  read(cursor: Cursor, end: number): boolean {
    const columns = this.#columns
    columns.items.beginRow()
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
        columns.items.cutRow()
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
  }

  /** A case is the whole tag: field number and wire type. The right field with another wire type is declined. */
  #parse(cursor: Cursor, end: number): void {
    this.#reset()
    this.#bytes = cursor.bytes
    const { attributes, items } = this.#columns
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
          items.readEvent(cursor, cursor.at + length, this.#bounds)
          break
        }
        case 0x60:
          this.#droppedEvents = cursor.low32()
          break
        case 0x6a: {
          const length = cursor.length()
          items.readLink(cursor, cursor.at + length)
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
    columns.traceId.copy(bytes, this.#traceId)
    columns.spanId.copy(bytes, this.#spanId)
    if (this.#parentId < 0) columns.parentSpanId.fill(0)
    else columns.parentSpanId.copy(bytes, this.#parentId)
    columns.startTime.halves(this.#startLow, this.#startHigh)
    columns.durationNs.halves(this.#durationLow, this.#durationHigh)
    columns.shared.push(this.#words)
    columns.operation.appendBytes(bytes, this.#name, this.#nameEnd)
    columns.kind.uint(this.kind)
    columns.status.uint(this.status)
    columns.statusMessage.appendBytes(bytes, this.#statusMessage, this.#statusMessageEnd)
    columns.promoted.append(this.#kind)
    columns.attributes.map.endRow()
    columns.resourceId.halves(this.#resourceId.low, this.#resourceId.high)
    this.#appendScopeAttributes()
    this.#appendTraceState()
    columns.flags.uint(this.#flags)
    columns.items.endRow()
    columns.droppedAttributes.uint(this.#droppedAttributes)
    columns.droppedEvents.uint(this.#droppedEvents)
    columns.droppedLinks.uint(this.#droppedLinks)
    columns.clamped.uint(this.#clamped)
    columns.sidecar.uint(this.#linkerd || columns.promoted.isSidecar('') ? 1 : 0)
    columns.receivedAt.halves(this.#receivedMs.low, this.#receivedMs.high)
    columns.block.endRow()
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
}

/** The high half of the double 1. */
const oneHigh = 0x3f_f0_00_00
