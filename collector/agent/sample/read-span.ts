import { readProto } from '../../wire/proto-reader.ts'
import { writeProto } from '../../wire/proto-writer.ts'

/** What sampling looks at of a span. */
export interface SpanFacts {
  /** Sixteen bytes. */
  readonly traceId: Buffer
  readonly traceState: string
  readonly name: string
  readonly isError: boolean
  readonly isRoot: boolean
  /** It begins the work of a service: of kind server or consumer, or a root. */
  readonly isEntry: boolean
  readonly durationNs: number
}

const serverKind = 2
const consumerKind = 5
const errorCode = 2

/** Undefined: it has no valid trace id. Throws WireError when the bytes are no span. */
export function readSpan(bytes: Uint8Array): SpanFacts | undefined {
  let traceId: Buffer | undefined
  let traceState = ''
  let name = ''
  let kind = 0
  let isRoot = true
  let isError = false
  let startNs = 0n
  let endNs = 0n
  const reader = readProto(bytes)
  while (reader.next()) {
    switch (reader.field()) {
      case 1:
        traceId = reader.bytes()
        break
      case 3:
        traceState = reader.text()
        break
      case 4:
        isRoot = reader.bytes().length === 0
        break
      case 5:
        name = reader.text()
        break
      case 6:
        kind = reader.uint32()
        break
      case 7:
        startNs = reader.fixed64()
        break
      case 8:
        endNs = reader.fixed64()
        break
      case 15:
        isError = statusCode(reader.bytes()) === errorCode
        break
    }
  }
  if (traceId?.length !== 16) return undefined
  const isEntry = isRoot || kind === serverKind || kind === consumerKind
  return { traceId, traceState, name, isError, isRoot, isEntry, durationNs: Number(endNs - startNs) }
}

function statusCode(bytes: Uint8Array): number {
  let code = 0
  const reader = readProto(bytes)
  while (reader.next()) if (reader.field() === 3) code = reader.uint32()
  return code
}

/** The span with another trace state. */
export function withTraceState(bytes: Uint8Array, traceState: string): Uint8Array {
  const writer = writeProto()
  const reader = readProto(bytes)
  while (reader.next()) if (reader.field() !== 3) writer.raw(reader.raw())
  return writer.text(3, traceState).finish()
}
