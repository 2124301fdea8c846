import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'

/**
 * How the parts of a batch lie on disk, and mostly how they travel: one after the other, as one zstd frame. Parts of a
 * serialised request may be concatenated, so the whole is a request too; it is compressed once, however often it is sent,
 * and an outage is bridged for several times as long.
 */
export interface Packed {
  readonly bytes: Uint8Array
  readonly compression: 'identity' | 'zstd'
}

/** Below it little is won. */
const packBytesMin = 4 * 1024
const chunkSize = 256 * 1024
const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** The pieces lie one after the other. */
export async function pack(pieces: readonly Uint8Array[]): Promise<Packed> {
  const bytes = pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces)
  if (bytes.length < packBytesMin) return { bytes, compression: 'identity' }
  const params = {
    // Speed matters more than size between pods.
    [constants.ZSTD_c_compressionLevel]: 1,
    [constants.ZSTD_c_contentSizeFlag]: 1,
  }
  return { bytes: await compress(bytes, { params, chunkSize }), compression: 'zstd' }
}

/** Throws what zlib says; the bytes were checked by their sum, so it does not happen to what we wrote. */
export async function unpack(packed: Packed, lengths: readonly number[]): Promise<Uint8Array[]> {
  const length = lengths.reduce((sum, one) => sum + one, 0)
  const bytes =
    packed.compression === 'identity'
      ? packed.bytes
      : await decompress(packed.bytes, { maxOutputLength: length, chunkSize: Math.max(64, length) })
  let at = 0
  return lengths.map((one) => {
    at += one
    return bytes.subarray(at - one, at)
  })
}
