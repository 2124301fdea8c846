import diagnosticsChannel from 'node:diagnostics_channel'
import { context } from '@opentelemetry/api'
import { getRPCMetadata, RPCType } from '@opentelemetry/core'

/**
 * Fastify (since version 5) tells of each request's route on a channel; with it the server span is named `GET /users/:id`
 * and not after whatever was asked for. OpenTelemetry's own instrumentation leaves Fastify to Fastify's package.
 */
export function nameFastifyRoutes(): void {
  diagnosticsChannel.subscribe('tracing:fastify.request.handler:start', (message) => {
    try {
      const { route } = message as { route?: { readonly url?: string } }
      const rpc = getRPCMetadata(context.active())
      if (!route?.url || rpc?.type !== RPCType.HTTP) return
      rpc.route = route.url
    } catch {
      // A request is worth more than its name.
    }
  })
}
