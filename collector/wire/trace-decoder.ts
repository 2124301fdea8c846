import type { ResourceRow, SpanRow } from '../record/span.ts'
import { keepDropped, readKeyValue } from './any-value.ts'
import { collectRows, type DecodeContext, type DecodeResult } from './decoded.ts'
import { eventsMax, linksMax } from './limits.ts'
import { promotedColumns } from './promoted.ts'
import { readProto } from './proto-reader.ts'
import { clampInterval, clampTime } from './times.ts'
import { type Scope, type WalkRequest, walkRequest } from './walk-request.ts'
import { weightOf } from './weight.ts'

/**
 * An ExportTraceServiceRequest as rows of `spans` and `resources`. Nothing is thrown away but spans without a valid id
 * (rejected alone, with a message). Plain and complete rather than fast: the reference for any faster decoder.
 */
export function decodeTraces(request: WalkRequest, context: DecodeContext): DecodeResult<SpanRow> {
  const collector = collectRows<SpanRow>()
  const message = walkRequest(request, context, {
    onDamaged: (message) => collector.reject(`a span cannot be read: ${message}`),
    onItem(bytes, { resource, scope, rules }) {
      const row = readSpanRow(bytes, { resource, scope, context })
      if (typeof row === 'string') return collector.reject(row)
      const filteredBy = rules?.applySpan(row)
      if (filteredBy === undefined) collector.accept(row, resource)
      else collector.filter(filteredBy)
    },
  })
  return message === undefined ? collector.done() : { type: 'invalid', message }
}

/** The row of one span, or why it is rejected. Throws WireError when its bytes make no sense. */
export function readSpanRow(bytes: Uint8Array, place: SpanPlace): SpanRow | string {
  const span = readSpan(bytes)
  if (!isId(span.traceId, 16)) return 'a span has no valid trace id (16 bytes, not all zero)'
  if (!isId(span.spanId, 8)) return 'a span has no valid span id (8 bytes, not all zero)'
  if (span.parentSpanId.length !== 0 && span.parentSpanId.length !== 8)
    return 'a span has a malformed parent span id (not 8 bytes)'
  return spanRow(span, place)
}

const noId = new Uint8Array()
const zeroSpanId = new Uint8Array(8)

export function isId(id: Uint8Array, length: number): boolean {
  return id.length === length && id.some((byte) => byte !== 0)
}

interface Span {
  traceId: Uint8Array
  spanId: Uint8Array
  parentSpanId: Uint8Array
  traceState: string
  flags: number
  name: string
  kind: number
  startNs: bigint
  endNs: bigint
  attributes: Map<string, string>
  /** As the sender says. */
  droppedAttributes: number
  /** Beyond what we take. */
  surplusAttributes: number
  events: SpanEvent[]
  droppedEvents: number
  surplusEvents: number
  links: SpanLink[]
  droppedLinks: number
  surplusLinks: number
  status: number
  statusMessage: string
}

interface SpanEvent {
  timeNs: bigint
  name: string
  attributes: Map<string, string>
}

interface SpanLink {
  traceId: Uint8Array
  spanId: Uint8Array
  traceState: string
  attributes: Map<string, string>
}

function readSpan(bytes: Uint8Array): Span {
  const span: Span = {
    traceId: noId,
    spanId: noId,
    parentSpanId: noId,
    traceState: '',
    flags: 0,
    name: '',
    kind: 0,
    startNs: 0n,
    endNs: 0n,
    attributes: new Map(),
    droppedAttributes: 0,
    surplusAttributes: 0,
    events: [],
    droppedEvents: 0,
    surplusEvents: 0,
    links: [],
    droppedLinks: 0,
    surplusLinks: 0,
    status: 0,
    statusMessage: '',
  }
  const reader = readProto(bytes)
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        span.traceId = reader.bytes()
        break
      case 2:
        span.spanId = reader.bytes()
        break
      case 3:
        span.traceState = reader.text()
        break
      case 4:
        span.parentSpanId = reader.bytes()
        break
      case 5:
        span.name = reader.text()
        break
      case 6:
        span.kind = reader.uint32()
        break
      case 7:
        span.startNs = reader.fixed64()
        break
      case 8:
        span.endNs = reader.fixed64()
        break
      case 9:
        if (!readKeyValue(reader.bytes(), span.attributes)) span.surplusAttributes++
        break
      case 10:
        span.droppedAttributes = reader.uint32()
        break
      case 11:
        if (span.events.length < eventsMax) span.events.push(readEvent(reader.bytes()))
        else span.surplusEvents++
        break
      case 12:
        span.droppedEvents = reader.uint32()
        break
      case 13:
        if (span.links.length < linksMax) span.links.push(readLink(reader.bytes()))
        else span.surplusLinks++
        break
      case 14:
        span.droppedLinks = reader.uint32()
        break
      case 15:
        readStatus(reader.bytes(), span)
        break
      case 16:
        span.flags = reader.fixed32()
        break
    }
  }
  return span
}

function readEvent(bytes: Uint8Array): SpanEvent {
  const event: SpanEvent = { timeNs: 0n, name: '', attributes: new Map() }
  let dropped = 0
  let surplus = 0
  const reader = readProto(bytes)
  while (reader.next()) {
    if (reader.field() === 1) event.timeNs = reader.fixed64()
    else if (reader.field() === 2) event.name = reader.text()
    else if (reader.field() === 3 && !readKeyValue(reader.bytes(), event.attributes)) surplus++
    else if (reader.field() === 4) dropped = reader.uint32()
  }
  keepDropped(event.attributes, dropped + surplus)
  return event
}

function readLink(bytes: Uint8Array): SpanLink {
  const link: SpanLink = { traceId: noId, spanId: noId, traceState: '', attributes: new Map() }
  let dropped = 0
  let surplus = 0
  let flags = 0
  const reader = readProto(bytes)
  while (reader.next()) {
    if (reader.field() === 1) link.traceId = reader.bytes()
    else if (reader.field() === 2) link.spanId = reader.bytes()
    else if (reader.field() === 3) link.traceState = reader.text()
    else if (reader.field() === 4 && !readKeyValue(reader.bytes(), link.attributes)) surplus++
    else if (reader.field() === 5) dropped = reader.uint32()
    else if (reader.field() === 6) flags = reader.fixed32()
  }
  keepDropped(link.attributes, dropped + surplus)
  if (flags !== 0) link.attributes.set('otel.link.flags', String(flags))
  return link
}

function readStatus(bytes: Uint8Array, span: Span): void {
  const reader = readProto(bytes)
  while (reader.next()) {
    if (reader.field() === 2) span.statusMessage = reader.text()
    else if (reader.field() === 3) span.status = reader.uint32()
  }
}

export interface SpanPlace {
  readonly resource: ResourceRow
  readonly scope: Scope
  readonly context: DecodeContext
}

function spanRow(span: Span, { resource, scope, context }: SpanPlace): SpanRow {
  const { attributes } = span
  const time = clampInterval(span.startNs, span.endNs, context.receivedAtMs)
  const links = span.links.filter((link) => isId(link.traceId, 16) && isId(link.spanId, 8))
  const exception = span.events.findLast(({ name }) => name === 'exception')?.attributes
  return {
    trace_id: span.traceId,
    span_id: span.spanId,
    parent_span_id: isId(span.parentSpanId, 8) ? span.parentSpanId : zeroSpanId,
    start_time: time.startNs,
    duration_ns: time.durationNs,
    cluster_id: resource.cluster_id,
    namespace: resource.namespace,
    application: resource.application,
    service: resource.service,
    version: resource.version,
    pod: resource.pod,
    operation: span.name,
    kind: span.kind <= 5 ? span.kind : 0,
    status: span.status <= 2 ? span.status : 0,
    status_message: span.statusMessage,
    ...promotedColumns(attributes, { kind: span.kind, service: resource.service }),
    exception_type: exception?.get('exception.type') ?? '',
    attributes,
    resource_id: resource.resource_id,
    scope_name: scope.name,
    scope_version: scope.version,
    scope_attributes: scope.attributes,
    schema_url: scope.schemaUrl,
    trace_state: span.traceState,
    flags: span.flags,
    events_time: span.events.map(({ timeNs }) => clampTime(timeNs, context.receivedAtMs).ns),
    events_name: span.events.map(({ name }) => name),
    events_attributes: span.events.map((event) => event.attributes),
    links_trace_id: links.map(({ traceId }) => traceId),
    links_span_id: links.map(({ spanId }) => spanId),
    links_trace_state: links.map(({ traceState }) => traceState),
    links_attributes: links.map((link) => link.attributes),
    dropped_attributes: count32(span.droppedAttributes + span.surplusAttributes),
    dropped_events: count32(span.droppedEvents + span.surplusEvents),
    dropped_links: count32(span.droppedLinks + span.surplusLinks + span.links.length - links.length),
    clamped: time.clamped,
    weight: weightOf(span.traceState),
    received_at: context.receivedAtMs,
    batch_id: context.batchId,
  }
}

const count32 = (count: number) => Math.min(count, 0xffff_ffff)
