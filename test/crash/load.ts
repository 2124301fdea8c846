import { type RequestOf, traceIdOf } from './requests.ts'
import { sendLogBatch, sendTraces } from './send.ts'

/** Senders in this process that send without end, and what of it was acknowledged. */
export interface Load {
  readonly traces: ReadonlySet<string>
  /** Acknowledged log batches. */
  logs(): number
  tries(): number
  /** Begins nothing new, waits until everything that was begun is acknowledged. */
  stop(): Promise<void>
}

export function startLoad(url: string, { senders = 6 } = {}): Load {
  const traces = new Set<string>()
  const giveUp = new AbortController()
  let going = true
  let logs = 0
  let tries = 0
  const running = Array.from({ length: senders }, async (_, sender) => {
    for (let number = 0; going; number++) {
      const of: RequestOf = { sender, number, timeMs: Date.now() }
      const sending = { url, signal: giveUp.signal }
      // Not `tries += await …`, which reads `tries` before it waits.
      const traceTries = await sendTraces(of, sending)
      tries += traceTries
      traces.add(traceIdOf(of))
      if (number % 4 === 0) {
        const logTries = await sendLogBatch({ ...of, twoDays: number % 8 === 0 }, sending)
        tries += logTries
        logs++
      }
    }
  })
  // Told by `stop`, where it is waited for.
  const all = Promise.all(running).finally(() => giveUp.abort())
  all.catch(() => {})
  return {
    traces,
    logs: () => logs,
    tries: () => tries,
    async stop() {
      going = false
      const timer = setTimeout(() => giveUp.abort(new Error('not everything was acknowledged')), 60_000)
      await all.finally(() => clearTimeout(timer))
    },
  }
}
