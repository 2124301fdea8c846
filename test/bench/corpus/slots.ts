import { readProto } from '../../../collector/wire/proto-reader.ts'
import { requestIdKey } from './spans.ts'

/** Where in a template the bytes stand that every sending makes anew: offsets from its start. */
export interface Slots {
  readonly spans: readonly SpanSlots[]
}

export interface SpanSlots {
  readonly traceId: number
  readonly spanId: number
  /** -1: a root. */
  readonly parentId: number
  readonly start: number
  readonly end: number
  /** Of the value; -1: the span has none. */
  readonly requestId: number
  readonly eventTimes: readonly number[]
  readonly links: readonly { readonly traceId: number; readonly spanId: number }[]
}

export function findSlots(template: Uint8Array): Slots {
  const offsetOf = (bytes: Uint8Array) => bytes.byteOffset - template.byteOffset
  const spans: SpanSlots[] = []
  for (const resourceSpans of messages(template, 1))
    for (const scopeSpans of messages(resourceSpans, 2))
      for (const span of messages(scopeSpans, 2)) spans.push(spanSlots(span, offsetOf))
  return { spans }
}

function spanSlots(span: Uint8Array, offsetOf: (bytes: Uint8Array) => number): SpanSlots {
  const first = (field: number) => {
    const [bytes] = messages(span, field)
    return bytes ? offsetOf(bytes) : -1
  }
  const end = first(5) + nameLength(span)
  // The writer puts start and end right behind name and kind: tag and value of the kind, then tag and eight bytes each.
  const start = end + 3
  const requestId = messages(span, 9)
    .filter((pair) => Buffer.from(messages(pair, 1)[0] ?? []).toString() === requestIdKey)
    .map((pair) => messages(messages(pair, 2)[0] ?? new Uint8Array(), 1)[0])[0]
  return {
    traceId: first(1),
    spanId: first(2),
    parentId: first(4),
    start,
    end: start + 9,
    requestId: requestId ? offsetOf(requestId) : -1,
    // An event begins with its time.
    eventTimes: messages(span, 11).map((event) => offsetOf(event) + 1),
    links: messages(span, 13).map((link) => ({
      traceId: offsetOf(messages(link, 1)[0] ?? link),
      spanId: offsetOf(messages(link, 2)[0] ?? link),
    })),
  }
}

const nameLength = (span: Uint8Array) => messages(span, 5)[0]?.length ?? 0

function messages(bytes: Uint8Array, field: number): Uint8Array[] {
  const found: Uint8Array[] = []
  const reader = readProto(bytes)
  while (reader.next()) if (reader.field() === field) found.push(reader.bytes())
  return found
}
