import type { SpanRow } from '@binnacle/collector/api/applications'

/** The clock of a host, against those of its callers. */
export interface ClockSkew {
  readonly service: string
  readonly pod: string
  /** What its spans were moved by at most; positive: its clock is behind. */
  readonly movedMs: number
}

/** Less is how long a message travels and how exactly clocks are set. */
const toleranceMs = 1

/**
 * Spans of one trace come from hosts whose clocks differ. A server span can neither begin before the client span that called
 * it nor, unless it took longer, end after it: one that does is moved to the middle of its client span, with all that its
 * host did below it, as Jaeger and Zipkin do. Times within a host stay as they are, and so do all durations.
 */
export function mendClocks(spans: readonly SpanRow[]): {
  readonly spans: readonly SpanRow[]
  readonly skews: readonly ClockSkew[]
} {
  const children = Map.groupBy(spans, (span) => span.parentSpanId)
  const ids = new Set(spans.map((span) => span.spanId))
  const moves = new Map<SpanRow, number>()
  const skews = new Map<string, ClockSkew>()
  const waiting = spans.filter((span) => !ids.has(span.parentSpanId)).map((span) => ({ span, byMs: 0 }))
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { span: parent, byMs } = next
    // Span ids may repeat.
    if (moves.has(parent)) continue
    moves.set(parent, byMs)
    for (const span of children.get(parent.spanId) ?? []) {
      const sameHost = span.service === parent.service && span.pod === parent.pod
      const ownMs = sameHost ? byMs : skewOf(span, { ...parent, startMs: parent.startMs + byMs })
      waiting.push({ span, byMs: ownMs })
      if (sameHost || ownMs === 0) continue
      const host = `${span.service}\n${span.pod}`
      if (Math.abs(ownMs) > Math.abs(skews.get(host)?.movedMs ?? 0))
        skews.set(host, { service: span.service, pod: span.pod, movedMs: ownMs })
    }
  }
  return {
    spans: spans.map((span) => moved(span, moves.get(span) ?? 0)),
    skews: [...skews.values()],
  }
}

function moved(span: SpanRow, byMs: number): SpanRow {
  if (byMs === 0) return span
  const events = span.events.map((event) => ({ ...event, timeMs: event.timeMs + byMs }))
  return { ...span, startMs: span.startMs + byMs, events }
}

function skewOf(server: SpanRow, client: SpanRow): number {
  if (server.kind !== 'server' || client.kind !== 'client') return 0
  const earlyMs = client.startMs - server.startMs
  const lateMs = server.startMs + server.durationMs - (client.startMs + client.durationMs)
  const roomMs = client.durationMs - server.durationMs
  // One that takes longer than its client waited may end after it, but not begin before it.
  const isOff = earlyMs > toleranceMs || (roomMs >= 0 && lateMs > toleranceMs)
  return isOff ? earlyMs + Math.max(0, roomMs) / 2 : 0
}
