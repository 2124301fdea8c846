import { create, createFileRegistry, type DescMessage } from '@bufbuild/protobuf'
import {
  Edition,
  FeatureSet_FieldPresence,
  FeatureSet_Utf8Validation,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt'
import { assert } from '../../../collector/std/assert.ts'

/**
 * OTLP's messages as descriptors for @bufbuild/protobuf, whose generic code reads them: none of it is ours. Numbers and types
 * are those of opentelemetry-proto v1. Three liberties:
 * - Items, scopes and resources of the envelope are declared `bytes` (the same on the wire), so that each is read by itself
 *   and a damaged one stays alone.
 * - Fields that no column takes are left out, and so are unknown fields.
 * - Strings are not validated: invalid UTF-8 is replaced.
 */
const messages = {
  Request: { resources: [1, 'many bytes'] },
  ResourceItems: { resource: [1, 'Resource'], scopes: [2, 'many bytes'], schema_url: [3, 'string'] },
  ScopeItems: { scope: [1, 'Scope'], items: [2, 'many bytes'], schema_url: [3, 'string'] },
  Resource: { attributes: [1, 'many KeyValue'], dropped_attributes_count: [2, 'uint32'] },
  Scope: {
    name: [1, 'string'],
    version: [2, 'string'],
    attributes: [3, 'many KeyValue'],
    dropped_attributes_count: [4, 'uint32'],
  },
  KeyValue: { key: [1, 'string'], value: [2, 'AnyValue'] },
  AnyValue: {
    string_value: [1, 'string', 'value'],
    bool_value: [2, 'bool', 'value'],
    int_value: [3, 'int64', 'value'],
    double_value: [4, 'double', 'value'],
    array_value: [5, 'ArrayValue', 'value'],
    kvlist_value: [6, 'KeyValueList', 'value'],
    bytes_value: [7, 'bytes', 'value'],
  },
  ArrayValue: { values: [1, 'many AnyValue'] },
  KeyValueList: { values: [1, 'many KeyValue'] },
  Span: {
    trace_id: [1, 'bytes'],
    span_id: [2, 'bytes'],
    trace_state: [3, 'string'],
    parent_span_id: [4, 'bytes'],
    name: [5, 'string'],
    kind: [6, 'int32'],
    start_time_unix_nano: [7, 'fixed64'],
    end_time_unix_nano: [8, 'fixed64'],
    attributes: [9, 'many KeyValue'],
    dropped_attributes_count: [10, 'uint32'],
    events: [11, 'many Event'],
    dropped_events_count: [12, 'uint32'],
    links: [13, 'many Link'],
    dropped_links_count: [14, 'uint32'],
    status: [15, 'Status'],
    flags: [16, 'fixed32'],
  },
  Event: {
    time_unix_nano: [1, 'fixed64'],
    name: [2, 'string'],
    attributes: [3, 'many KeyValue'],
    dropped_attributes_count: [4, 'uint32'],
  },
  Link: {
    trace_id: [1, 'bytes'],
    span_id: [2, 'bytes'],
    trace_state: [3, 'string'],
    attributes: [4, 'many KeyValue'],
    dropped_attributes_count: [5, 'uint32'],
    flags: [6, 'fixed32'],
  },
  Status: { message: [2, 'string'], code: [3, 'int32'] },
  LogRecord: {
    time_unix_nano: [1, 'fixed64'],
    severity_number: [2, 'int32'],
    severity_text: [3, 'string'],
    body: [5, 'AnyValue'],
    attributes: [6, 'many KeyValue'],
    dropped_attributes_count: [7, 'uint32'],
    flags: [8, 'fixed32'],
    trace_id: [9, 'bytes'],
    span_id: [10, 'bytes'],
    observed_time_unix_nano: [11, 'fixed64'],
    event_name: [12, 'string'],
  },
  Metric: {
    name: [1, 'string'],
    description: [2, 'string'],
    unit: [3, 'string'],
    gauge: [5, 'Gauge', 'data'],
    sum: [7, 'Sum', 'data'],
    histogram: [9, 'Histogram', 'data'],
    exponential_histogram: [10, 'ExponentialHistogram', 'data'],
    summary: [11, 'Summary', 'data'],
  },
  Gauge: { data_points: [1, 'many NumberPoint'] },
  Sum: {
    data_points: [1, 'many NumberPoint'],
    aggregation_temporality: [2, 'int32'],
    is_monotonic: [3, 'bool'],
  },
  Histogram: { data_points: [1, 'many HistogramPoint'], aggregation_temporality: [2, 'int32'] },
  ExponentialHistogram: { data_points: [1, 'many ExponentialPoint'], aggregation_temporality: [2, 'int32'] },
  Summary: { data_points: [1, 'many SummaryPoint'] },
  NumberPoint: {
    start_time_unix_nano: [2, 'fixed64'],
    time_unix_nano: [3, 'fixed64'],
    as_double: [4, 'double', 'value'],
    exemplars: [5, 'many Exemplar'],
    as_int: [6, 'sfixed64', 'value'],
    attributes: [7, 'many KeyValue'],
    flags: [8, 'uint32'],
  },
  HistogramPoint: {
    start_time_unix_nano: [2, 'fixed64'],
    time_unix_nano: [3, 'fixed64'],
    count: [4, 'fixed64'],
    sum: [5, 'double'],
    bucket_counts: [6, 'many fixed64'],
    explicit_bounds: [7, 'many double'],
    exemplars: [8, 'many Exemplar'],
    attributes: [9, 'many KeyValue'],
    flags: [10, 'uint32'],
    min: [11, 'double'],
    max: [12, 'double'],
  },
  ExponentialPoint: {
    attributes: [1, 'many KeyValue'],
    start_time_unix_nano: [2, 'fixed64'],
    time_unix_nano: [3, 'fixed64'],
    count: [4, 'fixed64'],
    sum: [5, 'double'],
    scale: [6, 'sint32'],
    zero_count: [7, 'fixed64'],
    positive: [8, 'Buckets'],
    negative: [9, 'Buckets'],
    flags: [10, 'uint32'],
    exemplars: [11, 'many Exemplar'],
    min: [12, 'double'],
    max: [13, 'double'],
    zero_threshold: [14, 'double'],
  },
  Buckets: { offset: [1, 'sint32'], bucket_counts: [2, 'many uint64'] },
  SummaryPoint: {
    start_time_unix_nano: [2, 'fixed64'],
    time_unix_nano: [3, 'fixed64'],
    count: [4, 'fixed64'],
    sum: [5, 'double'],
    quantile_values: [6, 'many Quantile'],
    attributes: [7, 'many KeyValue'],
    flags: [8, 'uint32'],
  },
  Quantile: { quantile: [1, 'double'], value: [2, 'double'] },
  Exemplar: {
    time_unix_nano: [2, 'fixed64'],
    as_double: [3, 'double', 'value'],
    span_id: [4, 'bytes'],
    trace_id: [5, 'bytes'],
    as_int: [6, 'sfixed64', 'value'],
    filtered_attributes: [7, 'many KeyValue'],
  },
} as const satisfies Record<string, Record<string, readonly [number: number, type: string, oneof?: string]>>

export type MessageName = keyof typeof messages

const scalarTypes: Readonly<Record<string, FieldDescriptorProto_Type>> = {
  string: FieldDescriptorProto_Type.STRING,
  bytes: FieldDescriptorProto_Type.BYTES,
  bool: FieldDescriptorProto_Type.BOOL,
  int32: FieldDescriptorProto_Type.INT32,
  uint32: FieldDescriptorProto_Type.UINT32,
  sint32: FieldDescriptorProto_Type.SINT32,
  int64: FieldDescriptorProto_Type.INT64,
  uint64: FieldDescriptorProto_Type.UINT64,
  fixed32: FieldDescriptorProto_Type.FIXED32,
  fixed64: FieldDescriptorProto_Type.FIXED64,
  sfixed64: FieldDescriptorProto_Type.SFIXED64,
  double: FieldDescriptorProto_Type.DOUBLE,
}

const registry = createFileRegistry(
  create(FileDescriptorSetSchema, {
    file: [
      create(FileDescriptorProtoSchema, {
        name: 'otlp.proto',
        package: 'otlp',
        syntax: 'editions',
        edition: Edition.EDITION_2023,
        options: {
          features: {
            fieldPresence: FeatureSet_FieldPresence.IMPLICIT,
            utf8Validation: FeatureSet_Utf8Validation.NONE,
          },
        },
        messageType: Object.entries(messages).map(([name, fields]) => messageType(name, fields)),
      }),
    ],
  }),
)

function messageType(
  name: string,
  fields: Record<string, readonly [number: number, type: string, oneof?: string]>,
) {
  const oneofs = [
    ...new Set(Object.values(fields).flatMap(([, , oneof]) => (oneof === undefined ? [] : [oneof]))),
  ]
  return {
    name,
    oneofDecl: oneofs.map((oneof) => ({ name: oneof })),
    field: Object.entries(fields).map(([field, [number, type, oneof]]) => {
      const [single, many] = type.startsWith('many ') ? [type.slice(5), true] : [type, false]
      const scalar = scalarTypes[single]
      return {
        name: field,
        number,
        label: many ? FieldDescriptorProto_Label.REPEATED : FieldDescriptorProto_Label.OPTIONAL,
        type: scalar ?? FieldDescriptorProto_Type.MESSAGE,
        ...(scalar === undefined ? { typeName: `.otlp.${single}` } : {}),
        ...(oneof === undefined ? {} : { oneofIndex: oneofs.indexOf(oneof) }),
      }
    }),
  }
}

const descriptors = new Map<string, DescMessage>()
for (const name of Object.keys(messages)) {
  const found = registry.getMessage(`otlp.${name}`)
  assert(found, `the descriptor of ${name}`)
  descriptors.set(name, found)
}

export function descriptorOf(name: MessageName): DescMessage {
  const found = descriptors.get(name)
  assert(found, `the descriptor of ${name}`)
  return found
}
