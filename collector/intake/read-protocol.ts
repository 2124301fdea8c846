import type { Socket } from 'node:net'

export type Protocol = 'http1' | 'http2'

/** How the preface of HTTP/2 begins, as no method of HTTP/1.1 does. */
const preface = Buffer.from('PRI')
const waitMs = 10_000

/** Looks at the first bytes of a connection and puts them back; one that says nothing is closed after a while. */
export function readProtocol(socket: Socket, found: (protocol: Protocol) => void): void {
  const timer = setTimeout(() => socket.destroy(), waitMs)
  const stop = () => clearTimeout(timer)
  socket.once('close', stop)
  const look = () => {
    const start: Buffer | null = socket.read() as Buffer | null // No encoding is set.
    if (start === null) return void socket.once('readable', look)
    socket.unshift(start)
    const same = start.subarray(0, preface.length).equals(preface.subarray(0, start.length))
    if (same && start.length < preface.length) return void setTimeout(look, 1)
    stop()
    socket.off('close', stop)
    found(same ? 'http2' : 'http1')
  }
  look()
}
