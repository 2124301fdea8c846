import type { OtlpCompression, OtlpEncoding, OtlpHandler, OtlpOutcome, OtlpSignal } from '../record/otlp.ts'
import type { Log } from '../std/log.ts'
import { createKeyCheck } from './access-key.ts'
import { type ByteBudget, createByteBudget, type Reservation } from './byte-budget.ts'
import { inflateBounded } from './inflate-bounded.ts'
import { boundedBatchId, defaultLimits, type IntakeLimits } from './limits.ts'
import type { Refusal, RefusalReason } from './refusal.ts'

/**
 * What HTTP/1.1, HTTP/2 and gRPC have in common: who may enter, how much is in the house, who inflates, and the handler.
 * A transport reads one body within a reservation, hands it on here and words the verdict as its protocol has it.
 */
export interface Door {
  readonly limits: IntakeLimits
  mayEnter(authorization: string): boolean
  reserve(sender: Sender): Reservation
  /** Never rejects: a handler that throws is a bug of ours, and its sender is asked to come again. */
  handOn(arrived: Arrived, reservation: Reservation): Promise<Verdict>
  refused(request: RefusedRequest): void
}

export interface DoorOptions {
  readonly handler: OtlpHandler
  readonly limits?: Partial<IntakeLimits>
  /** Who inflates bodies: the listener, or the handler (it is told the compression, and bodies are bounded as they travel). */
  readonly inflate?: 'listener' | 'handler'
  /** Shared with other listeners of the process; its own when absent. */
  readonly budget?: ByteBudget
  /** When there are any, one must be presented as `Authorization: Bearer KEY`. */
  readonly accessKeys?: readonly string[]
  /** Called once per request that never reached the handler; `status` is the HTTP status or the gRPC code. */
  readonly onRefused?: (refusal: RefusedRequest) => void
  /** Told of a handler that throws: a bug of ours. */
  readonly log?: Log
}

/** Whose share of the budget a request is part of: the key's owner when there are several keys, else the address. */
export interface Sender {
  readonly authorization: string
  readonly peerAddress: string
}

export interface RefusedRequest {
  readonly transport: 'http' | 'grpc'
  readonly signal: OtlpSignal
  readonly status: number
  readonly reason: RefusalReason
}

/** A whole body as it travelled. */
export interface Arrived {
  readonly signal: OtlpSignal
  readonly encoding: OtlpEncoding
  readonly body: Uint8Array
  readonly compression: OtlpCompression
  readonly peerAddress: string
  readonly header: (name: string) => string
}

export type Verdict =
  | OtlpOutcome
  | { readonly type: 'refused'; readonly refusal: Refusal }
  | { readonly type: 'failed' }

export function createDoor(options: DoorOptions): Door {
  const { handler, inflate = 'listener', accessKeys = [], onRefused, log } = options
  const limits = { ...defaultLimits, ...options.limits }
  const budget = options.budget ?? createByteBudget(limits.inFlightBytesMax)
  return {
    limits,
    mayEnter: createKeyCheck(accessKeys),
    // One key that all have tells nobody apart.
    reserve: ({ authorization, peerAddress }) =>
      budget.reserve(accessKeys.length > 1 ? authorization : peerAddress),
    async handOn({ signal, encoding, body, compression, peerAddress, header }, reservation) {
      try {
        const { bodyBytesMax: bytesMax } = limits
        const ready =
          inflate === 'handler'
            ? { type: 'inflated' as const, bytes: body }
            : await inflateBounded(body, compression, { bytesMax, reservation })
        if (ready.type === 'refused') return ready
        return await handler({
          signal,
          encoding,
          body: ready.bytes,
          compression: inflate === 'handler' ? compression : 'identity',
          peerAddress,
          batchId: boundedBatchId(header('binnacle-batch-id')),
          resend: header('binnacle-batch-resend') === '1',
          forwarded: header('binnacle-forwarded') === '1',
        })
      } catch (error) {
        log?.error({ err: error, signal }, 'a request failed inside: its sender is asked to come again')
        return { type: 'failed' }
      }
    },
    refused: (request) => onRefused?.(request),
  }
}
