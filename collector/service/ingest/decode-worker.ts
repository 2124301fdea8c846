import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../std/assert.ts'
import { createDecoder, type Decoder, type DecoderConfig } from './decoder.ts'

/** A decoder in a thread of its own: one message per call, answered in order. What throws here ends the thread. */
export interface DecodeCall {
  readonly number: number
  readonly method: keyof Decoder
  readonly argument: unknown
}

export interface DecodeReply {
  readonly number: number
  readonly result: unknown
}

/** Set by decode-lane.ts, so that nobody else's thread is taken for ours. */
export interface DecodeWorkerData {
  readonly decoder: DecoderConfig
}

const port = parentPort
assert(port, 'runs in a worker thread')
const decoder = createDecoder((workerData as DecodeWorkerData).decoder)

port.on('message', ({ number, method, argument }: DecodeCall) => {
  // The lane at the other end has checked the argument's type against the method.
  const call = decoder[method] as (argument: unknown) => unknown
  const result = call(argument)
  port.postMessage({ number, result } satisfies DecodeReply, buffersOf(result))
})

/** Blocks are handed over, not copied: each has a buffer of its own. */
function buffersOf(result: unknown): ArrayBuffer[] {
  const blocks = Array.isArray(result) ? result : (result as { blocks?: unknown } | undefined)?.blocks
  if (!Array.isArray(blocks)) return []
  return blocks.map(({ bytes }: { bytes: Uint8Array<ArrayBuffer> }) => bytes.buffer)
}
