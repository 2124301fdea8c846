import { gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib'
import type { OtlpCompression } from '../../record/otlp.ts'
import { errorText } from '../../std/assert.ts'

export type Inflated =
  | { readonly type: 'inflated'; readonly bytes: Uint8Array }
  /** More than `bytesMax`, whatever it claims to be. */
  | { readonly type: 'too-large' }
  | { readonly type: 'damaged'; readonly message: string }

/** A whole body at once; inflating stops at the first byte beyond `bytesMax`. */
export function tryInflate(body: Uint8Array, compression: OtlpCompression, bytesMax: number): Inflated {
  if (body.length > bytesMax) return { type: 'too-large' }
  if (compression === 'identity' || body.length === 0) return { type: 'inflated', bytes: body }
  try {
    return { type: 'inflated', bytes: inflaters[compression](body, bytesMax) }
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE') return { type: 'too-large' }
    return { type: 'damaged', message: `the body cannot be inflated: ${errorText(error)}` }
  }
}

type Inflater = (body: Uint8Array, bytesMax: number) => Uint8Array

const inflaters: Readonly<Record<Exclude<OtlpCompression, 'identity'>, Inflater>> = {
  gzip: (body, bytesMax) =>
    gunzipSync(body, { maxOutputLength: bytesMax, chunkSize: chunkBytes(gzipLength(body), bytesMax) }),
  deflate: (body, bytesMax) =>
    inflateSync(body, { maxOutputLength: bytesMax, chunkSize: chunkBytes(body.length * 8, bytesMax) }),
  zstd: (body, bytesMax) =>
    zstdDecompressSync(body, {
      maxOutputLength: bytesMax,
      chunkSize: chunkBytes(body.length * 8, bytesMax),
    }),
}

const chunkBytesMin = 16 * 1024
const chunkBytesMax = 4 * 1024 ** 2

/** The output is gathered in chunks of this size: one, when the guess is good. It is a guess, so it is bounded. */
function chunkBytes(guess: number, bytesMax: number): number {
  return Math.max(chunkBytesMin, Math.min(guess + 64, bytesMax, chunkBytesMax))
}

/** The length that a gzip stream of one member tells in its last four bytes. */
function gzipLength(body: Uint8Array): number {
  if (body.length < 18) return 0
  return new DataView(body.buffer, body.byteOffset + body.length - 4, 4).getUint32(0, true)
}
