import diagnosticsChannel from 'node:diagnostics_channel'
import { context } from '@opentelemetry/api'
import { getRPCMetadata, RPCType } from '@opentelemetry/core'

interface Fastify {
  addHook(name: 'onRequest', hook: (request: Request, reply: unknown, done: () => void) => void): void
}
interface Request {
  readonly routeOptions?: { readonly url?: string }
}

/**
 * Fastify tells of each new instance on a channel. Its first hook gives the server span the route, so that it is named
 * `GET /users/:id` and not after whatever was asked for: OpenTelemetry's own packages leave Fastify to Fastify's.
 * Fastify's channel of requests would do, too, and costs each request more.
 */
export function nameFastifyRoutes(): void {
  diagnosticsChannel.subscribe('fastify.initialization', (message) => {
    try {
      ;(message as { readonly fastify: Fastify }).fastify.addHook('onRequest', nameRoute)
    } catch {
      // A version that has no such hook: its requests have no names.
    }
  })
}

function nameRoute({ routeOptions }: Request, _reply: unknown, done: () => void): void {
  if (routeOptions?.url !== undefined) {
    const rpc = getRPCMetadata(context.active())
    if (rpc?.type === RPCType.HTTP) rpc.route = routeOptions.url
  }
  done()
}
