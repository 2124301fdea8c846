import type { OtlpSignal } from '../record/otlp.ts'
import { jsonObjectsMax, nestingMax } from './limits.ts'
import { type FieldSchema, type FieldType, type MessageSchema, requestSchemas } from './otlp-schema.ts'
import { WireError } from './proto-reader.ts'
import { type ProtoWriter, writeProto } from './proto-writer.ts'

/**
 * OTLP/JSON as OTLP/protobuf, so that one decoder serves both and rows are equal by construction.
 * Rules (opentelemetry-proto specification, "JSON Protobuf Encoding"): ids are hex in any case; enums are numbers (names are
 * taken too, senders do send them); unknown keys are ignored; null and absent are the same; 64-bit numbers are strings or
 * numbers; NaN and ±Infinity are strings; bytes are base64. A malformed id stays one: its span is rejected alone.
 */
export function jsonToProtobuf(signal: OtlpSignal, body: Uint8Array): Uint8Array {
  if (countObjects(body) > jsonObjectsMax)
    throw new WireError(`the body holds more than ${jsonObjectsMax} objects: send smaller batches`)
  const text = new TextDecoder('utf-8', { ignoreBOM: false }).decode(body)
  const json = parseJson(text)
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    throw new WireError('the body is not a JSON object')
  }
  const writer = writeProto()
  writeMessage(writer, requestSchemas[signal], json as Record<string, unknown>, { path: '', depth: 0 })
  return writer.finish()
}

/** Braces and brackets, those in strings too: parsed, two bytes become fifty. */
function countObjects(body: Uint8Array): number {
  let count = 0
  for (const byte of body) if (byte === 0x7b || byte === 0x5b) count++
  return count
}

function parseJson(text: string): unknown {
  try {
    return largeInteger.test(text) ? JSON.parse(text, keepLargeIntegers) : JSON.parse(text)
  } catch (error) {
    throw new WireError(`the body is not JSON: ${(error as Error).message.slice(0, 200)}`)
  }
}

/** Outside strings, mostly: most senders write 64-bit numbers as strings, and a reviver costs several times the parsing. */
const largeInteger = /[:,[\s-]\d{16}/

/** A 64-bit number written as a JSON number would lose digits: keep its text instead. */
function keepLargeIntegers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source
  return source !== undefined && /^-?\d+$/.test(source) ? source : value
}

/** A map inside a map is three objects; values nested deeper than protobuf may nest them get through, to be rejected alone. */
const objectDepthMax = 3 * nestingMax + 64

interface Place {
  readonly path: string
  readonly depth: number
}

function writeMessage(
  writer: ProtoWriter,
  schema: MessageSchema,
  json: Record<string, unknown>,
  place: Place,
): void {
  if (place.depth > objectDepthMax) throw new WireError(`objects are nested deeper than ${objectDepthMax}`)
  for (const [key, value] of Object.entries(json)) {
    const field = Object.hasOwn(schema, key) ? schema[key] : undefined
    if (field === undefined || value === null) continue
    const at = { path: `${place.path}.${key}`, depth: place.depth + 1 }
    if (!field.repeated) writeField(writer, field, value, at)
    else if (Array.isArray(value)) writeRepeated(writer, field, value, at)
    else throw new WireError(`${at.path.slice(1)} is not an array`)
  }
}

function writeRepeated(
  writer: ProtoWriter,
  field: FieldSchema,
  items: readonly unknown[],
  place: Place,
): void {
  const values = items.filter((item) => item !== null)
  switch (field.type) {
    case 'double':
      writer.packedDoubles(
        field.number,
        values.map((value) => doubleOf(value, place)),
      )
      return
    case 'fixed64':
      writer.packedFixed64(
        field.number,
        values.map((value) => integerOf(value, place)),
      )
      return
    case 'uint64':
      writer.packedVarints(
        field.number,
        values.map((value) => integerOf(value, place)),
      )
      return
    default:
      for (const value of values) writeField(writer, field, value, place)
  }
}

function writeField(writer: ProtoWriter, { number, type }: FieldSchema, value: unknown, place: Place): void {
  if (typeof type !== 'function') {
    writeScalar(writer, number, type, value, place)
    return
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new WireError(`${place.path.slice(1)} is not an object`)
  }
  writer.message(number, (inner) => writeMessage(inner, type(), value as Record<string, unknown>, place))
}

function writeScalar(
  writer: ProtoWriter,
  number: number,
  type: FieldType,
  value: unknown,
  place: Place,
): void {
  switch (type) {
    case 'string':
      writer.text(number, textOf(value, place))
      return
    case 'id':
      writer.bytes(number, idOf(value))
      return
    case 'bytes':
      writer.bytes(number, Buffer.from(textOf(value, place), 'base64'))
      return
    case 'bool':
      writer.varint(number, value === true || value === 'true' ? 1 : 0)
      return
    case 'double':
      writer.double(number, doubleOf(value, place))
      return
    case 'sint32': {
      const integer = integerOf(value, place)
      writer.varint(number, (integer << 1n) ^ (integer >> 31n))
      return
    }
    case 'fixed32':
      writer.fixed32(number, Number(BigInt.asUintN(32, integerOf(value, place))))
      return
    case 'fixed64':
    case 'sfixed64':
      writer.fixed64(number, integerOf(value, place))
      return
    default:
      writer.varint(number, integerOf(value, place))
  }
}

function textOf(value: unknown, { path }: Place): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new WireError(`${path.slice(1)} is not a string`)
}

/** No id has one byte: what is no hex must not pass for an absent id, or a span would become a root. */
const malformedId = Uint8Array.of(0)

function idOf(value: unknown): Uint8Array {
  if (typeof value !== 'string' || value.length % 2 === 1 || value.length > 32) return malformedId
  return /^[0-9a-f]*$/i.test(value) ? Buffer.from(value, 'hex') : malformedId
}

/** Names of enum values end in what decides: SPAN_KIND_SERVER, STATUS_CODE_ERROR, AGGREGATION_TEMPORALITY_DELTA. */
const enumNames: Readonly<Record<string, bigint>> = {
  SPAN_KIND_UNSPECIFIED: 0n,
  SPAN_KIND_INTERNAL: 1n,
  SPAN_KIND_SERVER: 2n,
  SPAN_KIND_CLIENT: 3n,
  SPAN_KIND_PRODUCER: 4n,
  SPAN_KIND_CONSUMER: 5n,
  STATUS_CODE_UNSET: 0n,
  STATUS_CODE_OK: 1n,
  STATUS_CODE_ERROR: 2n,
  AGGREGATION_TEMPORALITY_UNSPECIFIED: 0n,
  AGGREGATION_TEMPORALITY_DELTA: 1n,
  AGGREGATION_TEMPORALITY_CUMULATIVE: 2n,
}

function integerOf(value: unknown, { path }: Place): bigint {
  if (typeof value === 'number' && Number.isFinite(value)) return BigInt(Math.trunc(value))
  if (typeof value === 'string') {
    if (/^[+-]?\d{1,20}$/.test(value)) return BigInt(value.replace('+', ''))
    // protobuf's JSON mapping takes exponents and zero fractions too.
    if (value.trim() !== '' && Number.isInteger(Number(value))) return BigInt(Number(value))
    const named = Object.hasOwn(enumNames, value) ? enumNames[value] : undefined
    if (named !== undefined) return named
  }
  throw new WireError(`${path.slice(1)} is not an integer`)
}

function doubleOf(value: unknown, { path }: Place): number {
  if (typeof value === 'number') return value
  if (value === 'NaN') return Number.NaN
  if (value === 'Infinity' || value === '-Infinity') return Number(value)
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value)
  throw new WireError(`${path.slice(1)} is not a number`)
}
