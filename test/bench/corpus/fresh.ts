import { mix32 } from './random.ts'
import { buildTemplate, requestSpans, type Shape } from './request.ts'
import { findSlots, type Slots } from './slots.ts'
import { requestIdLength } from './spans.ts'

/** Requests without end, none like another: other ids, times and request ids on the bodies of a few hundred templates. */
export interface Corpus {
  /** The bytes of the n-th request; a buffer of its own. */
  request(n: number): Buffer
  readonly spansPerRequest: number
}

export interface CorpusConfig {
  readonly shape: Shape
  readonly seed: number
  readonly templates: number
  /** Traces start in the `spreadMs` before this. */
  readonly endMs: number
  readonly spreadMs: number
}

export function createCorpus({ shape, seed, templates, endMs, spreadMs }: CorpusConfig): Corpus {
  const bodies = Array.from({ length: templates }, (_, index) => {
    const bytes = buildTemplate(shape, mix32(seed + index))
    return { bytes, slots: findSlots(bytes) }
  })
  const beginNs = BigInt(endMs - spreadMs) * 1_000_000n
  const spreadNs = spreadMs * 1e6
  return {
    spansPerRequest: requestSpans,
    request(n) {
      const body = bodies[n % bodies.length]
      if (!body) throw new Error('BUG: a corpus without templates')
      const copy = Buffer.from(body.bytes)
      renew(copy, body.slots, { first: n * requestSpans, seed, beginNs, spreadNs })
      return copy
    },
  }
}

interface Renewal {
  /** Of the ordinals of this request. */
  readonly first: number
  readonly seed: number
  readonly beginNs: bigint
  readonly spreadNs: number
}

function renew(bytes: Buffer, { spans }: Slots, { first, seed, beginNs, spreadNs }: Renewal): void {
  const idAt = (offset: number) => {
    const ordinal = first + bytes.readUInt32LE(offset)
    bytes.writeUInt32LE(mix32(ordinal ^ seed), offset)
    bytes.writeUInt32LE(mix32(ordinal + 0x51ed270b), offset + 4)
  }
  const traceIdAt = (offset: number) => {
    const ordinal = first + bytes.readUInt32LE(offset)
    bytes.writeUInt32LE(mix32(ordinal ^ 0x27d4eb2f ^ seed), offset)
    bytes.writeUInt32LE(mix32(ordinal + 0x165667b1), offset + 4)
    bytes.writeUInt32LE(mix32(ordinal + 0x2545f491), offset + 8)
    bytes.writeUInt32LE(mix32(ordinal ^ 0x6c078965), offset + 12)
    return ordinal
  }
  for (const span of spans) {
    const trace = traceIdAt(span.traceId)
    const noise = mix32(first + bytes.readUInt32LE(span.spanId))
    idAt(span.spanId)
    if (span.parentId >= 0) idAt(span.parentId)
    const shift = beginNs + BigInt(Math.floor((mix32(trace ^ 0x3c6ef372) / 2 ** 32) * spreadNs))
    // Clocks of nanoseconds: no two spans are alike in the last digits.
    addTime(bytes, span.start, shift + BigInt(noise & 0x3ff))
    addTime(bytes, span.end, shift + BigInt((noise >>> 10) & 0x3ff) + 1_024n)
    for (const offset of span.eventTimes) addTime(bytes, offset, shift)
    for (const link of span.links) {
      traceIdAt(link.traceId)
      idAt(link.spanId)
    }
    if (span.requestId >= 0) writeRequestId(bytes, span.requestId, trace)
  }
}

function addTime(bytes: Buffer, offset: number, shift: bigint): void {
  bytes.writeBigUInt64LE(bytes.readBigUInt64LE(offset) + shift, offset)
}

function writeRequestId(bytes: Buffer, offset: number, ordinal: number): void {
  const hex = [0x1b873593, 0xcc9e2d51]
    .map((salt) =>
      mix32(ordinal ^ salt)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('')
  bytes.write(hex, offset, requestIdLength, 'latin1')
}
