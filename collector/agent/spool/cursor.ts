import { crc32c } from './crc32c.ts'

/** Everything before this place of a lane is settled. */
export interface Cursor {
  readonly segment: number
  readonly offset: number
}

/** `segment u64 | offset u64 | crc32c u32`; a damaged cursor only costs resends. */
export function encodeCursor({ segment, offset }: Cursor): Buffer {
  const bytes = Buffer.alloc(20)
  bytes.writeBigUInt64LE(BigInt(segment), 0)
  bytes.writeBigUInt64LE(BigInt(offset), 8)
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, 16)), 16)
  return bytes
}

export function tryDecodeCursor(bytes: Buffer | undefined): Cursor | undefined {
  if (bytes?.length !== 20 || crc32c(bytes.subarray(0, 16)) !== bytes.readUInt32LE(16)) return undefined
  return { segment: Number(bytes.readBigUInt64LE(0)), offset: Number(bytes.readBigUInt64LE(8)) }
}
