import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { FromApi, ToApi } from './messages.ts'

export interface ApiProcess {
  readonly pid: number
  readonly port: number
  /** PEM: what a client must trust. */
  readonly cert: string
  readonly kubeconfig: string
  ask<T extends ToApi['type']>(
    message: Extract<ToApi, { type: T }>,
  ): Promise<Extract<FromApi, { type: Answers[T] }>>
  close(): Promise<void>
}

/** Which message is answered by which. */
interface Answers {
  fill: 'filled'
  load: 'loading'
  'opt-in': 'opted'
  disturb: 'disturbed'
  count: 'counted'
}

/** Fifty thousand pods of 8 KB and their history are held as objects. */
const heapMib = 8_192

export async function startApiProcess(): Promise<ApiProcess> {
  const child = fork(join(import.meta.dirname, 'api-server.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [`--max-old-space-size=${heapMib}`],
  })
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`the fake API server ended with exit code ${code}`)
  })
  died.catch(() => {})
  const next = () => Promise.race([once(child, 'message').then(([message]) => message as FromApi), died])
  const ready = await next()
  if (ready.type !== 'ready') throw new Error(`BUG: the fake API server said ${ready.type} first`)
  let last: Promise<unknown> = Promise.resolve()
  return {
    pid: child.pid ?? 0,
    port: ready.port,
    cert: ready.cert,
    kubeconfig: ready.kubeconfig,
    ask(message) {
      const answer = last.then(() => {
        child.send(message)
        return next()
      })
      last = answer.catch(() => {})
      return answer as never // The process answers each message by its one answer, in order.
    },
    async close() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}
