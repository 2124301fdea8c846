import type { OtlpEncoding, OtlpSignal } from '../record/otlp.ts'
import { encodeExportResponse, encodeStatus, rpcCodes } from '../wire/otlp-answers.ts'
import type { Verdict } from './door.ts'
import { boundedRetryAfter } from './limits.ts'
import type { RefusalReason } from './refusal.ts'

/** An OTLP/HTTP answer: Export…ServiceResponse or google.rpc.Status, in the request's encoding. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

const refusalStatus: Readonly<Record<RefusalReason, readonly [http: number, rpc: number]>> = {
  unauthenticated: [401, rpcCodes.unauthenticated],
  'unknown-type': [415, rpcCodes.invalidArgument],
  'unknown-encoding': [415, rpcCodes.invalidArgument],
  'too-large': [413, rpcCodes.resourceExhausted],
  'no-room': [503, rpcCodes.unavailable],
  'over-share': [503, rpcCodes.unavailable],
  damaged: [400, rpcCodes.invalidArgument],
  deadline: [503, rpcCodes.unavailable],
}

export function answerOf(signal: OtlpSignal, encoding: OtlpEncoding, verdict: Verdict): Answer {
  switch (verdict.type) {
    case 'accepted':
      return answer(200, encoding, encodeExportResponse(encoding, { signal, ...verdict }))
    case 'retry':
      return comeAgain(encoding, verdict)
    case 'too-large':
      return failure(encoding, { status: 413, code: rpcCodes.resourceExhausted, message: verdict.message })
    case 'invalid':
      return failure(encoding, { status: 400, code: rpcCodes.invalidArgument, message: verdict.message })
    case 'failed':
      return comeAgain(encoding, { status: 503, afterSeconds: 1, message: 'internal error' })
    case 'refused': {
      const { reason, message } = verdict.refusal
      const [status, code] = refusalStatus[reason]
      if (status === 503) return comeAgain(encoding, { status, afterSeconds: 1, message })
      const headers = reason === 'unauthenticated' ? { 'www-authenticate': 'Bearer' } : {}
      return failure(encoding, { status, code, message, headers })
    }
  }
}

export const wrongMethod = (encoding: OtlpEncoding, path: string): Answer =>
  failure(encoding, {
    status: 405,
    code: rpcCodes.unimplemented,
    message: `${path} takes POST only`,
    headers: { allow: 'POST, OPTIONS' },
  })

const pathCharsShown = 200

export const notFound = (path: string): Answer =>
  failure('json', {
    status: 404,
    code: rpcCodes.notFound,
    message: `there is nothing at ${path.slice(0, pathCharsShown)}: send to /v1/traces, /v1/logs or /v1/metrics`,
  })

export const preflight: Answer = {
  status: 204,
  headers: {
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'content-type, content-encoding, authorization, traceparent, tracestate',
    'access-control-max-age': '3600',
  },
  body: new Uint8Array(),
}

/** A sender that knows of it may go over to zstd (RFC 9110, 12.5.3); after 415 it knows what to send. */
const takes = { 'accept-encoding': 'zstd, gzip, deflate' }

/** 429 or 503, which alone ask a sender to come again. */
function comeAgain(
  encoding: OtlpEncoding,
  asked: { readonly status: number; readonly afterSeconds: number; readonly message: string },
): Answer {
  const retryAfterSeconds = boundedRetryAfter(asked.afterSeconds)
  const status = { code: rpcCodes.unavailable, message: asked.message, retryAfterSeconds }
  const headers = { 'retry-after': String(retryAfterSeconds) }
  return answer(asked.status, encoding, encodeStatus(encoding, status), headers)
}

interface Failure {
  readonly status: number
  readonly code: number
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

function failure(encoding: OtlpEncoding, { status, code, message, headers }: Failure): Answer {
  return answer(status, encoding, encodeStatus(encoding, { code, message }), headers)
}

function answer(
  status: number,
  encoding: OtlpEncoding,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const type = encoding === 'json' ? 'application/json' : 'application/x-protobuf'
  return { status, headers: { ...headers, ...takes, 'content-type': type }, body }
}
