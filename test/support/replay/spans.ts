import { type ProtoWriter, writeProto } from '../../../collector/wire/proto-writer.ts'

/** A span of a public trace in OTLP's terms; ids in hex, times in Unix ns. */
export interface ReplaySpan {
  readonly traceId: string
  readonly spanId: string
  /** '': a root. */
  readonly parentSpanId: string
  readonly name: string
  readonly kind: SpanKind
  readonly startNs: bigint
  readonly endNs: bigint
  readonly failed?: boolean
  readonly attributes?: Attributes
  readonly resource: Attributes
}

export type Attributes = Readonly<Record<string, string>>
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer'

const kindNumbers = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const

/** An ExportTraceServiceRequest of the spans. Spans of one resource share its object. */
export function encodeSpans(spans: readonly ReplaySpan[]): Uint8Array {
  const request = writeProto()
  for (const [resource, own] of Map.groupBy(spans, (span) => span.resource)) {
    request.message(1, (resourceSpans) => {
      resourceSpans.message(1, (writer) => writeAttributes(writer, 1, resource))
      resourceSpans.message(2, (scope) => {
        for (const span of own) scope.message(2, (writer) => writeSpan(writer, span))
      })
    })
  }
  return request.finish()
}

function writeSpan(writer: ProtoWriter, span: ReplaySpan): void {
  writer.bytes(1, Buffer.from(span.traceId, 'hex')).bytes(2, Buffer.from(span.spanId, 'hex'))
  if (span.parentSpanId !== '') writer.bytes(4, Buffer.from(span.parentSpanId, 'hex'))
  writer.text(5, span.name).varint(6, kindNumbers[span.kind]).fixed64(7, span.startNs).fixed64(8, span.endNs)
  if (span.attributes) writeAttributes(writer, 9, span.attributes)
  if (span.failed) writer.message(15, (status) => status.varint(3, 2))
}

function writeAttributes(writer: ProtoWriter, field: number, attributes: Attributes): void {
  for (const [key, value] of Object.entries(attributes)) {
    writer.message(field, (pair) => pair.text(1, key).message(2, (any) => any.text(1, value)))
  }
}
