import fc from 'fast-check'
import type { OtlpSignal } from '../../collector/record/otlp.ts'
import { type ProtoWriter, writeProto } from '../../collector/wire/proto-writer.ts'

/**
 * Generated OTLP requests as trees of fields, each with its protobuf number and its JSON name, so that one tree is written
 * in both encodings. The numbers are copied from the .proto files, not from our schema: the two check each other.
 */
export type Value =
  | { readonly as: 'text'; readonly value: string }
  | { readonly as: 'id' | 'bytes'; readonly value: Uint8Array }
  | { readonly as: 'varint' | 'fixed64' | 'sfixed64' | 'sint32' | 'fixed32'; readonly value: bigint }
  | { readonly as: 'bool'; readonly value: boolean }
  | { readonly as: 'double'; readonly value: number }
  | { readonly as: 'message'; readonly value: Message }
  | { readonly as: 'messages'; readonly value: readonly Message[] }
  | { readonly as: 'doubles'; readonly value: readonly number[] }
  | { readonly as: 'fixed64s' | 'varints'; readonly value: readonly bigint[] }

export type Field = Value & { readonly number: number; readonly name: string }
export type Message = readonly Field[]

export function toProtobuf(message: Message): Uint8Array {
  const writer = writeProto()
  for (const field of message) writeField(writer, field)
  return writer.finish()
}

function writeField(writer: ProtoWriter, field: Field): void {
  const { number } = field
  switch (field.as) {
    case 'text':
      writer.text(number, field.value)
      return
    case 'id':
    case 'bytes':
      writer.bytes(number, field.value)
      return
    case 'varint':
      writer.varint(number, field.value)
      return
    case 'sint32':
      writer.varint(number, (field.value << 1n) ^ (field.value >> 31n))
      return
    case 'fixed64':
    case 'sfixed64':
      writer.fixed64(number, field.value)
      return
    case 'fixed32':
      writer.fixed32(number, Number(field.value))
      return
    case 'bool':
      writer.varint(number, field.value ? 1 : 0)
      return
    case 'double':
      writer.double(number, field.value)
      return
    case 'message':
      writer.bytes(number, toProtobuf(field.value))
      return
    case 'messages':
      for (const one of field.value) writer.bytes(number, toProtobuf(one))
      return
    case 'doubles':
      writer.packedDoubles(number, field.value)
      return
    case 'fixed64s':
      writer.packedFixed64(number, field.value)
      return
    case 'varints':
      writer.packedVarints(number, field.value)
  }
}

export function toJson(message: Message): Record<string, unknown> {
  return Object.fromEntries(message.map((field) => [field.name, jsonValue(field)]))
}

function jsonValue(field: Value): unknown {
  switch (field.as) {
    case 'id':
      return Buffer.from(field.value).toString('hex').toUpperCase()
    case 'bytes':
      return Buffer.from(field.value).toString('base64')
    case 'fixed64':
    case 'sfixed64':
      return String(field.value)
    // 64-bit integers come as strings and as numbers.
    case 'varint':
      return Number.isSafeInteger(Number(field.value)) && field.value % 2n === 0n
        ? Number(field.value)
        : String(field.value)
    case 'sint32':
    case 'fixed32':
      return Number(field.value)
    case 'double':
      return jsonDouble(field.value)
    case 'doubles':
      return field.value.map(jsonDouble)
    case 'fixed64s':
    case 'varints':
      return field.value.map(String)
    case 'message':
      return toJson(field.value)
    case 'messages':
      return field.value.map(toJson)
    default:
      return field.value
  }
}

const jsonDouble = (value: number) =>
  Object.is(value, -0) ? '-0' : Number.isFinite(value) ? value : String(value)

const f = (number: number, name: string, value: Value): Field => ({ number, name, ...value })
const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const uint32 = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n })
const double = fc.double().map((value) => (Object.is(value, -0) ? 0 : value))
/** Around 2023, before 1971, and whatever 64 bits can say. */
export const nowNs = 1_700_000_000_000_000_000n
const time = fc.oneof(
  { weight: 6, arbitrary: fc.bigInt({ min: nowNs - 10n ** 15n, max: nowNs + 10n ** 12n }) },
  uint64,
)
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })

/** A message with any subset of these fields. */
function message(
  fields: Record<string, readonly [number: number, value: fc.Arbitrary<Value>]>,
): fc.Arbitrary<Message> {
  const parts = Object.entries(fields).map(([name, [number, value]]) =>
    fc.option(
      value.map((one) => f(number, name, one)),
      { freq: 6, nil: undefined },
    ),
  )
  return fc.tuple(...parts).map((found) => found.filter((one) => one !== undefined))
}

const asText = text.map((value): Value => ({ as: 'text', value }))
const asId = (length: number) =>
  fc.oneof({ weight: 9, arbitrary: bytes(length) }, bytes(3)).map((value): Value => ({ as: 'id', value }))
const asVarint = (arbitrary: fc.Arbitrary<bigint>) =>
  arbitrary.map((value): Value => ({ as: 'varint', value }))
const asFixed64 = (arbitrary: fc.Arbitrary<bigint>) =>
  arbitrary.map((value): Value => ({ as: 'fixed64', value }))
const asFixed32 = uint32.map((value): Value => ({ as: 'fixed32', value }))
const asDouble = double.map((value): Value => ({ as: 'double', value }))
const asSint32 = fc
  .bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n })
  .map((value): Value => ({ as: 'sint32', value }))
const asBool = fc.boolean().map((value): Value => ({ as: 'bool', value }))
const asMessage = (one: fc.Arbitrary<Message>) => one.map((value): Value => ({ as: 'message', value }))
const asMessages = (one: fc.Arbitrary<Message>, maxLength = 3) =>
  fc.array(one, { maxLength }).map((value): Value => ({ as: 'messages', value }))

const anyValue: fc.Arbitrary<Message> = fc.letrec<{ value: Message; pair: Message }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    asText.map((value) => [f(1, 'stringValue', value)]),
    asBool.map((value) => [f(2, 'boolValue', value)]),
    asVarint(int64).map((value) => [f(3, 'intValue', value)]),
    asDouble.map((value) => [f(4, 'doubleValue', value)]),
    fc.uint8Array({ maxLength: 6 }).map((value) => [f(7, 'bytesValue', { as: 'bytes', value })]),
    fc.constant([]),
    asMessages(tie('value')).map((value) => [
      f(5, 'arrayValue', { as: 'message', value: [f(1, 'values', value)] }),
    ]),
    asMessages(tie('pair')).map((value) => [
      f(6, 'kvlistValue', { as: 'message', value: [f(1, 'values', value)] }),
    ]),
  ),
  pair: fc
    .tuple(text, tie('value'))
    .map(([key, value]) => [
      f(1, 'key', { as: 'text', value: key }),
      f(2, 'value', { as: 'message', value }),
    ]),
})).value

const knownKeys = fc.constantFrom(
  'http.request.method',
  'http.method',
  'http.response.status_code',
  'db.system',
  'db.query.text',
  'peer.service',
  'server.address',
  'server.port',
)
const pair = fc
  .tuple(fc.oneof(text, knownKeys), anyValue)
  .map(
    ([key, value]): Message => [
      f(1, 'key', { as: 'text', value: key }),
      f(2, 'value', { as: 'message', value }),
    ],
  )
const attributes = asMessages(pair, 4)
const resourceKeys = fc.constantFrom(
  'service.name',
  'service.namespace',
  'k8s.namespace.name',
  'k8s.pod.name',
)
const resourcePair = fc
  .tuple(resourceKeys, text)
  .map(
    ([key, value]): Message => [
      f(1, 'key', { as: 'text', value: key }),
      f(2, 'value', { as: 'message', value: [f(1, 'stringValue', { as: 'text', value })] }),
    ],
  )

const span = message({
  traceId: [1, asId(16)],
  spanId: [2, asId(8)],
  traceState: [3, asText],
  parentSpanId: [4, asId(8)],
  name: [5, asText],
  kind: [6, asVarint(fc.bigInt({ min: 0n, max: 7n }))],
  startTimeUnixNano: [7, asFixed64(time)],
  endTimeUnixNano: [8, asFixed64(time)],
  attributes: [9, attributes],
  droppedAttributesCount: [10, asVarint(uint32)],
  events: [
    11,
    asMessages(
      message({
        timeUnixNano: [1, asFixed64(time)],
        name: [2, fc.constantFrom('exception', 'log').map((value): Value => ({ as: 'text', value }))],
        attributes: [3, attributes],
        droppedAttributesCount: [4, asVarint(uint32)],
      }),
    ),
  ],
  droppedEventsCount: [12, asVarint(uint32)],
  links: [
    13,
    asMessages(
      message({
        traceId: [1, asId(16)],
        spanId: [2, asId(8)],
        traceState: [3, asText],
        attributes: [4, attributes],
        droppedAttributesCount: [5, asVarint(uint32)],
        flags: [6, asFixed32],
      }),
    ),
  ],
  droppedLinksCount: [14, asVarint(uint32)],
  status: [
    15,
    asMessage(message({ message: [2, asText], code: [3, asVarint(fc.bigInt({ min: 0n, max: 3n }))] })),
  ],
  flags: [16, asFixed32],
})

const logRecord = message({
  timeUnixNano: [1, asFixed64(time)],
  severityNumber: [2, asVarint(fc.bigInt({ min: 0n, max: 30n }))],
  severityText: [3, asText],
  body: [5, asMessage(anyValue)],
  attributes: [6, attributes],
  droppedAttributesCount: [7, asVarint(uint32)],
  flags: [8, asFixed32],
  traceId: [9, asId(16)],
  spanId: [10, asId(8)],
  observedTimeUnixNano: [11, asFixed64(time)],
  eventName: [12, asText],
})

const asFixed64s = fc.array(uint64, { maxLength: 4 }).map((value): Value => ({ as: 'fixed64s', value }))
const asDoubles = fc.array(double, { maxLength: 4 }).map((value): Value => ({ as: 'doubles', value }))
const asVarints = fc.array(uint64, { maxLength: 4 }).map((value): Value => ({ as: 'varints', value }))
const times = { startTimeUnixNano: [2, asFixed64(time)], timeUnixNano: [3, asFixed64(time)] } as const
const numberPoint = fc
  .tuple(
    message({ ...times, attributes: [7, attributes], flags: [8, asVarint(uint32)] }),
    fc.oneof(
      asDouble.map((value) => f(4, 'asDouble', value)),
      int64.map((value) => f(6, 'asInt', { as: 'sfixed64', value })),
    ),
  )
  .map(([point, value]): Message => [...point, value])
const buckets = asMessage(message({ offset: [1, asSint32], bucketCounts: [2, asVarints] }))
const temporality = asVarint(fc.bigInt({ min: 0n, max: 3n }))
const data = fc.oneof(
  message({ dataPoints: [1, asMessages(numberPoint)] }).map((value) =>
    f(5, 'gauge', { as: 'message', value }),
  ),
  message({
    dataPoints: [1, asMessages(numberPoint)],
    aggregationTemporality: [2, temporality],
    isMonotonic: [3, asBool],
  }).map((value) => f(7, 'sum', { as: 'message', value })),
  message({
    dataPoints: [
      1,
      asMessages(
        message({
          ...times,
          count: [4, asFixed64(uint64)],
          sum: [5, asDouble],
          bucketCounts: [6, asFixed64s],
          explicitBounds: [7, asDoubles],
          attributes: [9, attributes],
          flags: [10, asVarint(uint32)],
          min: [11, asDouble],
          max: [12, asDouble],
        }),
      ),
    ],
    aggregationTemporality: [2, temporality],
  }).map((value) => f(9, 'histogram', { as: 'message', value })),
  message({
    dataPoints: [
      1,
      asMessages(
        message({
          attributes: [1, attributes],
          ...times,
          count: [4, asFixed64(uint64)],
          sum: [5, asDouble],
          scale: [6, asSint32],
          zeroCount: [7, asFixed64(uint64)],
          positive: [8, buckets],
          negative: [9, buckets],
          flags: [10, asVarint(uint32)],
          min: [12, asDouble],
          max: [13, asDouble],
          zeroThreshold: [14, asDouble],
        }),
      ),
    ],
    aggregationTemporality: [2, temporality],
  }).map((value) => f(10, 'exponentialHistogram', { as: 'message', value })),
  message({
    dataPoints: [
      1,
      asMessages(
        message({
          ...times,
          count: [4, asFixed64(uint64)],
          sum: [5, asDouble],
          quantileValues: [6, asMessages(message({ quantile: [1, asDouble], value: [2, asDouble] }))],
          attributes: [7, attributes],
          flags: [8, asVarint(uint32)],
        }),
      ),
    ],
  }).map((value) => f(11, 'summary', { as: 'message', value })),
)
const metric = fc
  .tuple(message({ name: [1, asText], description: [2, asText], unit: [3, asText] }), data)
  .map(([head, body]): Message => [...head, body])

const scope = asMessage(message({ name: [1, asText], version: [2, asText], attributes: [3, attributes] }))

function request(
  resources: string,
  scopes: string,
  items: string,
  item: fc.Arbitrary<Message>,
): fc.Arbitrary<Message> {
  const scoped = message({ scope: [1, scope], [items]: [2, asMessages(item)], schemaUrl: [3, asText] })
  const perResource = message({
    resource: [1, asMessage(message({ attributes: [1, asMessages(fc.oneof(resourcePair, pair), 5)] }))],
    [scopes]: [2, asMessages(scoped, 2)],
    schemaUrl: [3, asText],
  })
  return asMessages(perResource, 3).map((value) => [f(1, resources, value)])
}

export const requests: Record<OtlpSignal, fc.Arbitrary<Message>> = {
  traces: request('resourceSpans', 'scopeSpans', 'spans', span),
  logs: request('resourceLogs', 'scopeLogs', 'logRecords', logRecord),
  metrics: request('resourceMetrics', 'scopeMetrics', 'metrics', metric),
}
