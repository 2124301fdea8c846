import { createRequire } from 'node:module'
import { peerOf } from '../../../collector/wire/peer.ts'
import { firstOf, promotedKeys } from '../../../collector/wire/promoted.ts'
import type { DecodePath } from './decode-under-test.ts'

/**
 * What one would write without a decoder of one's own: protobufjs' generated code into message objects, a plain object per
 * span with the columns of `spans` (same promoted columns, same contents), a line of JSON for each (JSONEachRow).
 */
export type NaiveRow = Readonly<Record<string, unknown>>

interface KeyValue {
  readonly key: string
  readonly value?: AnyValue | null
}
interface AnyValue {
  readonly stringValue?: string | null
  readonly boolValue?: boolean | null
  readonly intValue?: { toString(): string } | number | null
  readonly doubleValue?: number | null
  readonly arrayValue?: unknown
  readonly kvlistValue?: unknown
  readonly bytesValue?: Uint8Array | null
}
interface Time {
  readonly low: number
  readonly high: number
}
interface Span {
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
  readonly parentSpanId?: Uint8Array | null
  readonly traceState?: string | null
  readonly flags?: number | null
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: Time
  readonly endTimeUnixNano: Time
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount?: number | null
  readonly droppedEventsCount?: number | null
  readonly droppedLinksCount?: number | null
  readonly events: readonly { timeUnixNano: Time; name: string; attributes: readonly KeyValue[] }[]
  readonly links: readonly {
    traceId: Uint8Array
    spanId: Uint8Array
    traceState?: string | null
    attributes: readonly KeyValue[]
  }[]
  readonly status?: { readonly message?: string | null; readonly code?: number | null } | null
}
interface Request {
  readonly resourceSpans: readonly {
    readonly resource?: { readonly attributes: readonly KeyValue[] } | null
    readonly scopeSpans: readonly {
      readonly scope?: {
        readonly name?: string
        readonly version?: string
        readonly attributes: readonly KeyValue[]
      }
      readonly spans: readonly Span[]
    }[]
  }[]
}

const generated = createRequire(import.meta.url)('otlp-generated/build/src/generated/root.js') as {
  opentelemetry: {
    proto: {
      collector: { trace: { v1: { ExportTraceServiceRequest: { decode(body: Uint8Array): Request } } } }
    }
  }
}
const { ExportTraceServiceRequest } = generated.opentelemetry.proto.collector.trace.v1

export function naiveDecode(): DecodePath {
  let lines: string[] = []
  return {
    name: 'naive',
    append(body) {
      const rows = naiveRows(body, Date.now())
      for (const row of rows) lines.push(JSON.stringify(row))
      return rows.length
    },
    seal() {
      const bytes = Buffer.from(`${lines.join('\n')}\n`).length
      lines = []
      return bytes
    },
  }
}

export function naiveRows(body: Uint8Array, receivedAtMs: number): NaiveRow[] {
  const rows: NaiveRow[] = []
  for (const { resource, scopeSpans } of ExportTraceServiceRequest.decode(body).resourceSpans) {
    const about = textsOf(resource?.attributes ?? [])
    for (const { scope, spans } of scopeSpans)
      for (const span of spans)
        rows.push(naiveRow(span, { about, scope: scope ?? { attributes: [] }, receivedAtMs }))
  }
  return rows
}

interface Around {
  readonly about: ReadonlyMap<string, string>
  readonly scope: {
    readonly name?: string
    readonly version?: string
    readonly attributes: readonly KeyValue[]
  }
  readonly receivedAtMs: number
}

function naiveRow(span: Span, { about, scope, receivedAtMs }: Around): NaiveRow {
  const attributes = textsOf(span.attributes)
  const startNs = nanoseconds(span.startTimeUnixNano)
  const endNs = nanoseconds(span.endTimeUnixNano)
  const exception = span.events.findLast(({ name }) => name === 'exception')
  return {
    trace_id: idText(span.traceId),
    span_id: idText(span.spanId),
    parent_span_id: idText(span.parentSpanId ?? new Uint8Array(8)),
    start_time: String(startNs),
    duration_ns: String(endNs - startNs),
    cluster_id: about.get('k8s.cluster.name') ?? '',
    namespace: about.get('k8s.namespace.name') ?? '',
    application: about.get('service.namespace') ?? '',
    service: about.get('service.name') ?? '',
    version: about.get('service.version') ?? '',
    pod: about.get('k8s.pod.name') ?? '',
    operation: span.name,
    kind: span.kind,
    status: span.status?.code ?? 0,
    status_message: span.status?.message ?? '',
    http_method: firstOf(attributes, promotedKeys.http_method),
    http_route: firstOf(attributes, promotedKeys.http_route),
    http_status: Number(firstOf(attributes, promotedKeys.http_status)),
    db_system: firstOf(attributes, promotedKeys.db_system),
    db_statement: firstOf(attributes, promotedKeys.db_statement),
    messaging_system: firstOf(attributes, promotedKeys.messaging_system),
    messaging_destination: firstOf(attributes, promotedKeys.messaging_destination),
    rpc_system: firstOf(attributes, promotedKeys.rpc_system),
    peer: span.kind === 3 || span.kind === 4 ? peerOf((key) => attributes.get(key)) : '',
    exception_type: exception ? (textsOf(exception.attributes).get('exception.type') ?? '') : '',
    attributes: Object.fromEntries(attributes),
    scope_name: scope.name ?? '',
    scope_version: scope.version ?? '',
    scope_attributes: Object.fromEntries(textsOf(scope.attributes)),
    trace_state: span.traceState ?? '',
    flags: span.flags ?? 0,
    events_time: span.events.map(({ timeUnixNano }) => String(nanoseconds(timeUnixNano))),
    events_name: span.events.map(({ name }) => name),
    events_attributes: span.events.map((event) => Object.fromEntries(textsOf(event.attributes))),
    links_trace_id: span.links.map((link) => idText(link.traceId)),
    links_span_id: span.links.map((link) => idText(link.spanId)),
    links_trace_state: span.links.map((link) => link.traceState ?? ''),
    links_attributes: span.links.map((link) => Object.fromEntries(textsOf(link.attributes))),
    dropped_attributes: span.droppedAttributesCount ?? 0,
    dropped_events: span.droppedEventsCount ?? 0,
    dropped_links: span.droppedLinksCount ?? 0,
    received_at: String(receivedAtMs),
    // Eight bytes of the resource would need a hash here, as in the product; the naive path goes without.
    resource_id: 0,
  }
}

function textsOf(attributes: readonly KeyValue[]): Map<string, string> {
  const texts = new Map<string, string>()
  for (const { key, value } of attributes) texts.set(key, textOf(value ?? {}))
  return texts
}

function textOf(value: AnyValue): string {
  if (value.stringValue != null) return value.stringValue
  if (value.intValue != null) return value.intValue.toString()
  if (value.boolValue != null) return String(value.boolValue)
  if (value.doubleValue != null) return String(value.doubleValue)
  return JSON.stringify(value.arrayValue ?? value.kvlistValue ?? '')
}

/** Hex: raw bytes are no JSON text. The table decodes it, see `naive-server.ts`. */
function idText(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('hex')
}

function nanoseconds({ low, high }: Time): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
}
