import type { DoorOptions } from '../intake/door.ts'
import { createOtlpGrpcServer, type OtlpGrpcServer } from '../intake/otlp-grpc.ts'
import type { ServiceConfig } from './config-schema.ts'

/** The ports that are for OTLP alone, beside the one of UI and API, which takes OTLP/HTTP of agents. */
export interface OtlpListeners {
  /** host:port; empty: off. */
  readonly grpc: string
  /** Takes no new requests and lets those under way finish. */
  close(): Promise<void>
}

const graceMs = 10_000

export async function startOtlpListeners(
  door: DoorOptions,
  { otlp, listen }: Pick<ServiceConfig, 'otlp' | 'listen'>,
): Promise<OtlpListeners> {
  const host = otlp.host || listen.host
  const grpc: OtlpGrpcServer | undefined = otlp.grpc.enabled
    ? await createOtlpGrpcServer({ ...door, host, port: otlp.grpc.port })
    : undefined
  return {
    grpc: grpc ? address(host, grpc.port) : '',
    async close() {
      await grpc?.close(graceMs)
    },
  }
}

/** One that a program on this machine can connect to. */
function address(host: string, port: number): string {
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return reachable.includes(':') ? `[${reachable}]:${port}` : `${reachable}:${port}`
}
