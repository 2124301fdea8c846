import type { IncomingMessage } from 'node:http'
import type { Readable, Transform } from 'node:stream'
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import type { OtlpCompression } from '../record/otlp.ts'
import { errorText } from '../std/assert.ts'
import type { Reservation } from './limits.ts'

export type BodyResult =
  /** `compression`: how the bytes are compressed still. */
  | { readonly type: 'body'; readonly bytes: Uint8Array; readonly compression: OtlpCompression }
  | { readonly type: 'too-large' }
  | { readonly type: 'no-room' }
  | { readonly type: 'unknown-encoding'; readonly encoding: string }
  | { readonly type: 'damaged'; readonly message: string }

const compressions: Readonly<Record<string, OtlpCompression>> = {
  '': 'identity',
  identity: 'identity',
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  zlib: 'deflate',
  zstd: 'zstd',
}

const decoders: Readonly<Record<OtlpCompression, (() => Transform) | null>> = {
  identity: null,
  gzip: () => createGunzip(),
  deflate: () => createInflate(),
  zstd: () => createZstdDecompress(),
}

/**
 * Reads and inflates one body. Its declared length is reserved before a byte is read, the reservation grows while it
 * inflates, so that a bomb is cut off after `bytesMax` bytes whatever it claims to be. The request itself is never
 * destroyed: its sender is to read why it was refused.
 */
export async function readBody(
  request: IncomingMessage,
  {
    bytesMax,
    reservation,
    inflate: inflates,
  }: { readonly bytesMax: number; readonly reservation: Reservation; readonly inflate: boolean },
): Promise<BodyResult> {
  const encoding = String(request.headers['content-encoding'] ?? '')
    .trim()
    .toLowerCase()
  const compression = Object.hasOwn(compressions, encoding) ? compressions[encoding] : undefined
  if (compression === undefined) return { type: 'unknown-encoding', encoding }
  const decoder = inflates ? decoders[compression] : null
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > bytesMax) return { type: 'too-large' }
  if (!reservation.growTo(declared)) return { type: 'no-room' }
  const source: Readable = decoder === null ? request : inflate(request, decoder())
  const chunks: Buffer[] = []
  let length = 0
  let received = 0
  const countReceived = (chunk: Buffer) => {
    received += chunk.length
  }
  if (decoder !== null) request.on('data', countReceived)
  try {
    for await (const chunk of source.iterator({ destroyOnReturn: false })) {
      const bytes = chunk as Buffer
      length += bytes.length
      if (length > bytesMax || received > bytesMax) return { type: 'too-large' }
      if (!reservation.growTo(length)) return { type: 'no-room' }
      chunks.push(bytes)
    }
    // Compressed bytes may inflate to nothing at all.
    if (received > bytesMax) return { type: 'too-large' }
  } catch (error) {
    return { type: 'damaged', message: errorText(error) }
  } finally {
    request.off('data', countReceived)
    if (source !== request) {
      request.unpipe()
      source.destroy()
    }
  }
  const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
  return { type: 'body', bytes, compression: inflates ? 'identity' : compression }
}

function inflate(request: IncomingMessage, decoder: Transform): Readable {
  const cutOff = () => {
    if (!request.readableEnded) decoder.destroy(new Error('the request was cut off'))
  }
  request.once('error', cutOff)
  request.once('close', cutOff)
  decoder.once('close', () => request.off('error', cutOff).off('close', cutOff))
  return request.pipe(decoder)
}

/** How long, at the most, a refused sender is listened to. */
const discardMs = 2_000

/**
 * Reads on and throws away, so that a sender that is still writing gets its answer: closing a socket with unread bytes
 * resets the connection under the answer. Ends after `bytesMax` bytes or two seconds, then the sender is cut off.
 */
export function discardRest(request: IncomingMessage, bytesMax: number): Promise<void> {
  if (request.readableEnded || request.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    let discarded = 0
    const done = () => {
      clearTimeout(timer)
      request.off('data', count).off('end', done).off('close', done)
      request.pause()
      resolve()
    }
    const count = (chunk: Buffer) => {
      discarded += chunk.length
      if (discarded > bytesMax) done()
    }
    const timer = setTimeout(done, discardMs)
    request.on('data', count).once('end', done).once('close', done)
    request.resume()
  })
}
