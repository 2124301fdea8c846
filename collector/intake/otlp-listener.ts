import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { TlsFiles } from '../std/tls-files.ts'
import { createDoor, type DoorOptions } from './door.ts'
import { createHttp1Server } from './http1-server.ts'
import { createHttp2Server } from './http2-server.ts'
import { listenOn } from './listen.ts'
import { readProtocol } from './read-protocol.ts'

/**
 * A port for OTLP, in clear text or over TLS: HTTP/1.1, HTTP/2 with prior knowledge, and gRPC over it
 * (docs/decisions/0006-own-grpc-over-http2.md says why gRPC is our own). The first bytes of a connection tell which it is.
 */
export interface OtlpListenerOptions extends DoorOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Called once per connection that was closed because there are too many. */
  readonly onDropped?: () => void
  readonly connectionsMax?: number
  /** Absent: clear text. With a `ca`, senders must show a certificate that it signed. */
  readonly tls?: TlsFiles | undefined
  /** Uniform in [0, 1). */
  readonly random?: () => number
}

export interface OtlpListener {
  readonly port: number
  /** Takes nothing new and lets requests under way finish, for at most `graceMs`. */
  close(graceMs: number): Promise<void>
}

/** More are closed as they come (policy: reject). */
const connectionsMax = 10_000
const handshakeMs = 10_000

export async function createOtlpListener(options: OtlpListenerOptions): Promise<OtlpListener> {
  const door = createDoor(options)
  const { connectionAgeMs: ageMs, connectionGraceMs: graceMs } = door.limits
  const age = { ageMs, graceMs, random: options.random ?? Math.random }
  const protocols = { http1: createHttp1Server(door, age), http2: createHttp2Server(door, age) }
  const sockets = new Set<Socket>()
  /** Those that have not said what they speak. */
  const silent = new Set<Socket>()
  const server = createSocketServer(options.tls, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    // Whoever has the connection is told by its own events.
    socket.on('error', () => {})
    silent.add(socket)
    socket.once('close', () => silent.delete(socket))
    readProtocol(socket, (protocol) => {
      silent.delete(socket)
      protocols[protocol].serve(socket)
    })
  })
  server.maxConnections = options.connectionsMax ?? connectionsMax
  server.on('drop', () => options.onDropped?.())
  await listenOn(server, options)
  const { port } = server.address() as AddressInfo // A TCP address, since it listens on host and port.
  return {
    port,
    close(graceMs) {
      const closed = closeServer(server, sockets, graceMs)
      for (const socket of silent) socket.destroy()
      protocols.http1.close()
      protocols.http2.close()
      return closed
    },
  }
}

/** A connection is handed over when it can be read: over TLS after its handshake. */
function createSocketServer(tls: TlsFiles | undefined, serve: (socket: Socket) => void): Server {
  if (!tls) return createServer({ noDelay: true }, serve)
  let material = tls.material()
  const settings = () => ({ ...material, requestCert: material.ca !== undefined, rejectUnauthorized: true })
  const server = createTlsServer(
    { ...settings(), ALPNProtocols: ['h2', 'http/1.1'], noDelay: true, handshakeTimeout: handshakeMs },
    serve,
  )
  server.prependListener('connection', () => {
    const now = tls.material()
    if (now === material) return
    material = now
    server.setSecureContext(settings())
  })
  // Whoever fails its handshake has been told by it.
  server.on('tlsClientError', () => {})
  return server
}

function closeServer(server: Server, sockets: ReadonlySet<Socket>, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      for (const socket of sockets) socket.destroy()
    }, graceMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
