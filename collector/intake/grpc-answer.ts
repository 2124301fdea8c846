import type { ServerHttp2Stream } from 'node:http2'
import type { OtlpSignal } from '../record/otlp.ts'
import { encodeExportResponse, encodeStatus, rpcCodes } from '../wire/otlp-answers.ts'
import type { Verdict } from './door.ts'
import { binaryHeader, frameMessage, percentEncode } from './grpc-wire.ts'
import { boundedRetryAfter } from './limits.ts'
import type { RefusalReason } from './refusal.ts'
import { stopReading } from './stop-reading.ts'

/** A gRPC answer: a message, or a status other than OK, which asks the sender to come again only when it says when. */
export type GrpcAnswer =
  | { readonly type: 'message'; readonly message: Uint8Array }
  | {
      readonly type: 'status'
      readonly code: number
      readonly message: string
      readonly retryAfterSeconds?: number
    }

const refusalCodes: Readonly<Record<RefusalReason, number>> = {
  unauthenticated: rpcCodes.unauthenticated,
  'unknown-type': rpcCodes.invalidArgument,
  'unknown-encoding': rpcCodes.unimplemented,
  'too-large': rpcCodes.resourceExhausted,
  'no-room': rpcCodes.unavailable,
  'over-share': rpcCodes.unavailable,
  damaged: rpcCodes.invalidArgument,
  deadline: rpcCodes.deadlineExceeded,
}

export function grpcAnswerOf(signal: OtlpSignal, verdict: Verdict): GrpcAnswer {
  switch (verdict.type) {
    case 'accepted':
      return { type: 'message', message: encodeExportResponse('protobuf', { signal, ...verdict }) }
    case 'retry':
      return comeAgain(verdict.message, boundedRetryAfter(verdict.afterSeconds))
    case 'too-large':
      return { type: 'status', code: rpcCodes.resourceExhausted, message: verdict.message }
    case 'invalid':
      return { type: 'status', code: rpcCodes.invalidArgument, message: verdict.message }
    case 'failed':
      // INTERNAL would make the sender throw its data away.
      return comeAgain('internal error', 1)
    case 'refused': {
      const { reason, message } = verdict.refusal
      const code = refusalCodes[reason]
      return code === rpcCodes.unavailable ? comeAgain(message, 1) : { type: 'status', code, message }
    }
  }
}

const comeAgain = (message: string, retryAfterSeconds: number): GrpcAnswer => ({
  type: 'status',
  code: rpcCodes.unavailable,
  message,
  retryAfterSeconds,
})

const headers = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': 'identity,gzip,deflate,zstd',
} as const

export function sendGrpcAnswer(stream: ServerHttp2Stream, answer: GrpcAnswer): void {
  if (stream.destroyed || stream.closed || stream.headersSent) return
  if (answer.type === 'message') {
    stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
    stream.respond(headers, { waitForTrailers: true })
    stream.end(frameMessage(answer.message))
    return
  }
  const { code, message, retryAfterSeconds } = answer
  const details = encodeStatus('protobuf', {
    code,
    message,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  })
  stream.respond(
    {
      ...headers,
      'grpc-status': String(code),
      'grpc-message': percentEncode(message),
      'grpc-status-details-bin': binaryHeader(details),
    },
    { endStream: true },
  )
  stopReading(stream)
}
