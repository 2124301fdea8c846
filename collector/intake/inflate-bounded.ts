import type { Transform } from 'node:stream'
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import type { OtlpCompression } from '../record/otlp.ts'
import { errorText } from '../std/assert.ts'
import type { Reservation } from './byte-budget.ts'
import { type Refusal, refusals } from './refusal.ts'

export type Inflated =
  | { readonly type: 'inflated'; readonly bytes: Uint8Array }
  | { readonly type: 'refused'; readonly refusal: Refusal }

const chunkSize = 64 * 1024

const decoders: Readonly<Record<Exclude<OtlpCompression, 'identity'>, (chunkSize: number) => Transform>> = {
  gzip: (chunkSize) => createGunzip({ chunkSize }),
  deflate: (chunkSize) => createInflate({ chunkSize }),
  zstd: (chunkSize) => createZstdDecompress({ chunkSize }),
}

/** A deflated byte stands for 1,032 at the most. */
const deflateRatioMax = 1_032

/**
 * How long a gzip is inflated, which its last four bytes tell; 0: it cannot be true. With it the body inflates into one
 * chunk of the right size, where it would be many that have to be joined. The room is reserved before it is believed.
 */
function toldLength(body: Uint8Array, compression: OtlpCompression, bytesMax: number): number {
  if (compression !== 'gzip' || body.length < 18) return 0
  const told = new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(body.length - 4, true)
  // Of a body of several members it is that of the last one, and chunks of that size might be tiny.
  return told >= body.length && told <= Math.min(bytesMax, body.length * deflateRatioMax) ? told : 0
}

/** One whole body. The reservation grows while it inflates, so that a bomb is cut off at the limit, whatever it claims to be. */
export async function inflateBounded(
  body: Uint8Array,
  compression: OtlpCompression,
  { bytesMax, reservation }: { readonly bytesMax: number; readonly reservation: Reservation },
): Promise<Inflated> {
  if (compression === 'identity' || body.length === 0) return { type: 'inflated', bytes: body }
  const told = toldLength(body, compression, bytesMax)
  const noRoom = reservation.growTo(told)
  if (noRoom) return { type: 'refused', refusal: noRoom }
  // One byte more lets the decoder see that it is done.
  const decoder = decoders[compression](told > 0 ? told + 1 : chunkSize)
  const chunks: Buffer[] = []
  let length = 0
  decoder.end(body)
  try {
    for await (const chunk of decoder) {
      const bytes = chunk as Buffer // Decoders of zlib give nothing else.
      length += bytes.length
      if (length > bytesMax) return { type: 'refused', refusal: refusals.tooLarge(bytesMax) }
      const refusal = reservation.growTo(length)
      if (refusal) return { type: 'refused', refusal }
      chunks.push(bytes)
    }
  } catch (error) {
    return {
      type: 'refused',
      refusal: refusals.damaged(`the body cannot be inflated: ${errorText(error)}`),
    }
  }
  return { type: 'inflated', bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) }
}
