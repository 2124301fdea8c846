import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import type { Clock } from '../std/clock.ts'

export interface ConnectionAge {
  readonly ageMs: number
  /** What a connection that is asked to end may still take. */
  readonly graceMs: number
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/** An age, give or take a tenth, so that connections that came together do not go together. */
export const jitteredAge = ({ ageMs, random }: Omit<ConnectionAge, 'graceMs'>): number =>
  ageMs * (0.9 + random() * 0.2)

/** For HTTP/1.1: whether an answer is to end the connection, so that senders spread over replicas. */
export function createSocketAge(
  age: Omit<ConnectionAge, 'graceMs'>,
  clock: Pick<Clock, 'monotonicMs'>,
): (socket: Socket) => boolean {
  const closesAtMs = new WeakMap<Socket, number>()
  return (socket) => {
    const nowMs = clock.monotonicMs()
    const closesAt = closesAtMs.get(socket)
    if (closesAt !== undefined) return nowMs > closesAt
    closesAtMs.set(socket, nowMs + jitteredAge(age))
    return false
  }
}

/**
 * Sends a session away when it is old, so that senders spread over replicas, also those that came later. One GOAWAY with the
 * last stream that was taken: senders know that what came after it was not begun, and send it again on a new connection.
 * With a first GOAWAY that takes nothing back, calls of a busy gRPC client stayed without an answer until their deadline.
 * After a grace the connection is cut.
 */
export function ageSession(session: ServerHttp2Session, age: ConnectionAge): void {
  const timer = setTimeout(() => {
    if (session.closed || session.destroyed) return
    const cut = setTimeout(() => session.destroy(), age.graceMs)
    cut.unref()
    session.once('close', () => clearTimeout(cut))
    session.close()
  }, jitteredAge(age))
  timer.unref()
  session.once('close', () => clearTimeout(timer))
}
