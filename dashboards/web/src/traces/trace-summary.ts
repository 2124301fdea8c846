import type { SpanRow } from '@binnacle/collector/api/applications'
import { type TraceNode, walkTrace } from './trace-tree.ts'

/** What a tier or a kind of work took of the trace. */
export interface TimeShare {
  readonly name: string
  readonly spans: number
  readonly errors: number
  /** Time in spans of this group not spent in their children; parallel work adds up. */
  readonly selfMs: number
  /** Of all self time in the trace, 0…1. */
  readonly share: number
}

export interface TraceSummary {
  readonly byTier: readonly TimeShare[]
  readonly byKind: readonly TimeShare[]
}

/** Where the time of a trace went, the largest first. */
export function summarizeTrace(roots: readonly TraceNode[]): TraceSummary {
  const spans = walkTrace(roots).flatMap((node) =>
    node.type === 'span' ? [{ span: node.span, selfMs: selfTimeMs(node) }] : [],
  )
  return {
    byTier: shares(spans, (span) => span.service),
    byKind: shares(spans, kindOfWork),
  }
}

/** The part of a span's time that no child covers. Children may overlap each other and outlive the span. */
export function selfTimeMs(node: TraceNode): number {
  let coveredMs = 0
  let reachedMs = node.startMs
  for (const child of node.children) {
    const startMs = Math.max(child.startMs, reachedMs)
    const endMs = Math.min(child.endMs, node.endMs)
    if (endMs > startMs) {
      coveredMs += endMs - startMs
      reachedMs = endMs
    }
  }
  return Math.max(0, node.endMs - node.startMs - coveredMs)
}

/** The kind of work in an operator's words. */
export function kindOfWork(span: SpanRow): string {
  const has = (...names: string[]) => names.some((name) => span.attributes[name])
  if (has('db.system.name', 'db.system')) return 'database'
  if (span.kind === 'producer' || span.kind === 'consumer' || has('messaging.system')) return 'queue'
  if (span.kind === 'client') return 'outgoing call'
  if (span.kind === 'server') return 'request handling'
  return 'internal'
}

function shares(
  spans: readonly { readonly span: SpanRow; readonly selfMs: number }[],
  nameOf: (span: SpanRow) => string,
): TimeShare[] {
  const totalMs = spans.reduce((sum, one) => sum + one.selfMs, 0)
  return [...Map.groupBy(spans, (one) => nameOf(one.span))]
    .map(([name, group]) => {
      const selfMs = group.reduce((sum, one) => sum + one.selfMs, 0)
      return {
        name,
        spans: group.length,
        errors: group.filter((one) => one.span.status === 'error').length,
        selfMs,
        share: totalMs > 0 ? selfMs / totalMs : 0,
      }
    })
    .sort((a, b) => b.selfMs - a.selfMs || b.spans - a.spans)
}
