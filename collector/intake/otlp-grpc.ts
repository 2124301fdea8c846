import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
} from '@grpc/grpc-js'
import type { OtlpHandler, OtlpSignal } from '../record/otlp.ts'
import type { Log } from '../std/log.ts'
import { encodeExportResponse, encodeStatus, rpcCodes } from '../wire/otlp-answers.ts'
import { createKeyCheck } from './access-key.ts'
import {
  type ByteBudget,
  boundedBatchId,
  boundedRetryAfter,
  createByteBudget,
  defaultLimits,
  type IntakeLimits,
} from './limits.ts'

/**
 * OTLP over gRPC: unary Export of the three services, identity and gzip, bodies as raw bytes to the same handler as HTTP.
 * Overload is UNAVAILABLE with RetryInfo; a message over the limit is RESOURCE_EXHAUSTED without (not to be sent again).
 */
export interface OtlpGrpcOptions {
  readonly handler: OtlpHandler
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  readonly limits?: Partial<IntakeLimits>
  readonly budget?: ByteBudget
  readonly accessKeys?: readonly string[]
  /** Called once per call that never reached the handler; `status` is the gRPC code. */
  readonly onRefused?: (refusal: { readonly signal: OtlpSignal; readonly status: number }) => void
  /** Told of a handler that throws: a bug of ours. */
  readonly log?: Log
}

export interface OtlpGrpcServer {
  readonly port: number
  /** Lets running calls finish, for at most `graceMs`. */
  close(graceMs: number): Promise<void>
}

const services: Record<OtlpSignal, string> = {
  traces: 'opentelemetry.proto.collector.trace.v1.TraceService',
  logs: 'opentelemetry.proto.collector.logs.v1.LogsService',
  metrics: 'opentelemetry.proto.collector.metrics.v1.MetricsService',
}

export async function createOtlpGrpcServer(options: OtlpGrpcOptions): Promise<OtlpGrpcServer> {
  const limits = { ...defaultLimits, ...options.limits }
  const budget = options.budget ?? createByteBudget(limits.inFlightBytesMax)
  const server = new Server({
    'grpc.max_receive_message_length': limits.bodyBytesMax,
    'grpc.max_connection_age_ms': limits.connectionAgeMs,
    'grpc.max_connection_age_grace_ms': 10_000,
    'grpc.max_concurrent_streams': 256,
  })
  const mayEnter = createKeyCheck(options.accessKeys ?? [])
  for (const signal of ['traces', 'logs', 'metrics'] as const) {
    server.addService(rawService(services[signal]), {
      Export: (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) =>
        void exportCall({ call, signal, budget, mayEnter, options }).then(
          (response) => done(null, response),
          (error: unknown) => done(callErrorOf(error, options.log).toStatus()),
        ),
    })
  }
  server.addService(healthService, {
    Check: (_call: unknown, done: sendUnaryData<Buffer>) => done(null, serving),
  })
  return { port: await listen(server, options), close: (graceMs) => close(server, graceMs) }
}

/** An answer other than OK, with a google.rpc.Status for the `grpc-status-details-bin` trailer. */
class CallError extends Error {
  readonly code: number
  readonly retryAfterSeconds: number | undefined
  constructor(code: number, message: string, retryAfterSeconds?: number) {
    super(message)
    this.code = code
    this.retryAfterSeconds = retryAfterSeconds
  }
  toStatus(): { code: number; details: string; metadata: Metadata } {
    const metadata = new Metadata()
    const { code, message, retryAfterSeconds } = this
    const retry = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
    metadata.set(
      'grpc-status-details-bin',
      Buffer.from(encodeStatus('protobuf', { code, message, ...retry })),
    )
    return { code, details: message, metadata }
  }
}

/** INTERNAL would make the sender throw its data away. */
function callErrorOf(error: unknown, log: Log | undefined): CallError {
  if (error instanceof CallError) return error
  log?.error({ err: error }, 'a call failed inside: its sender is asked to come again')
  return new CallError(rpcCodes.unavailable, 'internal error', 1)
}

interface ExportCall {
  readonly call: ServerUnaryCall<Buffer, Buffer>
  readonly signal: OtlpSignal
  readonly budget: ByteBudget
  readonly mayEnter: (authorization: string) => boolean
  readonly options: OtlpGrpcOptions
}

async function exportCall({ call, signal, budget, mayEnter, options }: ExportCall): Promise<Buffer> {
  const text = (name: string) => String(call.metadata.get(name)[0] ?? '')
  const refused = (error: CallError) => {
    options.onRefused?.({ signal, status: error.code })
    return error
  }
  if (!mayEnter(text('authorization')))
    throw refused(new CallError(rpcCodes.unauthenticated, 'the access key is missing or not valid'))
  const body = call.request
  if (!budget.take(body.length))
    throw refused(new CallError(rpcCodes.unavailable, 'too many bytes are in flight', 1))
  try {
    const outcome = await options.handler({
      signal,
      encoding: 'protobuf',
      body,
      peerAddress: plainAddress(call.getPeer()),
      batchId: boundedBatchId(text('binnacle-batch-id')),
      resend: text('binnacle-batch-resend') === '1',
    })
    switch (outcome.type) {
      case 'accepted':
        return Buffer.from(encodeExportResponse('protobuf', { signal, ...outcome }))
      case 'retry':
        throw new CallError(rpcCodes.unavailable, outcome.message, boundedRetryAfter(outcome.afterSeconds))
      case 'too-large':
        throw new CallError(rpcCodes.resourceExhausted, outcome.message)
      case 'invalid':
        throw new CallError(rpcCodes.invalidArgument, outcome.message)
    }
  } finally {
    budget.give(body.length)
  }
}

/** `1.2.3.4:5`, `[::1]:5`, `ipv6:[::ffff:1.2.3.4]:5` without the port and what stands around. */
export function plainAddress(peer: string): string {
  return peer
    .replace(/^ipv[46]:/, '')
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^::ffff:(?=\d+\.)/, '')
}

const raw = (bytes: Buffer) => bytes
const unary = (path: string) => ({
  path,
  requestStream: false as const,
  responseStream: false as const,
  requestSerialize: raw,
  requestDeserialize: raw,
  responseSerialize: raw,
  responseDeserialize: raw,
})

const rawService = (name: string): ServiceDefinition => ({ Export: unary(`/${name}/Export`) })
const healthService: ServiceDefinition = { Check: unary('/grpc.health.v1.Health/Check') }
/** HealthCheckResponse{status: SERVING}. */
const serving = Buffer.from([0x08, 0x01])

function listen(server: Server, { host, port }: OtlpGrpcOptions): Promise<number> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
      if (!error) return resolve(bound)
      const taken = /EADDRINUSE|address already in use|No address added/i.test(error.message)
      reject(new Error(`cannot listen on ${address}: ${taken ? 'the port is in use' : error.message}`))
    })
  })
}

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown()
      resolve()
    }, graceMs)
    server.tryShutdown(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
