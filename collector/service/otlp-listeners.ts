import { createOtlpListener, type OtlpListener, type OtlpListenerOptions } from '../intake/otlp-listener.ts'
import type { ServiceConfig } from './config-schema.ts'

/** The ports that are for OTLP alone, beside the one of UI and API, which takes OTLP/HTTP of agents. */
export interface OtlpListeners {
  /** host:port; empty: off. */
  readonly grpc: string
  /** host:port; empty: off. */
  readonly http: string
  /** Takes no new requests and lets those under way finish. */
  close(): Promise<void>
}

const graceMs = 10_000

export async function startOtlpListeners(
  door: Omit<OtlpListenerOptions, 'host' | 'port'>,
  { otlp, listen }: Pick<ServiceConfig, 'otlp' | 'listen'>,
): Promise<OtlpListeners> {
  const host = otlp.host || listen.host
  const open = async ({ enabled, port }: ServiceConfig['otlp']['grpc']) =>
    enabled ? createOtlpListener({ ...door, host, port }) : undefined
  const grpc = await open(otlp.grpc)
  let http: OtlpListener | undefined
  try {
    http = await open(otlp.http)
  } catch (error) {
    await grpc?.close(0)
    throw error
  }
  return {
    grpc: grpc ? address(host, grpc.port) : '',
    http: http ? address(host, http.port) : '',
    async close() {
      await Promise.all([grpc?.close(graceMs), http?.close(graceMs)])
    },
  }
}

/** One that a program on this machine can connect to. */
function address(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return reachable.includes(':') ? `[${reachable}]:${port}` : `${reachable}:${port}`
}
