import type { Readable } from 'node:stream'
import { errorText } from '../std/assert.ts'
import type { Reservation } from './byte-budget.ts'
import { type Refusal, refusals } from './refusal.ts'

export type BodyResult =
  /** `bytes` has a buffer of its own, so that it can be handed to another thread as it is. */
  | { readonly type: 'body'; readonly bytes: Uint8Array }
  | { readonly type: 'refused'; readonly refusal: Refusal }
  /** The sender hung up: nobody waits for an answer. */
  | { readonly type: 'gone' }

export interface BodyReading {
  /** Content-Length; undefined: not told. */
  readonly declared: number | undefined
  readonly bytesMax: number
  readonly reservation: Reservation
  /** For the whole body: a sender that dawdles must not hold its place for ever. */
  readonly timeoutMs: number
}

/**
 * Reads one body as it travels. Its declared length is refused or reserved before a byte is read; without one the
 * reservation grows as bytes come. The request itself is never destroyed: its sender is to read why it was refused.
 */
export function readBody(request: Readable, reading: BodyReading): Promise<BodyResult> {
  const { declared, bytesMax, reservation, timeoutMs } = reading
  if (declared !== undefined && declared > bytesMax) return refused(refusals.tooLarge(bytesMax))
  const refusal = reservation.growTo(declared ?? 0)
  if (refusal) return refused(refusal)
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let length = 0
    const timer = setTimeout(() => settle({ type: 'refused', refusal: refusals.deadline }), timeoutMs)

    function settle(result: BodyResult): void {
      clearTimeout(timer)
      request.off('data', take).off('end', end).off('aborted', gone).off('error', fail).off('close', gone)
      if (result.type !== 'body') request.pause()
      resolve(result)
    }
    function take(chunk: Buffer): void {
      length += chunk.length
      if (length > bytesMax) return settle({ type: 'refused', refusal: refusals.tooLarge(bytesMax) })
      const refusal = reservation.growTo(length)
      if (refusal) return settle({ type: 'refused', refusal })
      chunks.push(chunk)
    }
    const end = () => settle({ type: 'body', bytes: join(chunks, length) })
    const gone = () => settle({ type: 'gone' })
    const fail = (error: unknown) =>
      settle({ type: 'refused', refusal: refusals.damaged(`the body cannot be read: ${errorText(error)}`) })
    request.on('data', take).once('end', end).once('aborted', gone).once('error', fail).once('close', gone)
  })
}

const refused = async (refusal: Refusal): Promise<BodyResult> => ({ type: 'refused', refusal })

/** Copied, even when it is one: chunks are parts of larger buffers of the socket, which they would keep. */
function join(chunks: readonly Buffer[], length: number): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(length)
  let at = 0
  for (const chunk of chunks) at += chunk.copy(bytes, at)
  return bytes
}

/** How long, at the most, a refused sender is listened to. */
const discardMs = 2_000

/**
 * Reads on and throws away, so that a sender that is still writing gets its answer: closing a socket with unread bytes
 * resets the connection under the answer. Ends after `bytesMax` bytes or two seconds, then the sender is cut off.
 */
export function discardRest(request: Readable, bytesMax: number): Promise<void> {
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
