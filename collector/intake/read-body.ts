import type { IncomingMessage } from 'node:http'
import type { Readable, Transform } from 'node:stream'
import { createGunzip, createInflate, createZstdDecompress } from 'node:zlib'
import { errorText } from '../std/assert.ts'
import type { ByteBudget } from './limits.ts'

export type BodyResult =
  | { readonly type: 'body'; readonly bytes: Uint8Array }
  | { readonly type: 'too-large' }
  | { readonly type: 'no-room' }
  | { readonly type: 'unknown-encoding'; readonly encoding: string }
  | { readonly type: 'damaged'; readonly message: string }

const decoders: Readonly<Record<string, (() => Transform) | null>> = {
  identity: null,
  '': null,
  gzip: () => createGunzip(),
  'x-gzip': () => createGunzip(),
  deflate: () => createInflate(),
  zlib: () => createInflate(),
  zstd: () => createZstdDecompress(),
}

/**
 * Reads and inflates one body, counted against the request's limit and the budget of all requests while it grows, so that a
 * bomb is cut off after `bytesMax` bytes whatever it claims to be. The caller gives the budget back (`reserved`).
 */
export async function readBody(
  request: IncomingMessage,
  {
    bytesMax,
    budget,
    onReserve,
  }: { readonly bytesMax: number; readonly budget: ByteBudget; readonly onReserve: (bytes: number) => void },
): Promise<BodyResult> {
  const encoding = String(request.headers['content-encoding'] ?? '')
    .trim()
    .toLowerCase()
  const decoder = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined
  if (decoder === undefined) return { type: 'unknown-encoding', encoding }
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > bytesMax) return { type: 'too-large' }
  const source: Readable = decoder === null ? request : inflate(request, decoder())
  const chunks: Buffer[] = []
  let length = 0
  let received = 0
  const countReceived = (chunk: Buffer) => {
    received += chunk.length
  }
  if (decoder !== null) request.on('data', countReceived)
  try {
    for await (const chunk of source) {
      const bytes = chunk as Buffer
      length += bytes.length
      if (length > bytesMax || received > bytesMax) return { type: 'too-large' }
      if (!budget.take(bytes.length)) return { type: 'no-room' }
      onReserve(bytes.length)
      chunks.push(bytes)
    }
  } catch (error) {
    return { type: 'damaged', message: errorText(error) }
  } finally {
    request.off('data', countReceived)
    if (source !== request) source.destroy()
  }
  return { type: 'body', bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks) }
}

function inflate(request: IncomingMessage, decoder: Transform): Readable {
  request.once('error', (error) => decoder.destroy(error))
  request.once('close', () => {
    if (!request.readableEnded) decoder.destroy(new Error('the request was cut off'))
  })
  return request.pipe(decoder)
}
