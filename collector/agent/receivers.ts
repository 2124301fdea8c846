import type { AddressInfo } from 'node:net'
import { fastify } from 'fastify'
import { createByteBudget } from '../intake/limits.ts'
import { createOtlpGrpcServer } from '../intake/otlp-grpc.ts'
import { registerOtlpRoutes } from '../intake/otlp-http.ts'
import type { OtlpHandler } from '../record/otlp.ts'
import type { Log } from '../std/log.ts'
import type { SelfMetrics } from '../std/self-metrics.ts'
import type { AgentConfig } from './config-schema.ts'
import { listenError } from './listen-error.ts'

/** The two listeners for applications, with one bound on what is in memory at once (policy: reject, the sender comes again). */
export interface Receivers {
  readonly ports: { readonly grpc: number; readonly http: number }
  /** Takes no new requests and lets those under way finish. */
  close(): Promise<void>
}

export interface ReceiversDeps {
  readonly handler: OtlpHandler
  readonly metrics: SelfMetrics
  readonly log: Log
}

const inFlightBytesMax = 64 * 1024 * 1024
const graceMs = 3_000

export async function startReceivers(
  { handler, metrics, log }: ReceiversDeps,
  { host, grpcPort, httpPort, bodyBytesMax }: AgentConfig['receive'],
): Promise<Receivers> {
  const limits = { bodyBytesMax, inFlightBytesMax }
  const budget = createByteBudget(inFlightBytesMax)
  const refused = metrics.counter(
    'otlp_refused',
    'Requests of applications refused unread, by transport and status',
  )
  metrics.gauge('otlp_in_flight_bytes', 'Bytes of requests that are being handled', () => budget.used())

  const app = fastify({ logger: false })
  const countRefused = (transport: string) => (refusal: { signal: string; status: number }) =>
    refused.add(1, { transport, signal: refusal.signal, status: String(refusal.status) })
  registerOtlpRoutes(app, { handler, limits, budget, log, onRefused: countRefused('http') })
  try {
    await app.listen({ host, port: httpPort })
  } catch (error) {
    await app.close()
    throw listenError(error, { host, port: httpPort })
  }
  try {
    const onRefused = countRefused('grpc')
    const grpc = await createOtlpGrpcServer({ handler, host, port: grpcPort, limits, budget, log, onRefused })
    const { port } = app.server.address() as AddressInfo // A TCP address, since it listens on host and port.
    return {
      ports: { grpc: grpc.port, http: port },
      async close() {
        await Promise.all([app.close(), grpc.close(graceMs)])
      },
    }
  } catch (error) {
    await app.close()
    throw error
  }
}
