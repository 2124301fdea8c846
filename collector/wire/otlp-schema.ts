import type { OtlpSignal } from '../record/otlp.ts'

/**
 * OTLP's messages as far as OTLP/JSON needs them to become protobuf: JSON name → field number and type
 * (opentelemetry-proto v1, trace, logs, metrics, common, resource).
 */
export type FieldType =
  | 'string'
  | 'bytes'
  /** Hex in JSON, bytes in protobuf. */
  | 'id'
  | 'bool'
  | 'uint32'
  | 'int32'
  | 'sint32'
  | 'int64'
  | 'uint64'
  | 'fixed64'
  | 'sfixed64'
  | 'fixed32'
  | 'double'

export interface FieldSchema {
  readonly number: number
  readonly type: FieldType | (() => MessageSchema)
  readonly repeated: boolean
}
export type MessageSchema = Readonly<Record<string, FieldSchema>>

const one = (number: number, type: FieldSchema['type']): FieldSchema => ({ number, type, repeated: false })
const many = (number: number, type: FieldSchema['type']): FieldSchema => ({ number, type, repeated: true })

const anyValue: MessageSchema = {
  stringValue: one(1, 'string'),
  boolValue: one(2, 'bool'),
  intValue: one(3, 'int64'),
  doubleValue: one(4, 'double'),
  arrayValue: one(5, () => ({ values: many(1, () => anyValue) })),
  kvlistValue: one(6, () => ({ values: many(1, () => keyValue) })),
  bytesValue: one(7, 'bytes'),
}
const keyValue: MessageSchema = { key: one(1, 'string'), value: one(2, () => anyValue) }
const attributes = (number: number) => many(number, () => keyValue)

const resource: MessageSchema = { attributes: attributes(1), droppedAttributesCount: one(2, 'uint32') }
const scope: MessageSchema = {
  name: one(1, 'string'),
  version: one(2, 'string'),
  attributes: attributes(3),
  droppedAttributesCount: one(4, 'uint32'),
}

const spanEvent: MessageSchema = {
  timeUnixNano: one(1, 'fixed64'),
  name: one(2, 'string'),
  attributes: attributes(3),
  droppedAttributesCount: one(4, 'uint32'),
}
const spanLink: MessageSchema = {
  traceId: one(1, 'id'),
  spanId: one(2, 'id'),
  traceState: one(3, 'string'),
  attributes: attributes(4),
  droppedAttributesCount: one(5, 'uint32'),
  flags: one(6, 'fixed32'),
}
const span: MessageSchema = {
  traceId: one(1, 'id'),
  spanId: one(2, 'id'),
  traceState: one(3, 'string'),
  parentSpanId: one(4, 'id'),
  name: one(5, 'string'),
  kind: one(6, 'int32'),
  startTimeUnixNano: one(7, 'fixed64'),
  endTimeUnixNano: one(8, 'fixed64'),
  attributes: attributes(9),
  droppedAttributesCount: one(10, 'uint32'),
  events: many(11, () => spanEvent),
  droppedEventsCount: one(12, 'uint32'),
  links: many(13, () => spanLink),
  droppedLinksCount: one(14, 'uint32'),
  status: one(15, () => ({ message: one(2, 'string'), code: one(3, 'int32') })),
  flags: one(16, 'fixed32'),
}

const logRecord: MessageSchema = {
  timeUnixNano: one(1, 'fixed64'),
  severityNumber: one(2, 'int32'),
  severityText: one(3, 'string'),
  body: one(5, () => anyValue),
  attributes: attributes(6),
  droppedAttributesCount: one(7, 'uint32'),
  flags: one(8, 'fixed32'),
  traceId: one(9, 'id'),
  spanId: one(10, 'id'),
  observedTimeUnixNano: one(11, 'fixed64'),
  eventName: one(12, 'string'),
}

const exemplar: MessageSchema = {
  timeUnixNano: one(2, 'fixed64'),
  asDouble: one(3, 'double'),
  spanId: one(4, 'id'),
  traceId: one(5, 'id'),
  asInt: one(6, 'sfixed64'),
  filteredAttributes: attributes(7),
}
const numberPoint: MessageSchema = {
  startTimeUnixNano: one(2, 'fixed64'),
  timeUnixNano: one(3, 'fixed64'),
  asDouble: one(4, 'double'),
  exemplars: many(5, () => exemplar),
  asInt: one(6, 'sfixed64'),
  attributes: attributes(7),
  flags: one(8, 'uint32'),
}
const histogramPoint: MessageSchema = {
  startTimeUnixNano: one(2, 'fixed64'),
  timeUnixNano: one(3, 'fixed64'),
  count: one(4, 'fixed64'),
  sum: one(5, 'double'),
  bucketCounts: many(6, 'fixed64'),
  explicitBounds: many(7, 'double'),
  exemplars: many(8, () => exemplar),
  attributes: attributes(9),
  flags: one(10, 'uint32'),
  min: one(11, 'double'),
  max: one(12, 'double'),
}
const buckets: MessageSchema = { offset: one(1, 'sint32'), bucketCounts: many(2, 'uint64') }
const exponentialPoint: MessageSchema = {
  attributes: attributes(1),
  startTimeUnixNano: one(2, 'fixed64'),
  timeUnixNano: one(3, 'fixed64'),
  count: one(4, 'fixed64'),
  sum: one(5, 'double'),
  scale: one(6, 'sint32'),
  zeroCount: one(7, 'fixed64'),
  positive: one(8, () => buckets),
  negative: one(9, () => buckets),
  flags: one(10, 'uint32'),
  exemplars: many(11, () => exemplar),
  min: one(12, 'double'),
  max: one(13, 'double'),
  zeroThreshold: one(14, 'double'),
}
const summaryPoint: MessageSchema = {
  startTimeUnixNano: one(2, 'fixed64'),
  timeUnixNano: one(3, 'fixed64'),
  count: one(4, 'fixed64'),
  sum: one(5, 'double'),
  quantileValues: many(6, () => ({ quantile: one(1, 'double'), value: one(2, 'double') })),
  attributes: attributes(7),
  flags: one(8, 'uint32'),
}
const metric: MessageSchema = {
  name: one(1, 'string'),
  description: one(2, 'string'),
  unit: one(3, 'string'),
  gauge: one(5, () => ({ dataPoints: many(1, () => numberPoint) })),
  sum: one(7, () => ({
    dataPoints: many(1, () => numberPoint),
    aggregationTemporality: one(2, 'int32'),
    isMonotonic: one(3, 'bool'),
  })),
  histogram: one(9, () => ({
    dataPoints: many(1, () => histogramPoint),
    aggregationTemporality: one(2, 'int32'),
  })),
  exponentialHistogram: one(10, () => ({
    dataPoints: many(1, () => exponentialPoint),
    aggregationTemporality: one(2, 'int32'),
  })),
  summary: one(11, () => ({ dataPoints: many(1, () => summaryPoint) })),
  metadata: attributes(12),
}

/** Resource → scope → item, of any signal. */
function request(scopes: string, items: string, resources: string, item: MessageSchema): MessageSchema {
  const scoped: MessageSchema = {
    scope: one(1, () => scope),
    [items]: many(2, () => item),
    schemaUrl: one(3, 'string'),
  }
  const perResource: MessageSchema = {
    resource: one(1, () => resource),
    [scopes]: many(2, () => scoped),
    schemaUrl: one(3, 'string'),
  }
  return { [resources]: many(1, () => perResource) }
}

export const requestSchemas: Record<OtlpSignal, MessageSchema> = {
  traces: request('scopeSpans', 'spans', 'resourceSpans', span),
  logs: request('scopeLogs', 'logRecords', 'resourceLogs', logRecord),
  metrics: request('scopeMetrics', 'metrics', 'resourceMetrics', metric),
}
