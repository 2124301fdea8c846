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

interface RpcStatus {
  readonly code: number
  readonly message: string
  readonly retryAfterSeconds?: number
}

/** A google.rpc.Status: with a RetryInfo when the sender should come back, with a BadRequest when its data is at fault. */
export function encodeStatus(encoding: OtlpEncoding, status: RpcStatus): Uint8Array {
  return encoding === 'json' ? jsonStatus(status) : protobufStatus(status)
}

const typeUrl = (name: string) => `type.googleapis.com/google.rpc.${name}`
const isBadRequest = ({ code }: RpcStatus) => code === rpcCodes.invalidArgument

function jsonStatus(status: RpcStatus): Uint8Array {
  const { code, message, retryAfterSeconds } = status
  const details: object[] = []
  if (retryAfterSeconds !== undefined)
    details.push({ '@type': typeUrl('RetryInfo'), retryDelay: `${retryAfterSeconds}s` })
  if (isBadRequest(status))
    details.push({ '@type': typeUrl('BadRequest'), fieldViolations: [{ description: message }] })
  return Buffer.from(JSON.stringify({ code, message, ...(details.length > 0 ? { details } : {}) }))
}

function protobufStatus(status: RpcStatus): Uint8Array {
  const { code, message, retryAfterSeconds } = status
  const writer = writeProto().optional(1, code).text(2, message)
  if (retryAfterSeconds !== undefined)
    writer.message(3, (any) =>
      any
        .text(1, typeUrl('RetryInfo'))
        .message(2, (info) => info.message(1, (duration) => duration.optional(1, retryAfterSeconds))),
    )
  if (isBadRequest(status))
    writer.message(3, (any) =>
      any
        .text(1, typeUrl('BadRequest'))
        .message(2, (bad) => bad.message(1, (violation) => violation.text(2, message))),
    )
  return writer.finish()
}
