import type { OtlpEncoding, OtlpSignal } from '../intake/otlp.ts'
import { readProto } from './proto-reader.ts'
import { writeProto } from './proto-writer.ts'
import { protobufBody, resourceAttributes } from './walk-request.ts'

/** One resource of a request with what it carries; spans, records and points stay bytes. */
export interface ResourcePart {
  readonly attribute: (key: string) => string | undefined
  /** Spans, log records or data points. */
  readonly items: number
  /** A whole OTLP request (protobuf) with this resource alone; the attributes are spliced in. */
  encode(attributes: {
    readonly ifAbsent: ReadonlyMap<string, string>
    readonly forced: ReadonlyMap<string, string>
  }): Uint8Array
}

/** Throws WireError when the body is no such request. JSON becomes protobuf. */
export function splitRequest(request: {
  readonly signal: OtlpSignal
  readonly encoding: OtlpEncoding
  readonly body: Uint8Array
}): ResourcePart[] {
  const parts: ResourcePart[] = []
  const reader = readProto(protobufBody(request))
  while (reader.next()) if (reader.field() === 1) parts.push(partOf(reader.bytes(), request.signal))
  return parts
}

function partOf(bytes: Uint8Array, signal: OtlpSignal): ResourcePart {
  const attributes = resourceAttributes(bytes)
  return {
    attribute: (key) => attributes.get(key),
    items: countItems(bytes, signal),
    encode({ ifAbsent, forced }) {
      const added = [...ifAbsent].filter(([key]) => !attributes.has(key) && !forced.has(key))
      // A forced key stands once more behind the sender's own: the last of equal keys wins in our decoder, and the
      // sender's is taken out below, so that every other reader agrees.
      const spliced = [...added, ...forced]
      return writeProto()
        .message(1, (resourceSpans) => {
          const reader = readProto(bytes)
          let resource = new Uint8Array() as Uint8Array
          while (reader.next()) {
            if (reader.field() === 1) resource = concat(resource, reader.bytes())
            else if (reader.field() === 2) resourceSpans.bytes(2, reader.bytes())
            else if (reader.field() === 3) resourceSpans.bytes(3, reader.bytes())
          }
          resourceSpans.message(1, (writer) => {
            writer.raw(withoutKeys(resource, forced))
            for (const [key, value] of spliced) {
              writer.message(1, (pair) => pair.text(1, key).message(2, (any) => any.text(1, value)))
            }
          })
        })
        .finish()
    },
  }
}

function withoutKeys(resource: Uint8Array, keys: ReadonlyMap<string, string>): Uint8Array {
  const writer = writeProto()
  const reader = readProto(resource)
  while (reader.next()) {
    if (reader.field() === 1) {
      const pair = reader.bytes()
      if (!keys.has(keyOf(pair))) writer.bytes(1, pair)
    } else if (reader.field() === 2 && reader.wireType() === 0) writer.varint(2, reader.varint())
    else if (reader.wireType() === 2) writer.bytes(reader.field(), reader.bytes())
  }
  return writer.finish()
}

function keyOf(pair: Uint8Array): string {
  const reader = readProto(pair)
  let key = ''
  while (reader.next()) if (reader.field() === 1) key = reader.text()
  return key
}

function countItems(resource: Uint8Array, signal: OtlpSignal): number {
  let items = 0
  const reader = readProto(resource)
  while (reader.next()) {
    if (reader.field() !== 2) continue
    const scope = readProto(reader.bytes())
    while (scope.next()) {
      if (scope.field() === 2) items += signal === 'metrics' ? countPoints(scope.bytes()) : 1
    }
  }
  return items
}

/** Fields 5, 7, 9, 10 and 11 of a Metric hold its data, whose field 1 is a data point. */
function countPoints(metric: Uint8Array): number {
  let points = 0
  const reader = readProto(metric)
  while (reader.next()) {
    if (![5, 7, 9, 10, 11].includes(reader.field())) continue
    const data = readProto(reader.bytes())
    while (data.next()) if (data.field() === 1) points++
  }
  return points
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  return first.length === 0 ? second : Buffer.concat([first, second])
}
