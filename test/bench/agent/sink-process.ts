import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

export interface SinkFigures {
  /** As they travelled, and inflated. */
  readonly bytes: number
  readonly rawBytes: number
  readonly requests: number
  readonly byRoute: Readonly<Record<string, number>>
  readonly events: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface Sink {
  readonly url: string
  /** Since the last time. */
  take(): Promise<SinkFigures>
  /** Whether it takes what comes, or answers 503. */
  answer(taking: boolean): void
  close(): Promise<void>
}

export async function startSink(): Promise<Sink> {
  const child = fork(join(import.meta.dirname, 'sink-server.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return {
    url: `http://127.0.0.1:${port}`,
    async take() {
      const answer = once(child, 'message')
      child.send('take')
      const [figures] = (await answer) as [SinkFigures]
      return figures
    },
    answer: (taking) => void child.send(taking ? 'answer' : 'refuse'),
    async close() {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}
