import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { OtlpSignal } from '../record/otlp.ts'
import { rpcCodes } from '../wire/otlp-answers.ts'
import { compressionOf } from './compression.ts'
import type { Door, Verdict } from './door.ts'
import { grpcAnswerOf, sendGrpcAnswer } from './grpc-answer.ts'
import { grpcTimeoutMs } from './grpc-wire.ts'
import { type GrpcMessage, readGrpcMessage } from './read-grpc-message.ts'
import { type Refusal, refusals } from './refusal.ts'

const exports: ReadonlyMap<string, OtlpSignal> = new Map([
  ['/opentelemetry.proto.collector.trace.v1.TraceService/Export', 'traces'],
  ['/opentelemetry.proto.collector.logs.v1.LogsService/Export', 'logs'],
  ['/opentelemetry.proto.collector.metrics.v1.MetricsService/Export', 'metrics'],
])
const healthCheck = '/grpc.health.v1.Health/Check'
/** HealthCheckResponse{status: SERVING}. */
const serving = Uint8Array.of(0x08, 0x01)
const readingMs = 30_000
const pathCharsShown = 200

export interface GrpcCall {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  readonly peerAddress: string
}

export const isGrpc = (headers: IncomingHttpHeaders): boolean =>
  /^application\/grpc(?:\+proto)?(?: *;|$)/i.test(headers['content-type'] ?? '')

/** Answers one call, whatever it is. */
export function answerGrpcCall(call: GrpcCall, door: Door): void {
  const { stream, headers } = call
  const path = headers[':path'] ?? ''
  const signal = exports.get(path)
  if (signal !== undefined) return void answerExport(call, signal, door)
  if (path === healthCheck) {
    stream.resume()
    return sendGrpcAnswer(stream, { type: 'message', message: serving })
  }
  const message = `there is no method ${path.slice(0, pathCharsShown)}`
  sendGrpcAnswer(stream, { type: 'status', code: rpcCodes.unimplemented, message })
}

async function answerExport(call: GrpcCall, signal: OtlpSignal, door: Door): Promise<void> {
  const { peerAddress, headers } = call
  const reservation = door.reserve({ authorization: headers.authorization ?? '', peerAddress })
  try {
    const verdict = await judge(call, { signal, door, reservation })
    if (verdict === undefined) return
    const answer = grpcAnswerOf(signal, verdict)
    if (verdict.type === 'refused' && answer.type === 'status')
      door.refused({ transport: 'grpc', signal, status: answer.code, reason: verdict.refusal.reason })
    sendGrpcAnswer(call.stream, answer)
  } finally {
    reservation.release()
  }
}

interface Judging {
  readonly signal: OtlpSignal
  readonly door: Door
  readonly reservation: ReturnType<Door['reserve']>
}

/** Undefined: nobody waits for an answer. */
async function judge(
  { stream, headers, peerAddress }: GrpcCall,
  { signal, door, reservation }: Judging,
): Promise<Verdict | undefined> {
  const header = (name: string) => String(headers[name] ?? '')
  if (!door.mayEnter(header('authorization'))) return refused(refusals.unauthenticated)
  const arrivedMs = performance.now()
  const message = await readGrpcMessage(stream, {
    bytesMax: door.limits.bodyBytesMax,
    reservation,
    timeoutMs: readingMs,
  })
  if (message.type === 'gone') return undefined
  if (message.type === 'refused') return message
  if (performance.now() - arrivedMs >= grpcTimeoutMs(headers['grpc-timeout'] as string | undefined))
    return refused(refusals.deadline)
  const compression = messageCompression(message, header('grpc-encoding'))
  if (compression.type === 'refused') return compression
  return door.handOn(
    {
      signal,
      encoding: 'protobuf',
      body: message.bytes,
      compression: compression.name,
      peerAddress,
      header,
    },
    reservation,
  )
}

function messageCompression({ compressed }: GrpcMessage & { readonly type: 'message' }, encoding: string) {
  if (!compressed) return { type: 'known', name: 'identity' } as const
  const name = compressionOf(encoding)
  if (name === undefined) return refused(refusals.unknownEncoding(encoding))
  if (name === 'identity')
    return refused(refusals.damaged('the message is compressed, grpc-encoding is not set'))
  return { type: 'known', name } as const
}

const refused = (refusal: Refusal) => ({ type: 'refused', refusal }) as const
