import type { OtlpEncoding, OtlpSignal } from '../record/otlp.ts'
import { merged } from './any-value.ts'
import { resourcesMax } from './limits.ts'
import { readProto, WireError } from './proto-reader.ts'
import { writeProto } from './proto-writer.ts'
import { protobufBody, readScope, resourceAttributes } from './walk-request.ts'

/**
 * One resource of a request with what it carries; spans, records and points stay bytes, and so does every field that we
 * do not know.
 */
export interface ResourcePart {
  readonly attribute: (key: string) => string | undefined
  /** Spans, log records or data points. */
  readonly items: number
  /** A whole OTLP request (protobuf) with this resource alone; the attributes are spliced in, in the place of equal keys. */
  encode(attributes: ReadonlyMap<string, string>): Uint8Array
}

/** Throws WireError when the body is no such request. JSON becomes protobuf. Resources without items are left out. */
export function splitRequest(request: {
  readonly signal: OtlpSignal
  readonly encoding: OtlpEncoding
  readonly body: Uint8Array
}): ResourcePart[] {
  const parts: ResourcePart[] = []
  const reader = readProto(protobufBody(request))
  while (reader.next()) {
    if (reader.field() !== 1) continue
    const bytes = reader.bytes()
    const items = countItems(bytes, request.signal)
    if (items === 0) continue
    if (parts.length >= resourcesMax)
      throw new WireError(`the request holds more than ${resourcesMax} resources: send smaller batches`)
    parts.push(partOf(bytes, items))
  }
  return parts
}

function partOf(bytes: Uint8Array, items: number): ResourcePart {
  const attributes = resourceAttributes(bytes)
  const { resource, rest } = takeApart(bytes)
  return {
    attribute: (key) => attributes.get(key),
    items,
    encode(added) {
      return writeProto()
        .message(1, (resourceSpans) => {
          for (const field of rest) resourceSpans.raw(field)
          resourceSpans.message(1, (writer) => {
            writer.raw(withoutKeys(resource, added))
            for (const [key, value] of added) {
              writer.message(1, (pair) => pair.text(1, key).message(2, (any) => any.text(1, value)))
            }
          })
        })
        .finish()
    },
  }
}

/** The resource itself, its pieces joined, and the scopes and whatever else stands beside it. */
function takeApart(bytes: Uint8Array): {
  readonly resource: Uint8Array
  readonly rest: readonly Uint8Array[]
} {
  let resource: Uint8Array = new Uint8Array()
  let pieces = 0
  const rest: Uint8Array[] = []
  const reader = readProto(bytes)
  while (reader.next()) {
    if (reader.field() === 1) resource = merged(resource, reader.bytes(), ++pieces)
    else rest.push(reader.raw())
  }
  return { resource, rest }
}

function withoutKeys(resource: Uint8Array, keys: ReadonlyMap<string, string>): Uint8Array {
  const writer = writeProto()
  const reader = readProto(resource)
  while (reader.next()) {
    if (reader.field() !== 1) writer.raw(reader.raw())
    else {
      const pair = reader.bytes()
      if (!keys.has(keyOf(pair))) writer.bytes(1, pair)
    }
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
    const bytes = reader.bytes()
    // The receiver of the part refuses all of it for a damaged scope: better that its sender hears so here.
    readScope(bytes)
    const scope = readProto(bytes)
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
