import type { TraceDetail } from '@binnacle/collector/api/applications'
import { type ClockSkew, mendClocks } from './clock-skew.ts'
import { type CriticalStretch, criticalPath } from './critical-path.ts'
import { summarizeTrace, type TraceSummary } from './trace-summary.ts'
import { buildTraceTree, mainRoot, type SpanNode, type TraceNode, walkTrace } from './trace-tree.ts'

/** Everything the trace page shows, computed once per trace. */
export interface TraceView {
  readonly roots: readonly TraceNode[]
  readonly main: TraceNode | undefined
  /** Parents before children, siblings by start time. */
  readonly nodes: readonly TraceNode[]
  readonly byKey: ReadonlyMap<string, TraceNode>
  /** From the first start to the last end of any span: async work may outlive the root. */
  readonly startMs: number
  readonly endMs: number
  readonly critical: ReadonlyMap<string, readonly CriticalStretch[]>
  readonly failed: readonly SpanNode[]
  readonly summary: TraceSummary
  /** Hosts whose spans were moved because their clocks differ. */
  readonly skews: readonly ClockSkew[]
}

export function viewTrace(trace: TraceDetail): TraceView {
  const { spans, skews } = mendClocks(trace.spans)
  const roots = buildTraceTree(spans)
  const nodes = walkTrace<TraceNode>(roots)
  const main = mainRoot(roots)
  let startMs = Number.POSITIVE_INFINITY
  let endMs = Number.NEGATIVE_INFINITY
  for (const node of nodes) {
    startMs = Math.min(startMs, node.startMs)
    endMs = Math.max(endMs, node.endMs)
  }
  return {
    roots,
    main,
    nodes,
    byKey: new Map(nodes.map((node) => [node.key, node])),
    startMs: nodes.length > 0 ? startMs : trace.startMs,
    endMs: nodes.length > 0 ? endMs : trace.startMs + trace.durationMs,
    critical: Map.groupBy(main ? criticalPath(main) : [], (stretch) => stretch.key),
    failed: nodes.filter((node): node is SpanNode => node.type === 'span' && node.span.status === 'error'),
    summary: summarizeTrace(roots),
    skews,
  }
}

/** The failed span after the given one in reading order, round to the first. */
export function nextFailed(view: TraceView, afterKey: string | undefined): SpanNode | undefined {
  const at = view.nodes.findIndex((node) => node.key === afterKey)
  const behind = new Set(view.nodes.slice(at + 1).map((node) => node.key))
  return view.failed.find((node) => behind.has(node.key)) ?? view.failed[0]
}

/**
 * The failed span that no failed child explains, the earliest to end: where to look first. A trace whose failure was
 * passed up through ten tiers has ten failed spans and one cause.
 */
export function firstCause(view: TraceView): SpanNode | undefined {
  return view.failed
    .filter((node) => !node.children.some((child) => child.errors > 0))
    .toSorted((a, b) => a.endMs - b.endMs)[0]
}
