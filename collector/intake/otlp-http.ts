import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { OtlpEncoding, OtlpHandler, OtlpSignal } from '../record/otlp.ts'
import { type Clock, systemClock } from '../std/clock.ts'
import type { Log } from '../std/log.ts'
import { createKeyCheck } from './access-key.ts'
import {
  type Answer,
  answerOf,
  badRequest,
  comeAgain,
  sendAnswer,
  tooLarge,
  unauthenticated,
  unknownEncoding,
  unknownType,
  wrongMethod,
} from './http-answer.ts'
import {
  type ByteBudget,
  boundedBatchId,
  createByteBudget,
  defaultLimits,
  type IntakeLimits,
  reserve,
} from './limits.ts'
import { discardRest, readBody } from './read-body.ts'

/**
 * OTLP over HTTP (opentelemetry-proto specification, "OTLP/HTTP"): POST /v1/traces, /v1/logs, /v1/metrics, protobuf and JSON
 * on one port. Every answer, errors too, is in the request's encoding; only 429 and 503 ask the sender to come again.
 */
export interface OtlpHttpOptions {
  readonly handler: OtlpHandler
  readonly limits?: Partial<IntakeLimits>
  /** Who inflates bodies: the listener, or the handler (it is told the compression, and bodies are bounded as they travel). */
  readonly inflate?: 'listener' | 'handler'
  /** Shared with other listeners of the process; its own when absent. */
  readonly budget?: ByteBudget
  /** When there are any, one must be presented as `Authorization: Bearer KEY`. */
  readonly accessKeys?: readonly string[]
  /** Called once per request that never reached the handler. */
  readonly onRefused?: (refusal: { readonly signal: OtlpSignal; readonly status: number }) => void
  /** Told of a handler that throws: a bug of ours. */
  readonly log?: Log
  readonly clock?: Pick<Clock, 'monotonicMs'>
  /** Uniform in [0, 1). */
  readonly random?: () => number
}

const signals: readonly OtlpSignal[] = ['traces', 'logs', 'metrics']

export function registerOtlpRoutes(app: FastifyInstance, options: OtlpHttpOptions): void {
  const { clock = systemClock, random = Math.random, log, onRefused } = options
  const limits = { ...defaultLimits, ...options.limits }
  const mayEnter = createKeyCheck(options.accessKeys ?? [])
  const receive = createReceiver({
    handler: options.handler,
    inflate: options.inflate !== 'handler',
    limits,
    budget: options.budget ?? createByteBudget(limits.inFlightBytesMax),
  })
  const ageConnection = createConnectionAge(limits.connectionAgeMs, clock, random)

  function refuse(request: FastifyRequest, reply: FastifyReply, signal: OtlpSignal, answer: Answer) {
    onRefused?.({ signal, status: answer.status })
    return sendRefusal(request, reply, answer)
  }

  /** What was not read must not be taken for the next request. */
  async function sendRefusal(request: FastifyRequest, reply: FastifyReply, answer: Answer) {
    await discardRest(request.raw, limits.bodyBytesMax)
    if (!request.raw.readableEnded) reply.header('connection', 'close')
    return sendAnswer(reply, answer)
  }

  void app.register(async (scope) => {
    // The body is read by us: inflated under a limit, whatever its type.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _payload, done) => done(null))
    scope.addHook('onRequest', async (request, reply) => allowOrigin(request, reply))
    scope.setErrorHandler((error, request, reply) => {
      log?.error(
        { err: error, url: request.url },
        'a request failed inside: its sender is asked to come again',
      )
      const encoding = encodingOf(request.headers['content-type']) ?? 'json'
      return sendAnswer(
        reply,
        comeAgain(encoding, { status: 503, afterSeconds: 1, message: 'internal error' }),
      )
    })
    for (const signal of signals) {
      const url = `/v1/${signal}`
      scope.options(url, (_request, reply) => preflight(reply))
      scope.post(
        url,
        {
          bodyLimit: Number.MAX_SAFE_INTEGER,
          logLevel: 'silent',
          // Before Fastify looks at the body and its type.
          onRequest: async (request, reply) => {
            const encoding = encodingOf(request.headers['content-type'])
            if (!mayEnter(request.headers.authorization ?? ''))
              return refuse(request, reply, signal, unauthenticated(encoding ?? 'json'))
            if (!encoding) return refuse(request, reply, signal, unknownType(request.headers['content-type']))
          },
        },
        async (request, reply) => {
          const { answer, handled } = await receive(request, signal)
          ageConnection(request, reply)
          return handled ? sendAnswer(reply, answer) : refuse(request, reply, signal, answer)
        },
      )
      scope.route({
        method: ['GET', 'PUT', 'DELETE', 'PATCH'],
        url,
        onRequest: (request, reply) =>
          sendRefusal(
            request,
            reply,
            wrongMethod(encodingOf(request.headers['content-type']) ?? 'json', url),
          ),
        handler: () => {},
      })
    }
  })
}

interface Received {
  readonly answer: Answer
  /** False: refused before the handler saw it. */
  readonly handled: boolean
}

function createReceiver({
  handler,
  inflate,
  limits,
  budget,
}: {
  readonly handler: OtlpHandler
  readonly inflate: boolean
  readonly limits: IntakeLimits
  readonly budget: ByteBudget
}): (request: FastifyRequest, signal: OtlpSignal) => Promise<Received> {
  const refused = (answer: Answer): Received => ({ answer, handled: false })
  return async (request, signal) => {
    const encoding = encodingOf(request.headers['content-type']) ?? 'json'
    const reservation = reserve(budget)
    try {
      const body = await readBody(request.raw, { bytesMax: limits.bodyBytesMax, reservation, inflate })
      switch (body.type) {
        case 'too-large':
          return refused(tooLarge(encoding, limits.bodyBytesMax))
        case 'no-room':
          return refused(
            comeAgain(encoding, { status: 503, afterSeconds: 1, message: 'too many bytes are in flight' }),
          )
        case 'unknown-encoding':
          return refused(unknownEncoding(encoding, body.encoding))
        case 'damaged':
          return refused(badRequest(encoding, `the body cannot be inflated: ${body.message}`))
      }
      const outcome = await handler({
        signal,
        encoding,
        body: body.bytes,
        compression: body.compression,
        peerAddress: plainAddress(request.raw),
        batchId: boundedBatchId(headerOf(request, 'binnacle-batch-id')),
        resend: headerOf(request, 'binnacle-batch-resend') === '1',
      })
      return { answer: answerOf(signal, encoding, outcome), handled: true }
    } finally {
      reservation.release()
    }
  }
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

function headerOf(request: FastifyRequest, name: string): string {
  const value = request.headers[name]
  return typeof value === 'string' ? value : ''
}

function plainAddress(request: IncomingMessage): string {
  return (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
}

/** Closes a keep-alive connection now and then, so that senders spread over replicas; not all of them at once. */
function createConnectionAge(ageMs: number, clock: Pick<Clock, 'monotonicMs'>, random: () => number) {
  const closesAtMs = new WeakMap<object, number>()
  return (request: FastifyRequest, reply: FastifyReply): void => {
    const { socket, httpVersionMajor } = request.raw
    const nowMs = clock.monotonicMs()
    const closesAt = closesAtMs.get(socket)
    if (closesAt === undefined) closesAtMs.set(socket, nowMs + ageMs * (0.9 + random() * 0.2))
    else if (nowMs > closesAt && httpVersionMajor === 1) reply.header('connection', 'close')
  }
}

function allowOrigin(request: FastifyRequest, reply: FastifyReply): void {
  if (!request.headers.origin) return
  reply.header('access-control-allow-origin', '*').header('access-control-expose-headers', 'retry-after')
}

function preflight(reply: FastifyReply): FastifyReply {
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
