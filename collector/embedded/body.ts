import { createWriteStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib'

/** The inflated body was larger than allowed. */
export class BodyTooLarge extends Error {}
export class UnknownEncoding extends Error {}

/** Reads a whole inflated body into memory. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of inflated(request, bytesMax)) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** A temporary file with `first` and then the inflated body, deleted by `remove`. */
export interface SpilledBody {
  readonly path: string
  readonly bytes: number
  remove(): Promise<void>
}

export async function spillBody(spill: {
  readonly path: string
  readonly first: Uint8Array
  readonly request: IncomingMessage | undefined
  readonly bytesMax: number
}): Promise<SpilledBody> {
  const file = createWriteStream(spill.path, { mode: 0o600 })
  try {
    if (spill.first.length > 0) file.write(spill.first)
    if (spill.request) await pipeline(inflated(spill.request, spill.bytesMax), file)
    else await new Promise<void>((resolve, reject) => file.end(() => resolve()).once('error', reject))
    const { size } = await stat(spill.path)
    return { path: spill.path, bytes: size, remove: () => rm(spill.path, { force: true }) }
  } catch (error) {
    // A file that is still being opened would appear after it was removed.
    file.once('error', () => {}).destroy()
    if (!file.closed) await new Promise<void>((resolve) => file.once('close', () => resolve()))
    await rm(spill.path, { force: true })
    throw error
  }
}

const decoders: Record<string, () => Transform> = {
  gzip: () => createGunzip(),
  deflate: () => createInflate(),
  br: () => createBrotliDecompress(),
  zstd: () => createZstdDecompress(),
}

function inflated(request: IncomingMessage, bytesMax: number): Readable {
  const encoding = (request.headers['content-encoding'] ?? 'identity').toLowerCase()
  let bytes = 0
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      done(bytes > bytesMax ? new BodyTooLarge(`the body is larger than ${bytesMax} bytes`) : null, chunk)
    },
  })
  if (encoding === 'identity') return forward(request, limit)
  const decoder = decoders[encoding]?.()
  if (!decoder) throw new UnknownEncoding(`unknown Content-Encoding ${encoding}`)
  return forward(forward(request, decoder), limit)
}

/** Like pipe, and errors travel along. */
function forward(from: Readable, to: Transform): Readable {
  from.once('error', (error) => to.destroy(error))
  from.once('close', () => {
    if (!from.readableEnded) to.destroy(new Error('the request was cut off'))
  })
  return from.pipe(to)
}
