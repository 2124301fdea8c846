import type { AddressInfo } from 'node:net'
import { fastify } from 'fastify'
import { listenError } from '../std/listen-error.ts'
import type { SelfMetrics } from '../std/self-metrics.ts'

/** The agent's own HTTP server: for the kubelet, for Prometheus and for people. */
export interface AdminServer {
  readonly port: number
  close(): Promise<void>
}

export interface AdminDeps {
  readonly metrics: SelfMetrics
  /** Whether requests of applications are taken; undefined: yes, else why not. */
  readonly notReady: () => string | undefined
  readonly status: () => unknown
  /** Why a namespace is collected or not. */
  readonly explain: (namespace: string) => unknown
}

export async function startAdmin(
  { metrics, notReady, status, explain }: AdminDeps,
  address: { readonly host: string; readonly port: number },
): Promise<AdminServer> {
  const app = fastify({ logger: false, forceCloseConnections: true })
  // Answers as long as the event loop turns: it must not depend on the API server or the service, or an outage of
  // either would restart the agent.
  app.get('/livez', async () => 'ok\n')
  app.get('/readyz', async (_request, reply) => {
    const reason = notReady()
    return reply.code(reason === undefined ? 200 : 503).send(`${reason ?? 'ok'}\n`)
  })
  app.get('/metrics', (request, reply) => {
    reply.hijack()
    metrics.handle(request.raw, reply.raw)
  })
  app.get('/status', async () => status())
  app.get<{ Params: { namespace: string } }>('/status/namespaces/:namespace', async ({ params }) =>
    explain(params.namespace),
  )
  try {
    await app.listen({ ...address }) // Fastify writes into what it is given.
  } catch (error) {
    await app.close()
    throw listenError(error, address)
  }
  const { port } = app.server.address() as AddressInfo // A TCP address, since it listens on host and port.
  return { port, close: () => app.close() }
}
