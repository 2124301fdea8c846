import type { ServerHttp2Stream } from 'node:http2'
import type { Reservation } from './byte-budget.ts'
import { frameHeadBytes } from './grpc-wire.ts'
import { type Refusal, refusals } from './refusal.ts'

export type GrpcMessage =
  /** `bytes` has a buffer of its own, so that it can be handed to another thread as it is. */
  | { readonly type: 'message'; readonly bytes: Uint8Array; readonly compressed: boolean }
  | { readonly type: 'refused'; readonly refusal: Refusal }
  /** The sender has given the call up: nobody waits for an answer. */
  | { readonly type: 'gone' }

export interface GrpcReading {
  readonly bytesMax: number
  readonly reservation: Reservation
  /** For the whole message: a sender that dawdles must not hold its place for ever. */
  readonly timeoutMs: number
}

/**
 * The one message of a unary call. The five bytes in front of it tell its length, which is refused or reserved before any
 * of its bytes is taken; then every chunk is copied once, to where it stays.
 */
export function readGrpcMessage(
  stream: ServerHttp2Stream,
  { bytesMax, reservation, timeoutMs }: GrpcReading,
): Promise<GrpcMessage> {
  return new Promise((resolve) => {
    const head = Buffer.allocUnsafe(frameHeadBytes)
    let headLength = 0
    let body: Buffer | undefined
    let filled = 0
    const timer = setTimeout(() => settle(refuse(refusals.deadline)), timeoutMs)

    function settle(message: GrpcMessage): void {
      clearTimeout(timer)
      stream.off('data', take).off('end', end).off('aborted', gone).off('error', gone).off('close', gone)
      resolve(message)
    }
    function take(chunk: Buffer): void {
      let at = 0
      if (!body) {
        at = chunk.copy(head, headLength, 0, frameHeadBytes - headLength)
        headLength += at
        if (headLength < frameHeadBytes) return
        const refusal = refusalOf(head, bytesMax, reservation)
        if (refusal) return settle(refuse(refusal))
        body = Buffer.allocUnsafeSlow(head.readUInt32BE(1))
      }
      if (chunk.length - at > body.length - filled)
        return settle(refuse(refusals.damaged('the call has more than one message')))
      filled += chunk.copy(body, filled, at)
    }
    function end(): void {
      if (body && filled === body.length)
        return settle({ type: 'message', bytes: body, compressed: head[0] === 1 })
      settle(refuse(refusals.damaged(`the message ends after ${headLength + filled} bytes`)))
    }
    const gone = () => settle({ type: 'gone' })
    stream.on('data', take).once('end', end).once('aborted', gone).once('error', gone).once('close', gone)
  })
}

const refuse = (refusal: Refusal): GrpcMessage => ({ type: 'refused', refusal })

function refusalOf(head: Buffer, bytesMax: number, reservation: Reservation): Refusal | undefined {
  if ((head[0] ?? 0) > 1) return refusals.damaged('the first byte of the message is neither 0 nor 1')
  const length = head.readUInt32BE(1)
  if (length > bytesMax) return refusals.tooLarge(bytesMax)
  return reservation.growTo(length)
}
