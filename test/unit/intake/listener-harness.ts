import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from 'node:http2'
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net'
import { createOtlpListener, type OtlpListenerOptions } from '../../../collector/intake/otlp-listener.ts'
import type { OtlpHandler, OtlpRequest } from '../../../collector/record/otlp.ts'
import { type Answer, accepted, type Sent, send } from './harness.ts'

export interface Listener {
  readonly port: number
  /** What the handler was given, in order. */
  readonly requests: OtlpRequest[]
  /** What the handler answers from now on. */
  handle: OtlpHandler
  close(graceMs?: number): Promise<void>
}

export async function startListener(options: Partial<OtlpListenerOptions> = {}): Promise<Listener> {
  const requests: OtlpRequest[] = []
  const opened = await createOtlpListener({
    host: '127.0.0.1',
    port: 0,
    handler: (request) => {
      requests.push(request)
      return listener.handle(request)
    },
    ...options,
  })
  const listener: Listener = {
    port: opened.port,
    requests,
    handle: async () => accepted,
    close: (graceMs = 0) => opened.close(graceMs),
  }
  return listener
}

/** The ways in of OTLP/HTTP: each sends one request over a connection of its own. */
export const versions: Readonly<Record<string, (port: number, sent: Sent) => Promise<Answer>>> = {
  'HTTP/1.1': send,
  'HTTP/2': async (port, sent) => {
    const session = connect(`http://127.0.0.1:${port}`)
    try {
      return await sendOver(session, sent)
    } finally {
      session.close()
    }
  },
}

export function sendOver(session: ClientHttp2Session, sent: Sent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    session.once('error', reject)
    const head = {
      ':method': sent.method ?? 'POST',
      ':path': sent.path ?? '/v1/traces',
      'content-type': 'application/x-protobuf',
      ...sent.headers,
    }
    const stream = session.request(head, { endStream: false })
    let headers: IncomingHttpHeaders = {}
    const chunks: Buffer[] = []
    stream.once('response', (told) => {
      headers = told
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.once('error', reject)
    stream.once('close', () =>
      headers[':status'] === undefined
        ? reject(new Error('closed without an answer'))
        : resolve({ status: Number(headers[':status']), headers, body: Buffer.concat(chunks) }),
    )
    stream.end(Buffer.from(sent.body ?? ''))
  })
}

export interface Relay {
  readonly port: number
  /** That were opened so far. */
  connections(): number
  /** Ends every connection towards its client, and waits until the client has ended it too: so it knows. */
  end(): Promise<void>
  close(): void
}

/** Passes bytes on, and counts the connections. */
export async function startRelay(port: number): Promise<Relay> {
  let connections = 0
  const clients = new Set<Socket>()
  const server = createServer({ noDelay: true }, (client) => {
    connections++
    clients.add(client)
    client.once('close', () => clients.delete(client))
    const upstream = connectSocket({ port, host: '127.0.0.1', noDelay: true })
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address() as AddressInfo // A TCP address, since it listens on one.
  return {
    port: address.port,
    connections: () => connections,
    async end() {
      const closed = [...clients].map((client) => new Promise((done) => client.once('close', done)))
      for (const client of clients) client.end()
      await Promise.all(closed)
    },
    close: () => server.close(),
  }
}
