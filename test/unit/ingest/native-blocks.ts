import { createBlockDecoder } from '../../../collector/wire/block-decoder.ts'
import { type TraceBody, traceBody } from './otlp-bodies.ts'

/** Spans of now as one Native block. */
export function sealedSpans(of: Omit<TraceBody, 'startMs'>): Uint8Array {
  const blocks = createBlockDecoder()
  const startMs = Date.now()
  const body = traceBody({ ...of, startMs })
  blocks.append({ signal: 'traces', encoding: 'json', body }, { receivedAtMs: startMs, batchId: '' })
  return blocks.seal().find(({ table }) => table === 'spans')?.bytes ?? Buffer.of()
}
