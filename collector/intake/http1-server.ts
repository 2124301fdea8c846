import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { systemClock } from '../std/clock.ts'
import { type ConnectionAge, createSocketAge } from './connection-age.ts'
import type { Door } from './door.ts'
import { answerHttpRequest, http1Request, readToEnd } from './http-request.ts'

/** Serves OTLP/HTTP on connections that it is given. */
export interface Http1Server {
  serve(socket: Socket): void
  /** Answers what has begun and ends every connection. */
  close(): void
}

/** A connection without traffic is ended: later than senders let it rest, so that they are seldom in the middle of a request. */
const idleMs = 75_000

export function createHttp1Server(door: Door, age: ConnectionAge): Http1Server {
  const busy = new Map<Socket, number>()
  const isOld = createSocketAge(age, systemClock)
  let closing = false
  const server = createServer((request, response) => {
    const { socket } = request
    busy.set(socket, (busy.get(socket) ?? 0) + 1)
    response.once('close', () => busy.set(socket, (busy.get(socket) ?? 1) - 1))
    void answer(request, response, { door, closes: () => closing || isOld(socket) })
  })
  server.keepAliveTimeout = idleMs
  server.timeout = idleMs
  server.on('clientError', (_error, socket) => refuseGarbage(socket as Socket))
  return {
    serve(socket) {
      busy.set(socket, 0)
      limitLife(socket, age)
      socket.once('close', () => busy.delete(socket))
      handOver(server, socket)
    },
    close() {
      closing = true
      for (const [socket, requests] of busy) if (requests === 0) socket.end()
    },
  }
}

const handOver = (server: Server, socket: Socket) => void server.emit('connection', socket)

/** Whatever it does: one that dawdles with its headers holds its place no longer than one that is busy. */
function limitLife(socket: Socket, { ageMs, graceMs }: ConnectionAge): void {
  const timer = setTimeout(() => socket.destroy(), 2 * ageMs + graceMs)
  timer.unref()
  socket.once('close', () => clearTimeout(timer))
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { door, closes }: { readonly door: Door; readonly closes: () => boolean },
): Promise<void> {
  const answer = await answerHttpRequest(http1Request(request), door)
  if (answer === undefined || response.destroyed) return
  const goesOn = await readToEnd(request, door.limits.bodyBytesMax)
  if (!goesOn || closes()) response.setHeader('connection', 'close')
  const length = answer.status === 204 ? {} : { 'content-length': answer.body.length }
  response.writeHead(answer.status, { ...answer.headers, ...length }).end(answer.body)
}

function refuseGarbage(socket: Socket): void {
  if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n')
  else socket.destroy()
}
