import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import type { OtlpCompression, OtlpEncoding, OtlpSignal } from '../record/otlp.ts'
import type { Reservation } from './byte-budget.ts'
import { compressionOf } from './compression.ts'
import type { Door, Verdict } from './door.ts'
import { type Answer, answerOf, notFound, preflight, wrongMethod } from './http-answer.ts'
import { discardRest, readBody } from './read-body.ts'
import { type Refusal, refusals } from './refusal.ts'

/** A request of HTTP/1.1 or HTTP/2. */
export interface HttpRequest {
  readonly method: string
  /** Without a query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Readable
  readonly peerAddress: string
}

const signals: ReadonlyMap<string, OtlpSignal> = new Map([
  ['/v1/traces', 'traces'],
  ['/v1/logs', 'logs'],
  ['/v1/metrics', 'metrics'],
])
const readingMs = 30_000

/**
 * OTLP over HTTP (opentelemetry-proto specification, "OTLP/HTTP"): POST /v1/traces, /v1/logs, /v1/metrics, protobuf and JSON
 * on one port. Every answer, errors too, is in the request's encoding; only 429 and 503 ask the sender to come again.
 * Undefined: the sender has hung up. What it has not sent yet is for the caller to read or to cut off.
 */
export async function answerHttpRequest(request: HttpRequest, door: Door): Promise<Answer | undefined> {
  const answer = await answerTo(request, door)
  if (answer === undefined || headerOf(request, 'origin') === '') return answer
  const cors = { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'retry-after' }
  return { ...answer, headers: { ...answer.headers, ...cors } }
}

async function answerTo(request: HttpRequest, door: Door): Promise<Answer | undefined> {
  const signal = signals.get(request.path)
  if (signal === undefined) return notFound(request.path)
  if (request.method === 'OPTIONS') return preflight
  const encoding = encodingOf(headerOf(request, 'content-type'))
  if (request.method !== 'POST') return wrongMethod(encoding ?? 'json', request.path)
  const authorization = headerOf(request, 'authorization')
  const reservation = door.reserve({ authorization, peerAddress: request.peerAddress })
  try {
    const verdict = await judge(request, { signal, encoding, door, reservation })
    if (verdict === undefined) return undefined
    const answer = answerOf(signal, encoding ?? 'json', verdict)
    if (verdict.type === 'refused')
      door.refused({ transport: 'http', signal, status: answer.status, reason: verdict.refusal.reason })
    return answer
  } finally {
    reservation.release()
  }
}

interface Judging {
  readonly signal: OtlpSignal
  readonly encoding: OtlpEncoding | undefined
  readonly door: Door
  readonly reservation: Reservation
}

async function judge(
  request: HttpRequest,
  { signal, encoding, door, reservation }: Judging,
): Promise<Verdict | undefined> {
  const header = (name: string) => headerOf(request, name)
  if (!door.mayEnter(header('authorization'))) return refused(refusals.unauthenticated)
  if (!encoding) return refused(unknownType(header('content-type')))
  const compression: OtlpCompression | undefined = compressionOf(header('content-encoding'))
  if (!compression) return refused(refusals.unknownEncoding(header('content-encoding')))
  const declared = header('content-length')
  const body = await readBody(request.body, {
    declared: declared === '' ? undefined : Number(declared),
    bytesMax: door.limits.bodyBytesMax,
    reservation,
    timeoutMs: readingMs,
  })
  if (body.type === 'gone') return undefined
  if (body.type === 'refused') return body
  const { peerAddress } = request
  return door.handOn({ signal, encoding, body: body.bytes, compression, peerAddress, header }, reservation)
}

const refused = (refusal: Refusal) => ({ type: 'refused', refusal }) as const

const unknownType = (contentType: string): Refusal => ({
  reason: 'unknown-type',
  message: `Content-Type must be application/x-protobuf or application/json, not ${contentType || 'absent'}`,
})

/** By the media type alone: parameters and case do not matter. */
function encodingOf(contentType: string): OtlpEncoding | undefined {
  switch (contentType.split(';', 1)[0]?.trim().toLowerCase()) {
    case 'application/x-protobuf':
    case 'application/protobuf':
      return 'protobuf'
    case 'application/json':
      return 'json'
    default:
      return undefined
  }
}

function headerOf({ headers }: HttpRequest, name: string): string {
  const value = headers[name]
  return typeof value === 'string' ? value : ''
}

export function http1Request(request: IncomingMessage): HttpRequest {
  const { method = '', url = '', headers, socket } = request
  return {
    method,
    path: pathOf(url),
    headers,
    body: request,
    peerAddress: plainAddress(socket.remoteAddress ?? ''),
  }
}

/** What was not read must not be taken for the next request: whether the connection can go on. */
export async function readToEnd(request: IncomingMessage, bytesMax: number): Promise<boolean> {
  await discardRest(request, bytesMax)
  return request.readableEnded
}

export const pathOf = (url: string): string => url.split('?', 1)[0] ?? ''

/** Without the prefix of an IPv4 address in IPv6. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '')
}
