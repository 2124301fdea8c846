import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { encodeExportResponse, encodeStatus, rpcCodes } from '../wire/otlp-answers.ts'
import { type ByteBudget, createByteBudget, defaultLimits, type IntakeLimits } from './limits.ts'
import type { OtlpEncoding, OtlpHandler, OtlpOutcome, OtlpSignal } from './otlp.ts'
import { readBody } from './read-body.ts'

/**
 * OTLP over HTTP (opentelemetry-proto specification, "OTLP/HTTP"): POST /v1/traces, /v1/logs, /v1/metrics, protobuf and JSON
 * on one port. Every answer, errors too, is in the request's encoding; only 429 and 503 ask the sender to come again.
 */
export interface OtlpHttpOptions {
  readonly handler: OtlpHandler
  readonly limits?: Partial<IntakeLimits>
  /** Shared with other listeners of the process; its own when absent. */
  readonly budget?: ByteBudget
  /** When there are any, one must be presented as `Authorization: Bearer KEY`. */
  readonly accessKeys?: readonly string[]
  /** Called once per request that never reached the handler. */
  readonly onRefused?: (refusal: { readonly signal: OtlpSignal; readonly status: number }) => void
}

const signals: readonly OtlpSignal[] = ['traces', 'logs', 'metrics']
const retryAfterSeconds = 1

export function registerOtlpRoutes(app: FastifyInstance, options: OtlpHttpOptions): void {
  const limits = { ...defaultLimits, ...options.limits }
  const budget = options.budget ?? createByteBudget(limits.inFlightBytesMax)
  void app.register(async (scope) => {
    // The body is read by us: inflated under a limit, whatever its type.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    for (const signal of signals) {
      const url = `/v1/${signal}`
      scope.options(url, (request, reply) => preflight(request, reply))
      scope.post(url, { bodyLimit: Number.MAX_SAFE_INTEGER, logLevel: 'silent' }, async (request, reply) => {
        const refuse = (answer: Answer) => {
          options.onRefused?.({ signal, status: answer.status })
          return answer
        }
        const answer = await handle({ request, signal, limits, budget, options, refuse })
        allowOrigin(request, reply)
        ageConnection(request, reply, limits.connectionAgeMs)
        return send(reply, answer)
      })
      scope.route({
        method: ['GET', 'PUT', 'DELETE', 'PATCH'],
        url,
        handler: (_request, reply) =>
          send(
            reply.header('allow', 'POST, OPTIONS'),
            failure('json', 405, rpcCodes.unimplemented, `${url} takes POST only`),
          ),
      })
    }
  })
}

interface Answer {
  readonly status: number
  readonly encoding: OtlpEncoding
  readonly body: Uint8Array
  readonly retryAfterSeconds?: number
}

interface Handling {
  readonly request: FastifyRequest
  readonly signal: OtlpSignal
  readonly limits: IntakeLimits
  readonly budget: ByteBudget
  readonly options: OtlpHttpOptions
  readonly refuse: (answer: Answer) => Answer
}

async function handle({ request, signal, limits, budget, options, refuse }: Handling): Promise<Answer> {
  const encoding = encodingOf(request.headers['content-type'])
  if (!mayEnter(request.headers.authorization, options.accessKeys ?? [])) {
    return refuse(
      failure(encoding ?? 'json', 401, rpcCodes.unauthenticated, 'the access key is missing or not valid'),
    )
  }
  if (!encoding) {
    const message = `Content-Type must be application/x-protobuf or application/json, not ${request.headers['content-type'] ?? 'absent'}`
    return refuse(failure('json', 415, rpcCodes.invalidArgument, message))
  }
  let reserved = 0
  try {
    const onReserve = (bytes: number) => {
      reserved += bytes
    }
    const body = await readBody(request.raw, { bytesMax: limits.bodyBytesMax, budget, onReserve })
    switch (body.type) {
      case 'too-large':
        return refuse(tooLarge(encoding, limits.bodyBytesMax))
      case 'no-room':
        return refuse(
          retry(encoding, {
            status: 503,
            afterSeconds: retryAfterSeconds,
            message: 'too many bytes are in flight',
          }),
        )
      case 'unknown-encoding':
        return refuse(
          failure(
            encoding,
            415,
            rpcCodes.invalidArgument,
            `Content-Encoding ${body.encoding} is not known: use gzip, deflate, zstd or none`,
          ),
        )
      case 'damaged':
        return refuse(
          failure(encoding, 400, rpcCodes.invalidArgument, `the body cannot be inflated: ${body.message}`),
        )
    }
    const outcome = await options.handler({
      signal,
      encoding,
      body: body.bytes,
      peerAddress: plainAddress(request.raw),
      batchId: headerOf(request, 'binnacle-batch-id').slice(0, 200),
      resend: headerOf(request, 'binnacle-batch-resend') === '1',
    })
    return answerOf(signal, encoding, outcome)
  } finally {
    budget.give(reserved)
  }
}

function answerOf(signal: OtlpSignal, encoding: OtlpEncoding, outcome: OtlpOutcome): Answer {
  switch (outcome.type) {
    case 'accepted':
      return { status: 200, encoding, body: encodeExportResponse(encoding, { signal, ...outcome }) }
    case 'retry':
      return retry(encoding, outcome)
    case 'invalid':
      return failure(encoding, 400, rpcCodes.invalidArgument, outcome.message)
  }
}

function failure(encoding: OtlpEncoding, status: number, code: number, message: string): Answer {
  return { status, encoding, body: encodeStatus(encoding, { code, message }) }
}

const tooLarge = (encoding: OtlpEncoding, bytesMax: number) =>
  failure(
    encoding,
    413,
    rpcCodes.resourceExhausted,
    `the body is larger than ${bytesMax} bytes (before or after inflating): send smaller batches`,
  )

function retry(
  encoding: OtlpEncoding,
  {
    status,
    afterSeconds,
    message,
  }: { readonly status: number; readonly afterSeconds: number; readonly message: string },
): Answer {
  const body = encodeStatus(encoding, {
    code: rpcCodes.unavailable,
    message,
    retryAfterSeconds: afterSeconds,
  })
  return { status, encoding, body, retryAfterSeconds: afterSeconds }
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  if (answer.retryAfterSeconds !== undefined) reply.header('retry-after', String(answer.retryAfterSeconds))
  // A body that was not read to its end must not be taken for the next request.
  if (!reply.request.raw.readableEnded && answer.status >= 400) reply.header('connection', 'close')
  const type = answer.encoding === 'json' ? 'application/json' : 'application/x-protobuf'
  return reply.code(answer.status).header('content-type', type).send(Buffer.from(answer.body))
}

/** By the media type alone: parameters and case do not matter. */
function encodingOf(contentType: string | undefined): OtlpEncoding | undefined {
  switch (contentType?.split(';')[0]?.trim().toLowerCase()) {
    case 'application/x-protobuf':
    case 'application/protobuf':
      return 'protobuf'
    case 'application/json':
      return 'json'
    default:
      return undefined
  }
}

function mayEnter(authorization: string | undefined, keys: readonly string[]): boolean {
  if (keys.length === 0) return true
  const presented = Buffer.from(/^Bearer\s+(.+)$/i.exec(authorization ?? '')?.[1] ?? '')
  // Every key is compared, in constant time for keys of equal length.
  return keys.map((key) => equalBytes(Buffer.from(key), presented)).includes(true)
}

function equalBytes(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other)
}

function headerOf(request: FastifyRequest, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}

function plainAddress(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
}

const openedAt = new WeakMap<object, number>()

/** Closes a keep-alive connection now and then, so that senders spread over replicas. */
function ageConnection(request: FastifyRequest, reply: FastifyReply, ageMs: number): void {
  const { socket } = request.raw
  const opened = openedAt.get(socket)
  const now = performance.now()
  if (opened === undefined) openedAt.set(socket, now)
  else if (now - opened > ageMs && request.raw.httpVersionMajor === 1) reply.header('connection', 'close')
}

function allowOrigin(request: FastifyRequest, reply: FastifyReply): void {
  if (request.headers.origin) reply.header('access-control-allow-origin', '*')
}

function preflight(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  allowOrigin(request, reply)
  return reply
    .header('access-control-allow-methods', 'POST')
    .header(
      'access-control-allow-headers',
      'content-type, content-encoding, authorization, traceparent, tracestate',
    )
    .header('access-control-max-age', '3600')
    .code(204)
    .send()
}
