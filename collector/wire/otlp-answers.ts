import type { OtlpEncoding, OtlpSignal } from '../record/otlp.ts'
import { writeProto } from './proto-writer.ts'

const rejectedNames: Record<OtlpSignal, string> = {
  traces: 'rejectedSpans',
  logs: 'rejectedLogRecords',
  metrics: 'rejectedDataPoints',
}

/** An Export…ServiceResponse. `partial_success` is there only when there is something to say: an empty one makes SDKs warn. */
export function encodeExportResponse(
  encoding: OtlpEncoding,
  {
    signal,
    rejected,
    message,
  }: { readonly signal: OtlpSignal; readonly rejected: number; readonly message: string },
): Uint8Array {
  const silent = rejected === 0 && message === ''
  if (encoding === 'json') {
    const partialSuccess = { [rejectedNames[signal]]: String(rejected), errorMessage: message }
    return Buffer.from(silent ? '{}' : JSON.stringify({ partialSuccess }))
  }
  if (silent) return new Uint8Array()
  return writeProto()
    .message(1, (partial) => {
      partial.optional(1, rejected)
      if (message) partial.text(2, message)
    })
    .finish()
}

/** google.rpc codes that OTLP answers use. */
export const rpcCodes = {
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  resourceExhausted: 8,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const

/** A google.rpc.Status, with a RetryInfo detail when the sender should come back. */
export function encodeStatus(
  encoding: OtlpEncoding,
  {
    code,
    message,
    retryAfterSeconds,
  }: { readonly code: number; readonly message: string; readonly retryAfterSeconds?: number },
): Uint8Array {
  if (encoding === 'json') {
    const details =
      retryAfterSeconds === undefined
        ? {}
        : {
            details: [
              { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: `${retryAfterSeconds}s` },
            ],
          }
    return Buffer.from(JSON.stringify({ code, message, ...details }))
  }
  const writer = writeProto().optional(1, code).text(2, message)
  if (retryAfterSeconds !== undefined) {
    writer.message(3, (any) =>
      any
        .text(1, 'type.googleapis.com/google.rpc.RetryInfo')
        .message(2, (info) => info.message(1, (duration) => duration.optional(1, retryAfterSeconds))),
    )
  }
  return writer.finish()
}
