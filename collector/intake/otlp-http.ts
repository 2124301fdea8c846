import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Clock, systemClock } from '../std/clock.ts'
import { createSocketAge } from './connection-age.ts'
import { createDoor, type DoorOptions } from './door.ts'
import { answerHttpRequest, http1Request, readToEnd } from './http-request.ts'

/** OTLP/HTTP as routes of a Fastify app, for a port that serves other things too. */
export interface OtlpHttpOptions extends DoorOptions {
  readonly clock?: Pick<Clock, 'monotonicMs'>
  /** Uniform in [0, 1). */
  readonly random?: () => number
}

export function registerOtlpRoutes(app: FastifyInstance, options: OtlpHttpOptions): void {
  const { clock = systemClock, random = Math.random } = options
  const door = createDoor(options)
  const { bodyBytesMax, connectionAgeMs } = door.limits
  const isOld = createSocketAge({ ageMs: connectionAgeMs, random }, clock)

  async function answer(request: FastifyRequest, reply: FastifyReply) {
    const answer = await answerHttpRequest(http1Request(request.raw), door)
    if (answer === undefined) {
      reply.hijack()
      return
    }
    const goesOn = await readToEnd(request.raw, bodyBytesMax)
    if (!goesOn || isOld(request.raw.socket)) reply.header('connection', 'close')
    return reply.code(answer.status).headers(answer.headers).send(Buffer.from(answer.body))
  }

  for (const url of ['/v1/traces', '/v1/logs', '/v1/metrics'])
    app.route({
      method: ['POST', 'OPTIONS', 'GET', 'PUT', 'DELETE', 'PATCH'],
      url,
      logLevel: 'silent',
      // Before Fastify looks at the body and its type.
      onRequest: answer,
      handler: () => {},
    })
}
