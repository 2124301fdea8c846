import {
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'
import { ageSession, type ConnectionAge } from './connection-age.ts'
import type { Door } from './door.ts'
import { answerGrpcCall, isGrpc } from './grpc-call.ts'
import { answerHttpRequest, pathOf, plainAddress } from './http-request.ts'
import { stopReading } from './stop-reading.ts'

/** Serves gRPC and OTLP/HTTP on HTTP/2 connections that it is given. */
export interface Http2Server {
  serve(socket: Socket): void
  /** Answers what has begun and ends every connection. */
  close(): void
}

const maxConcurrentStreams = 256
/** A message of some MiB comes without waiting for the window; bytes are taken as they come, so nothing piles up in it. */
const streamWindowBytes = 4 * 1024 ** 2
const connectionWindowBytes = 16 * 1024 ** 2

export function createHttp2Server(door: Door, age: ConnectionAge): Http2Server {
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer({ settings: { maxConcurrentStreams, initialWindowSize: streamWindowBytes } })
  server.on('session', (session) => {
    sessions.add(session)
    session.once('close', () => sessions.delete(session))
    // A peer that goes away in the middle is no event: its calls are told by their streams.
    session.on('error', () => {})
    session.setLocalWindowSize(connectionWindowBytes)
    ageSession(session, age)
    const peerAddress = plainAddress(session.socket.remoteAddress ?? '')
    session.on('stream', (stream, headers) => {
      stream.on('error', () => {})
      if (isGrpc(headers)) answerGrpcCall({ stream, headers, peerAddress }, door)
      else void answerHttp({ stream, headers, peerAddress }, door)
    })
  })
  return {
    serve: (socket) => void server.emit('connection', socket),
    close: () => {
      for (const session of sessions) session.close()
    },
  }
}

interface Http2Request {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
  readonly peerAddress: string
}

async function answerHttp({ stream, headers, peerAddress }: Http2Request, door: Door): Promise<void> {
  const request = {
    method: headers[':method'] ?? '',
    path: pathOf(headers[':path'] ?? ''),
    headers,
    body: stream,
    peerAddress,
  }
  const answer = await answerHttpRequest(request, door)
  if (answer === undefined || stream.destroyed || stream.closed) return
  const endStream = answer.body.length === 0 || request.method === 'HEAD'
  stream.respond({ ':status': answer.status, ...answer.headers }, { endStream })
  if (!endStream) stream.end(answer.body)
  stopReading(stream)
}
