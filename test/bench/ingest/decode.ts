import { createCorpus } from '../corpus/fresh.ts'
import type { Shape } from '../corpus/request.ts'
import { median } from '../support/report.ts'
import type { DecodePath } from './decode-under-test.ts'

/** Spans a second of CPU time of this process, its helper threads (garbage collection) included. */
export interface DecodeResult {
  readonly path: string
  readonly shape: Shape
  readonly bytesPerSpan: number
  readonly best: number
  readonly median: number
}

export interface DecodeConfig {
  readonly rounds: number
  readonly roundMs: number
}

/** As many spans as a block has in production. */
const blockSpans = 50_000
const requestCount = 64

export function measureDecode(
  path: DecodePath,
  shape: Shape,
  { rounds, roundMs }: DecodeConfig,
): DecodeResult {
  const endMs = Date.now()
  const corpus = createCorpus({ shape, seed: 11, templates: requestCount, endMs, spreadMs: 60_000 })
  const requests = Array.from({ length: requestCount }, (_, n) => corpus.request(n))
  const bytes = requests.reduce((sum, body) => sum + body.length, 0)
  run(path, requests, roundMs)
  const rates = Array.from({ length: rounds }, () => run(path, requests, roundMs))
  return {
    path: path.name,
    shape,
    bytesPerSpan: bytes / (requestCount * corpus.spansPerRequest),
    best: Math.max(...rates),
    median: median(rates),
  }
}

function run(path: DecodePath, requests: readonly Uint8Array[], roundMs: number): number {
  const before = process.cpuUsage()
  const endAt = performance.now() + roundMs
  let spans = 0
  let inBlock = 0
  while (performance.now() < endAt)
    for (const body of requests) {
      const added = path.append(body)
      spans += added
      inBlock += added
      if (inBlock < blockSpans) continue
      path.seal()
      inBlock = 0
    }
  path.seal()
  const { user, system } = process.cpuUsage(before)
  return (spans * 1e6) / (user + system)
}
