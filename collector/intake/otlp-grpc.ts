import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { ageSession } from './connection-age.ts'
import { createDoor, type DoorOptions } from './door.ts'
import { answerGrpcCall } from './grpc-call.ts'
import { listenOn } from './listen.ts'

/**
 * OTLP over gRPC: unary Export of the three services, bodies as raw bytes to the same handler as HTTP, over node:http2 in
 * clear text (docs/decisions/0006-own-grpc-over-http2.md says why it is our own).
 * Overload is UNAVAILABLE with RetryInfo; a message over the limit is RESOURCE_EXHAUSTED without (not to be sent again).
 */
export interface OtlpGrpcOptions extends DoorOptions {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
  /** Uniform in [0, 1). */
  readonly random?: () => number
}

export interface OtlpGrpcServer {
  readonly port: number
  /** Lets running calls finish, for at most `graceMs`. */
  close(graceMs: number): Promise<void>
}

const maxConcurrentStreams = 256
/** A message of some MiB comes without waiting for the window; bytes are copied away as they come, so nothing piles up in it. */
const streamWindowBytes = 4 * 1024 ** 2
const connectionWindowBytes = 16 * 1024 ** 2
const connectionsMax = 10_000

export async function createOtlpGrpcServer(options: OtlpGrpcOptions): Promise<OtlpGrpcServer> {
  const door = createDoor(options)
  const { random = Math.random } = options
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer({ settings: { maxConcurrentStreams, initialWindowSize: streamWindowBytes } })
  server.maxConnections = connectionsMax
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    // A peer that goes away in the middle is no event: its calls are told by their streams.
    session.on('error', () => {})
    session.setLocalWindowSize(connectionWindowBytes)
    const peerAddress = plainAddress(session.socket.remoteAddress ?? '')
    ageSession(session, { ageMs: door.limits.connectionAgeMs, random })
    session.on('stream', (stream, headers) => {
      stream.on('error', () => {})
      answerGrpcCall({ stream, headers, peerAddress }, door)
    })
  })
  await listenOn(server, options)
  const { port } = server.address() as AddressInfo // A TCP address, since it listens on host and port.
  return { port, close: (graceMs) => close(server, sessions, graceMs) }
}

/** Without the prefix of an IPv4 address in IPv6. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '')
}

function close(
  server: Http2Server,
  sessions: ReadonlySet<ServerHttp2Session>,
  graceMs: number,
): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      for (const session of sessions) session.destroy()
    }, graceMs)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    for (const session of sessions) session.close()
  })
}
