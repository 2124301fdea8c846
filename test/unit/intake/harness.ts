import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fastify } from 'fastify'
import { type OtlpHttpOptions, registerOtlpRoutes } from '../../../collector/intake/otlp-http.ts'
import type { OtlpHandler, OtlpOutcome, OtlpRequest } from '../../../collector/record/otlp.ts'

export const accepted: OtlpOutcome = { type: 'accepted', rejected: 0, message: '' }

export interface Intake {
  readonly url: string
  readonly port: number
  /** What the handler was given, in order. */
  readonly requests: OtlpRequest[]
  /** What the handler answers from now on. */
  handle: OtlpHandler
  close(): Promise<void>
}

/** The plugin in an app of its own on a free port of loopback. */
export async function startIntake(options: Partial<OtlpHttpOptions> = {}): Promise<Intake> {
  const requests: OtlpRequest[] = []
  const app = fastify({ logger: false, forceCloseConnections: true })
  registerOtlpRoutes(app, {
    handler: (request) => {
      requests.push(request)
      return intake.handle(request)
    },
    ...options,
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const intake: Intake = {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    handle: async () => accepted,
    close: () => app.close(),
  }
  return intake
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

export interface Sent {
  readonly method?: string
  readonly path?: string
  readonly host?: string | undefined
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array | string
  /** Without Content-Length, in pieces of this many bytes. */
  readonly chunkBytes?: number
}

const deadlineMs = 10_000

/** One request over a connection of its own, byte for byte as told; fails when the connection is cut without an answer. */
export function send(port: number, sent: Sent): Promise<Answer> {
  const body = Buffer.from(sent.body ?? '')
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: sent.host ?? '127.0.0.1',
        port,
        method: sent.method ?? 'POST',
        path: sent.path ?? '/v1/traces',
        agent: false,
        signal: AbortSignal.timeout(deadlineMs),
        headers: {
          'content-type': 'application/x-protobuf',
          ...(sent.chunkBytes || body.length === 0 ? {} : { 'content-length': String(body.length) }),
          ...sent.headers,
        },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
          }),
        )
      },
    )
    request.on('error', reject)
    if (sent.chunkBytes) {
      for (let at = 0; at < body.length; at += sent.chunkBytes)
        request.write(body.subarray(at, at + sent.chunkBytes))
      request.end()
    } else request.end(body)
  })
}
