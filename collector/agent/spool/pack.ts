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
/** A batch that is larger is joined in a buffer of its own. */
const scratchBytesMax = 8 * 1024 * 1024
/** The buffer is given up for a smaller one when so many batches in a row took less than a quarter of it. */
const smallBatchesMax = 8
/** Output comes in pieces of this part of the input, so that mostly there is one. */
const ratio = 6
const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** Packs one batch at a time. */
export interface Packer {
  /** The pieces lie one after the other. */
  pack(pieces: readonly Uint8Array[]): Promise<Packed>
}

/**
 * Joins in a buffer that it keeps: memory outside of the heap, allocated at the rate of the traces, makes V8 collect all of
 * the heap again and again (a third of the CPU of the trace path).
 */
export function createPacker(): Packer {
  let scratch = Buffer.alloc(0)
  let smallBatches = 0
  let largest = 0

  /** What a first list or an outage took is not kept for ever. */
  function fit(length: number): void {
    const isSmall = length < scratch.length / 4
    smallBatches = isSmall ? smallBatches + 1 : 0
    largest = isSmall ? Math.max(largest, length) : 0
    const tooLarge = smallBatches > smallBatchesMax
    if (length <= scratch.length && !tooLarge) return
    scratch = Buffer.allocUnsafeSlow(Math.min(scratchBytesMax, 2 * Math.max(length, largest)))
    smallBatches = 0
    largest = 0
  }

  function join(pieces: readonly Uint8Array[], length: number): Buffer {
    if (length > scratchBytesMax) return Buffer.concat(pieces, length)
    fit(length)
    let at = 0
    for (const piece of pieces) {
      scratch.set(piece, at)
      at += piece.length
    }
    return scratch.subarray(0, length)
  }

  return {
    async pack(pieces) {
      const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
      if (length < packBytesMin) return { bytes: Buffer.concat(pieces, length), compression: 'identity' }
      const bytes = await compress(join(pieces, length), {
        // Speed matters more than size between pods.
        params: { [constants.ZSTD_c_compressionLevel]: 1 },
        chunkSize: Math.ceil(length / ratio),
      })
      return { bytes, compression: 'zstd' }
    },
  }
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
