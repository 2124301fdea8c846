import { createServer as createHttp, type IncomingMessage } from 'node:http'
import {
  connect,
  createServer as createHttp2,
  type Http2Session,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo, Server } from 'node:net'

/**
 * Stands between an exporter and the service. The first request is refused as OTLP says a busy receiver does: 503 with
 * `Retry-After`, or UNAVAILABLE. With `afterForwarding` the service has taken it by then and only its answer is lost, so the
 * exporter sends spans again that are stored. Every later request passes as it is.
 */
export interface RefusingProxy {
  readonly url: string
  /** How many requests came, the refused one among them. */
  requests(): number
  close(): Promise<void>
}

export interface Refusal {
  readonly afterForwarding: boolean
}

const bodyBytesMax = 16 * 2 ** 20

export async function startHttpProxy(target: string, { afterForwarding }: Refusal): Promise<RefusingProxy> {
  let requests = 0
  const server = createHttp(async (request, response) => {
    const refused = ++requests === 1
    const body = await bodyOf(request)
    const answer = refused && !afterForwarding ? undefined : await forward(target, request, body)
    if (refused || !answer) return response.writeHead(503, { 'retry-after': '1' }).end()
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
    return response.end(Buffer.from(await answer.arrayBuffer()))
  })
  const url = await listen(server)
  return {
    url,
    requests: () => requests,
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
}

export async function startGrpcProxy(target: string, { afterForwarding }: Refusal): Promise<RefusingProxy> {
  let requests = 0
  const sessions = new Set<Http2Session>()
  const onward = connect(target)
  const server = createHttp2()
  server.on('session', (session) => sessions.add(session.once('close', () => sessions.delete(session))))
  server.on('stream', async (stream: ServerHttp2Stream, headers) => {
    const refused = ++requests === 1
    const body = await bodyOf(stream)
    const answer = refused && !afterForwarding ? undefined : await call(headers, body)
    if (refused || !answer) {
      const unavailable = { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14' }
      return stream.respond(unavailable, { endStream: true })
    }
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.once('wantTrailers', () => stream.sendTrailers(answer.trailers))
    return stream.end(answer.body)
  })

  async function call(headers: IncomingHttpHeaders, body: Buffer) {
    const kept = Object.entries(headers).filter(([name]) => !name.startsWith(':') || name === ':path')
    const stream = onward.request({ ...Object.fromEntries(kept), ':method': 'POST' })
    let trailers: IncomingHttpHeaders = {}
    stream.on('trailers', (last) => {
      trailers = { 'grpc-status': last['grpc-status'] }
    })
    stream.end(body)
    return {
      body: await bodyOf(stream),
      get trailers() {
        return trailers
      },
    }
  }

  const url = await listen(server)
  return {
    url,
    requests: () => requests,
    close: () =>
      new Promise((done) => {
        onward.destroy()
        for (const session of sessions) session.destroy()
        server.close(() => done())
      }),
  }
}

function forward(target: string, request: IncomingMessage, body: Buffer): Promise<Response> {
  const kept = ['content-type', 'content-encoding', 'user-agent'] as const
  const headers = kept.flatMap((name) =>
    request.headers[name] ? [[name, request.headers[name]] as [string, string]] : [],
  )
  return fetch(`${target}${request.url}`, { method: 'POST', headers, body })
}

async function bodyOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new Error(`a body of more than ${bodyBytesMax} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function listen(server: Server): Promise<string> {
  return new Promise((done) =>
    server.listen(0, '127.0.0.1', () => done(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  )
}
