import type { SampleSpanRow } from '../query/transaction-sample.ts'

/**
 * Where the time of traces goes. The own time of a span is its duration without the part in which spans below it ran, wherever
 * they run; children are clipped to their parent, so that a callee on a clock that is ahead takes no more than its caller waited.
 * A client span without a callee among the spans waits for a backend: its own time is that of what it calls. What a producer
 * starts runs on its own.
 */
export interface OwnTime {
  readonly application: string
  readonly service: string
  readonly backend: boolean
  readonly spans: number
  readonly errors: number
  readonly ownMs: number
}

export function ownTimes(spans: readonly SampleSpanRow[]): OwnTime[] {
  const idOf = (span: SampleSpanRow) => `${span.traceId}${span.spanId}`
  const children = Map.groupBy(spans, (span) => `${span.traceId}${span.parentSpanId}`)
  const found = new Map<string, OwnTime>()
  for (const span of spans) {
    const below = children.get(idOf(span)) ?? []
    const waits = span.kind === 3 && span.peer !== '' && below.length === 0
    const service = waits ? span.peer : span.service
    const key = JSON.stringify([waits, span.application, service])
    const before = found.get(key)
    found.set(key, {
      application: span.application,
      service,
      backend: waits,
      spans: (before?.spans ?? 0) + 1,
      errors: (before?.errors ?? 0) + Number(span.failed),
      ownMs: (before?.ownMs ?? 0) + ownMs(span, below),
    })
  }
  return [...found.values()].sort((a, b) => b.ownMs - a.ownMs)
}

/** The duration without the union of what runs below. */
function ownMs(span: SampleSpanRow, below: readonly SampleSpanRow[]): number {
  const endMs = span.startMs + span.durationMs
  let left = span.durationMs
  let coveredMs = span.startMs
  for (const child of below.toSorted((a, b) => a.startMs - b.startMs)) {
    const from = Math.max(child.startMs, coveredMs)
    const to = Math.min(child.startMs + child.durationMs, endMs)
    if (to <= from) continue
    left -= to - from
    coveredMs = to
  }
  return Math.max(0, left)
}
