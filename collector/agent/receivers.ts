import { createByteBudget } from '../intake/byte-budget.ts'
import type { RefusedRequest } from '../intake/door.ts'
import { createOtlpListener } from '../intake/otlp-listener.ts'
import type { OtlpHandler } from '../record/otlp.ts'
import { systemClock } from '../std/clock.ts'
import type { Log } from '../std/log.ts'
import type { SelfMetrics } from '../std/self-metrics.ts'
import { openTlsFiles } from '../std/tls-files.ts'
import type { AgentConfig } from './config-schema.ts'

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
  { host, grpcPort, httpPort, bodyBytesMax, tls: paths }: AgentConfig['receive'],
): Promise<Receivers> {
  const budget = createByteBudget(inFlightBytesMax)
  const refused = metrics.counter(
    'otlp_refused',
    'Requests of applications refused unread, by transport, status and reason',
  )
  metrics.gauge('otlp_in_flight_bytes', 'Bytes of requests that are being handled', () => budget.used())
  const onRefused = ({ transport, signal, status, reason }: RefusedRequest) =>
    refused.add(1, { transport, signal, status: String(status), reason })
  const dropped = metrics.counter(
    'otlp_connections_dropped',
    'Connections closed because there were too many',
  )
  const onDropped = () => dropped.add(1)
  const limits = { bodyBytesMax, inFlightBytesMax }
  const tls =
    paths.certFile === '' ? undefined : openTlsFiles({ ...paths, caFile: paths.clientCaFile }, systemClock)
  const door = { handler, inflate: 'listener' as const, limits, budget, log, onRefused, onDropped, host, tls }
  const http = await createOtlpListener({ ...door, port: httpPort })
  try {
    const grpc = await createOtlpListener({ ...door, port: grpcPort })
    return {
      ports: { grpc: grpc.port, http: http.port },
      async close() {
        await Promise.all([http.close(graceMs), grpc.close(graceMs)])
      },
    }
  } catch (error) {
    await http.close(0)
    throw error
  }
}
