import type { FastifyReply } from 'fastify'
import type { OtlpEncoding, OtlpOutcome, OtlpSignal } from '../record/otlp.ts'
import { encodeExportResponse, encodeStatus, rpcCodes } from '../wire/otlp-answers.ts'
import { boundedRetryAfter } from './limits.ts'

/** An OTLP/HTTP answer: Export…ServiceResponse or google.rpc.Status, in the request's encoding. */
export interface Answer {
  readonly status: number
  readonly encoding: OtlpEncoding
  readonly body: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

export function answerOf(signal: OtlpSignal, encoding: OtlpEncoding, outcome: OtlpOutcome): Answer {
  switch (outcome.type) {
    case 'accepted':
      return { status: 200, encoding, body: encodeExportResponse(encoding, { signal, ...outcome }) }
    case 'retry':
      return comeAgain(encoding, outcome)
    case 'too-large':
      return failure(encoding, { status: 413, code: rpcCodes.resourceExhausted, message: outcome.message })
    case 'invalid':
      return badRequest(encoding, outcome.message)
  }
}

/** 429 or 503, which alone ask a sender to come again. */
export function comeAgain(
  encoding: OtlpEncoding,
  {
    status,
    afterSeconds,
    message,
  }: { readonly status: 429 | 503; readonly afterSeconds: number; readonly message: string },
): Answer {
  const retryAfterSeconds = boundedRetryAfter(afterSeconds)
  const body = encodeStatus(encoding, { code: rpcCodes.unavailable, message, retryAfterSeconds })
  return { status, encoding, body, headers: { 'retry-after': String(retryAfterSeconds) } }
}

export const badRequest = (encoding: OtlpEncoding, message: string): Answer =>
  failure(encoding, { status: 400, code: rpcCodes.invalidArgument, message })

export const tooLarge = (encoding: OtlpEncoding, bytesMax: number): Answer =>
  failure(encoding, {
    status: 413,
    code: rpcCodes.resourceExhausted,
    message: `the body is larger than ${bytesMax} bytes (before or after inflating): send smaller batches`,
  })

export const unknownEncoding = (encoding: OtlpEncoding, contentEncoding: string): Answer =>
  failure(encoding, {
    status: 415,
    code: rpcCodes.invalidArgument,
    message: `Content-Encoding ${contentEncoding} is not known: use gzip, deflate, zstd or none`,
  })

export const unknownType = (contentType: string | undefined): Answer =>
  failure('json', {
    status: 415,
    code: rpcCodes.invalidArgument,
    message: `Content-Type must be application/x-protobuf or application/json, not ${contentType || 'absent'}`,
  })

export const unauthenticated = (encoding: OtlpEncoding): Answer => ({
  ...failure(encoding, {
    status: 401,
    code: rpcCodes.unauthenticated,
    message: 'the access key is missing or not valid',
  }),
  headers: { 'www-authenticate': 'Bearer' },
})

export const wrongMethod = (encoding: OtlpEncoding, url: string): Answer => ({
  ...failure(encoding, { status: 405, code: rpcCodes.unimplemented, message: `${url} takes POST only` }),
  headers: { allow: 'POST, OPTIONS' },
})

function failure(
  encoding: OtlpEncoding,
  { status, code, message }: { readonly status: number; readonly code: number; readonly message: string },
): Answer {
  return { status, encoding, body: encodeStatus(encoding, { code, message }) }
}

export function sendAnswer(
  reply: FastifyReply,
  { status, encoding, body, headers = {} }: Answer,
): FastifyReply {
  const type = encoding === 'json' ? 'application/json' : 'application/x-protobuf'
  return reply.code(status).headers(headers).header('content-type', type).send(Buffer.from(body))
}
