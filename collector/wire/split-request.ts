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
  /**
   * A whole OTLP request (protobuf) with this resource alone, as pieces that lie one after the other; the attributes are
   * spliced in, in the place of equal keys. Pieces are views of the request where they can be.
   */
  encode(attributes: ReadonlyMap<string, string>): Uint8Array[]
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
      const enriched = writeProto()
        .message(1, (writer) => {
          writer.raw(withoutKeys(resource, added))
          for (const [key, value] of added)
            writer.message(1, (pair) => pair.text(1, key).message(2, (any) => any.text(1, value)))
        })
        .finish()
      const length = rest.reduce((sum, piece) => sum + piece.length, enriched.length)
      return [writeProto().opening(1, length).raw(enriched).finish(), ...rest]
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
    else append(rest, reader.raw())
  }
  return { resource, rest }
}

/** Neighbours become one view. */
function append(views: Uint8Array[], next: Uint8Array): void {
  const last = views.at(-1)
  const touches = last && last.buffer === next.buffer && last.byteOffset + last.length === next.byteOffset
  if (touches) views[views.length - 1] = Buffer.from(last.buffer, last.byteOffset, last.length + next.length)
  else views.push(next)
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
    const scope = readProto(bytes)
    const about: Buffer[] = []
    while (scope.next()) {
      if (scope.field() === 2) items += signal === 'metrics' ? countPoints(scope.bytes()) : 1
      else about.push(scope.raw())
    }
    // The receiver of the part refuses all of it for a damaged scope: better that its sender hears so here.
    readScope(Buffer.concat(about))
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
