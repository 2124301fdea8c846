import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { crc32c } from './crc32c.ts'
import type { Packed } from './pack.ts'

/**
 * Bytes of a segment file. All integers are little endian.
 *
 * ```
 * segment = magic "BNCLSEG" | version u8 | number u64 | record*
 * record  = length u32 | crc32c(payload) u32 | payload           length >= 4, so zeros are never a record
 * payload = metaLength u32 | meta (JSON) | parts, one after the other, compressed as meta says (pack.ts)
 * ```
 *
 * The parts are serialised OTLP requests of one signal. Protobuf messages may be concatenated, so all parts together
 * are one request too; their borders are kept so that a batch the service refuses can be sent in pieces.
 */
export const segmentHeaderBytes = 16
export const recordHeaderBytes = 8

const magic = Buffer.from('BNCLSEG', 'latin1')
const version = 1

const BatchMeta = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 256, description: '<agent uid>/<boot id>/<sequence>' }),
  signal: Type.Union([Type.Literal('traces'), Type.Literal('logs'), Type.Literal('metrics')]),
  writtenAtMs: Type.Integer({ minimum: 0 }),
  compression: Type.Optional(Type.Literal('zstd', { description: 'Of the parts together; absent: none' })),
  parts: Type.Array(
    Type.Object({
      bytes: Type.Integer({ minimum: 0, description: 'Uncompressed' }),
      items: Type.Integer({ minimum: 0, description: 'Spans, log records or data points' }),
      namespace: Type.Optional(
        Type.String({ maxLength: 253, description: 'All of it is of this namespace; absent: of none' }),
      ),
    }),
  ),
})
export type BatchMeta = Static<typeof BatchMeta>
const metaCheck = Compile(BatchMeta)

/** A serialised OTLP request. */
export interface BatchPart {
  /** Lie one after the other. */
  readonly pieces: readonly Uint8Array[]
  /** Spans, log records or data points in it. */
  readonly items: number
  /** All of it is of this namespace; absent: of none, or written by an earlier version. */
  readonly namespace?: string
}

export interface DecodedBatch {
  readonly meta: BatchMeta
  readonly packed: Packed
}

export function itemsOf(parts: readonly { readonly items: number }[]): number {
  return parts.reduce((sum, part) => sum + part.items, 0)
}

export function encodeSegmentHeader(segmentNumber: number): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes)
  magic.copy(header)
  header.writeUInt8(version, 7)
  header.writeBigUInt64LE(BigInt(segmentNumber), 8)
  return header
}

export function isSegmentHeader(bytes: Buffer, segmentNumber: number): boolean {
  return (
    bytes.length >= segmentHeaderBytes && bytes.subarray(0, 16).equals(encodeSegmentHeader(segmentNumber))
  )
}

/** A whole record: header, meta and parts. `packed` holds the parts. */
export function encodeRecord(
  meta: Omit<BatchMeta, 'parts' | 'compression'>,
  parts: readonly BatchPart[],
  packed: Packed,
): Buffer {
  const borders = parts.map(({ pieces, ...about }) => ({
    bytes: pieces.reduce((sum, piece) => sum + piece.length, 0),
    ...about,
  }))
  const compression = packed.compression === 'identity' ? {} : { compression: packed.compression }
  const metaBytes = Buffer.from(JSON.stringify({ ...meta, ...compression, parts: borders }))
  const record = Buffer.allocUnsafe(recordHeaderBytes + 4 + metaBytes.length + packed.bytes.length)
  record.writeUInt32LE(metaBytes.length, recordHeaderBytes)
  metaBytes.copy(record, recordHeaderBytes + 4)
  record.set(packed.bytes, recordHeaderBytes + 4 + metaBytes.length)
  record.writeUInt32LE(record.length - recordHeaderBytes, 0)
  record.writeUInt32LE(crc32c(record.subarray(recordHeaderBytes)), 4)
  return record
}

/** The payload of a record whose header is at `at`, or undefined when it is cut off or damaged. */
export function tryPayload(bytes: Buffer, at: number): Buffer | undefined {
  if (at + recordHeaderBytes > bytes.length) return undefined
  const length = bytes.readUInt32LE(at)
  const start = at + recordHeaderBytes
  if (length < 4 || start + length > bytes.length) return undefined
  const payload = bytes.subarray(start, start + length)
  return crc32c(payload) === bytes.readUInt32LE(at + 4) ? payload : undefined
}

/** Undefined when the payload is not of this format although its checksum holds (written by another version). */
export function tryDecodePayload(payload: Buffer): DecodedBatch | undefined {
  const metaLength = payload.readUInt32LE(0)
  if (4 + metaLength > payload.length) return undefined
  const meta = tryMeta(payload.toString('utf8', 4, 4 + metaLength))
  if (!meta) return undefined
  const bytes = payload.subarray(4 + metaLength)
  if (meta.compression) return { meta, packed: { bytes, compression: meta.compression } }
  const length = meta.parts.reduce((sum, part) => sum + part.bytes, 0)
  return length === bytes.length ? { meta, packed: { bytes, compression: 'identity' } } : undefined
}

function tryMeta(text: string): BatchMeta | undefined {
  try {
    const meta: unknown = JSON.parse(text)
    return metaCheck.Check(meta) ? meta : undefined
  } catch {
    return undefined
  }
}
