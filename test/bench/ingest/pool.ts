import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { createCorpus } from '../corpus/fresh.ts'
import type { Shape } from '../corpus/request.ts'

/** Compressed requests that are made before the clock starts; none is sent twice. */
export interface Pool {
  /** The next body; undefined: the pool is empty. */
  take(): Buffer | undefined
  readonly spansPerRequest: number
  readonly rawBytes: number
  readonly gzipBytes: number
  readonly requests: number
}

export interface PoolConfig {
  readonly shape: Shape
  readonly seed: number
  readonly requests: number
  readonly templates: number
  readonly endMs: number
}

/** Spans are of the last five minutes. */
const spreadMs = 5 * 60_000
/** As exporters do by default. */
const level = 6
const gzipAsync = promisify(gzip)
const parallel = 4

export async function fillPool({ shape, seed, requests, templates, endMs }: PoolConfig): Promise<Pool> {
  const corpus = createCorpus({ shape, seed, templates, endMs, spreadMs })
  const bodies: Buffer[] = new Array(requests)
  let rawBytes = 0
  let next = 0
  const fill = async () => {
    while (next < requests) {
      const n = next++
      const raw = corpus.request(n)
      rawBytes += raw.length
      bodies[n] = await gzipAsync(raw, { level })
    }
  }
  await Promise.all(Array.from({ length: parallel }, fill))
  const gzipBytes = bodies.reduce((sum, body) => sum + body.length, 0)
  return {
    take: () => bodies.pop(),
    spansPerRequest: corpus.spansPerRequest,
    rawBytes,
    gzipBytes,
    requests,
  }
}
