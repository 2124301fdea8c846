import { Worker } from 'node:worker_threads'
import { errorText } from '../../std/assert.ts'
import { createBackoff } from '../../std/backoff.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { DecodeCall, DecodeReply, DecodeWorkerData } from './decode-worker.ts'
import {
  createDecoder,
  type DecodeRequest,
  type Decoder,
  type DecoderConfig,
  type ReleaseOrder,
} from './decoder.ts'

/**
 * A decoder and the way to it. Calls are carried out one at a time, in their order. When its thread dies, what was
 * called is rejected with `LaneLost`, all that the decoder held is gone, and another life begins.
 */
export interface DecodeLane {
  call<Method extends keyof Decoder>(
    method: Method,
    argument: Parameters<Decoder[Method]>[0],
  ): Promise<ReturnType<Decoder[Method]>>
  /** Which life this is: what a decoder holds ends with its life. */
  life(): number
  /** False between two lives. */
  alive(): boolean
  close(): Promise<void>
}

export class LaneLost extends Error {}

export function createInlineLane(config: DecoderConfig): DecodeLane {
  const decoder = createDecoder(config)
  return {
    async call(method, argument) {
      // As with a thread, the caller goes on first.
      await undefined
      type Call = (given: typeof argument) => ReturnType<Decoder[typeof method]>
      return (decoder[method] as unknown as Call)(argument)
    },
    life: () => 0,
    alive: () => true,
    close: async () => {},
  }
}

export interface WorkerLaneDeps {
  readonly clock: Clock
  readonly log: Log
  readonly onRestart: () => void
  /** For tests that end the thread. */
  readonly startWorker?: ((data: DecodeWorkerData) => Worker) | undefined
}

const startDecodeWorker = (data: DecodeWorkerData) =>
  new Worker(new URL('./decode-worker.ts', import.meta.url), { workerData: data, name: 'decode' })

/** A thread that dies as soon as it is started is started less and less often. */
const restartBackoff = { firstMs: 50, maxMs: 5_000 }

interface Pending {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: LaneLost) => void
}

export function createWorkerLane(
  { clock, log, onRestart, startWorker = startDecodeWorker }: WorkerLaneDeps,
  config: DecoderConfig,
): DecodeLane {
  const pending = new Map<number, Pending>()
  const backoff = createBackoff(restartBackoff)
  const closing = new AbortController()
  let number = 0
  let life = 0
  let alive = false
  let worker = start()

  function start(): Worker {
    const started = startWorker({ decoder: config })
    alive = true
    let cause = 'it ended'
    started.on('message', ({ number: answered, result }: DecodeReply) => {
      backoff.reset()
      pending.get(answered)?.resolve(result)
      pending.delete(answered)
    })
    started.on('error', (error) => {
      cause = errorText(error)
    })
    started.once('exit', () => void restart(cause))
    return started
  }

  async function restart(cause: string): Promise<void> {
    alive = false
    life++
    const lost = [...pending.values()]
    pending.clear()
    for (const { reject } of lost) reject(new LaneLost(cause))
    if (closing.signal.aborted) return
    log.error({ cause, calls: lost.length }, 'a decoding thread died: its senders are asked to come again')
    await clock.sleep(backoff.nextMs(), closing.signal)
    if (closing.signal.aborted) return
    worker = start()
    onRestart()
  }

  return {
    call: <Method extends keyof Decoder>(method: Method, argument: Parameters<Decoder[Method]>[0]) =>
      new Promise<ReturnType<Decoder[Method]>>((resolve, reject) => {
        if (!alive) return reject(new LaneLost('the decoding thread is not running'))
        number++
        // The thread answers a call with what the method returns.
        pending.set(number, { resolve: resolve as (result: unknown) => void, reject })
        const handed = handOver(argument)
        worker.postMessage({ number, method, argument: handed.argument } satisfies DecodeCall, handed.buffers)
      }),
    life: () => life,
    alive: () => alive,
    async close() {
      closing.abort()
      await worker.terminate()
    },
  }
}

type HandedOrder = { readonly request: DecodeRequest } & ReleaseOrder

interface HandedOver {
  readonly argument: unknown
  readonly buffers: readonly ArrayBuffer[]
}

/**
 * Bodies and returned buffers are handed over, not copied. A body goes with its buffer and is gone here. When it is a part of a larger buffer (of a socket, of Node's pool) it is
 * copied first: with a view, its whole buffer would travel.
 */
function handOver(argument: unknown): HandedOver {
  const order = typeof argument === 'object' ? (argument as Partial<HandedOrder>) : {}
  if (!order.request) return { argument, buffers: order.buffers ?? [] }
  const body = wholeBuffer(order.request.body)
  return { argument: { ...order, request: { ...order.request, body } }, buffers: [body.buffer] }
}

function wholeBuffer(body: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = body
  return buffer instanceof ArrayBuffer && buffer.byteLength === body.length
    ? new Uint8Array(buffer)
    : new Uint8Array(body)
}
