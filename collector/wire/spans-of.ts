import { readProto } from './proto-reader.ts'
import { writeProto } from './proto-writer.ts'

/** What stands around a span in its request; bytes of each of its fields, known or not. */
export interface SpanSurroundings {
  /** All fields of ResourceSpans but its scopes. */
  readonly resource: Uint8Array
  /** All fields of ScopeSpans but its spans. */
  readonly scope: Uint8Array
}

/** Goes through the spans of a request (protobuf) without decoding them. Throws WireError when it is no such request. */
export function eachSpan(
  request: Uint8Array,
  /** `resourceSpans` is the same for all spans of a resource, `of` for all of a scope. */
  onScope: (of: SpanSurroundings, resourceSpans: Buffer) => (span: Buffer) => void,
): void {
  const resources = readProto(request)
  while (resources.next()) {
    if (resources.field() !== 1) continue
    const resourceSpans = resources.bytes()
    const resource = fieldsBut(resourceSpans, 2)
    const scopes = readProto(resourceSpans)
    while (scopes.next()) {
      if (scopes.field() !== 2) continue
      const scopeSpans = scopes.bytes()
      const onSpan = onScope({ resource, scope: fieldsBut(scopeSpans, 2) }, resourceSpans)
      const spans = readProto(scopeSpans)
      while (spans.next()) if (spans.field() === 2) onSpan(spans.bytes())
    }
  }
}

/** The request of these spans, each group under a resource and a scope of its own. */
export function encodeSpans(
  groups: Iterable<readonly [SpanSurroundings, readonly Uint8Array[]]>,
): Uint8Array {
  const request = writeProto()
  for (const [{ resource, scope }, spans] of groups) {
    const scopeSpans = writeProto().raw(scope)
    for (const span of spans) scopeSpans.bytes(2, span)
    request.message(1, (resourceSpans) => resourceSpans.raw(resource).bytes(2, scopeSpans.finish()))
  }
  return request.finish()
}

function fieldsBut(message: Uint8Array, field: number): Uint8Array {
  const writer = writeProto()
  const reader = readProto(message)
  while (reader.next()) if (reader.field() !== field) writer.raw(reader.raw())
  return writer.finish()
}
