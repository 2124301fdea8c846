import type { Range } from '../query.ts'

/**
 * What spans of one place did: the spans of one operation of a tier that did the same, added up. `sumMs` is of own time: the
 * span's time without what its synchronous children cover; of a call to another tier it is what is left of the round trip
 * without the callee's own part: network and waiting for a connection; of a call to a backend that sends no spans, all of it.
 */
export interface SpanCell extends Sums {
  /** Of the bucket, counted from the start of the window; 0 for the window itself. */
  readonly bucket: number
  readonly service: string
  readonly version: string
  readonly pod: string
  readonly operation: string
  readonly kind: 'work' | 'call'
  /** Of a call: `tier:NAME`, `external:APPLICATION/NAME`, or a backend by the flow map's ids; of work: ''. */
  readonly callee: string
  readonly calleePod: string
  /** The distinct `service/operation` of its children, sorted: which way the code took. */
  readonly shape: readonly string[]
  /** How many of each, and the sum of the squares per span. */
  readonly childCounts: readonly number[]
  readonly childSquares: readonly number[]
}

export interface Sums {
  /** Spans as stored. */
  readonly n: number
  /** Sum of weights: what the spans stand for; and of their squares. */
  readonly calls: number
  readonly squares: number
  readonly sumMs: number
  readonly sumMs2: number
  readonly maxMs: number
  /** Of whole durations. */
  readonly totalMs: number
  /** Weight of failed spans, and of those none of whose children failed: where errors come from. */
  readonly failed: number
  readonly origins: number
}

/** Calls that enter the application: what its users ask for. */
export interface RequestCell {
  readonly bucket: number
  readonly calls: number
  readonly failed: number
  readonly meanMs: number
}

export interface UsageCell {
  readonly bucket: number
  readonly service: string
  readonly pod: string
  readonly cpuMillicores: number | null
  readonly memoryBytes: number | null
  /** 0: none is set, or it is not known. */
  readonly cpuLimitMillicores: number
  readonly memoryLimitBytes: number
}

/** An event, restart, rollout or scale change near the start of the window. */
export interface KubeCell {
  readonly timeMs: number
  readonly service: string
  readonly pod: string
  /** event, restart, rollout, scale, … */
  readonly change: string
  readonly severity: 'info' | 'warning' | 'error'
  readonly title: string
  readonly times: number
}

export interface Cells {
  readonly window: Range
  readonly bucketMs: number
  /** One trace in so many is in the cells of spans and requests. */
  readonly sampled: { readonly range: number; readonly reference: number }
  /** Of the window, and of the reference by bucket. */
  readonly spans: readonly SpanCell[]
  readonly referenceSpans: readonly SpanCell[]
  readonly requests: readonly RequestCell[]
  readonly referenceRequests: readonly RequestCell[]
  readonly usage: readonly UsageCell[]
  readonly referenceUsage: readonly UsageCell[]
  readonly kube: readonly KubeCell[]
}

export const emptySums: Sums = {
  n: 0,
  calls: 0,
  squares: 0,
  sumMs: 0,
  sumMs2: 0,
  maxMs: 0,
  totalMs: 0,
  failed: 0,
  origins: 0,
}

export function addSums(cells: readonly Sums[]): Sums {
  const total = { ...emptySums }
  for (const cell of cells) {
    total.n += cell.n
    total.calls += cell.calls
    total.squares += cell.squares
    total.sumMs += cell.sumMs
    total.sumMs2 += cell.sumMs2
    total.maxMs = Math.max(total.maxMs, cell.maxMs)
    total.totalMs += cell.totalMs
    total.failed += cell.failed
    total.origins += cell.origins
  }
  return total
}
