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

const decoders: Readonly<Record<Exclude<OtlpCompression, 'identity'>, () => Transform>> = {
  gzip: () => createGunzip({ chunkSize }),
  deflate: () => createInflate({ chunkSize }),
  zstd: () => createZstdDecompress({ chunkSize }),
}

/** One whole body. The reservation grows while it inflates, so that a bomb is cut off at the limit, whatever it claims to be. */
export async function inflateBounded(
  body: Uint8Array,
  compression: OtlpCompression,
  { bytesMax, reservation }: { readonly bytesMax: number; readonly reservation: Reservation },
): Promise<Inflated> {
  if (compression === 'identity' || body.length === 0) return { type: 'inflated', bytes: body }
  const decoder = decoders[compression]()
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
