import type { SpanRow } from '@binnacle/collector/api/applications'

/**
 * The tree of a trace, as it stands in the store: parents may be missing (not stored yet, or refused), span ids may
 * repeat and parents may even form a ring. Every span of the input is in the tree exactly once, whatever the input.
 * Nothing here recurses: a chain of 10,000 spans is a legal trace.
 */
export type TraceNode = SpanNode | MissingNode

interface NodeBase {
  /** Unique within the trace: the span id, with `#2`, `#3` for repeated ids; `missing:ID` for a placeholder. */
  readonly key: string
  readonly depth: number
  readonly parent: TraceNode | undefined
  readonly startMs: number
  readonly endMs: number
  /** By start time. */
  readonly children: readonly TraceNode[]
  /** Spans in the subtree, itself included, placeholders not. */
  readonly spans: number
  /** Spans with status error in the subtree, itself included. */
  readonly errors: number
}

export interface SpanNode extends NodeBase {
  readonly type: 'span'
  readonly span: SpanRow
}

/** Stands in for a parent that spans name but the store does not hold; as long as its children reach. */
export interface MissingNode extends NodeBase {
  readonly type: 'missing'
  readonly spanId: string
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
type Draft = (
  | Mutable<Omit<SpanNode, 'children' | 'parent'>>
  | Mutable<Omit<MissingNode, 'children' | 'parent'>>
) & {
  parent: Draft | undefined
  children: Draft[]
}

/** The roots of the trace by start time: real roots, and placeholders for missing parents. */
export function buildTraceTree(spans: readonly SpanRow[]): readonly TraceNode[] {
  const drafts = spansAsDrafts(spans)
  const byId = new Map<string, Draft>()
  for (const draft of drafts) if (!byId.has(draft.span.spanId)) byId.set(draft.span.spanId, draft)

  const roots: Draft[] = []
  const missing = new Map<string, Draft>()
  for (const draft of drafts) {
    const { parentSpanId, spanId } = draft.span
    if (parentSpanId === '' || parentSpanId === spanId) {
      roots.push(draft)
      continue
    }
    let parent = byId.get(parentSpanId)
    if (!parent) {
      parent = missing.get(parentSpanId) ?? missingDraft(parentSpanId, draft)
      if (!missing.has(parentSpanId)) {
        missing.set(parentSpanId, parent)
        roots.push(parent)
      }
    }
    draft.parent = parent
    parent.children.push(draft)
  }
  openRings(drafts, roots)
  const order = depthFirst(roots)
  for (const draft of order) draft.depth = draft.parent ? draft.parent.depth + 1 : 0
  for (const draft of order.toReversed()) sumUp(draft)
  for (const draft of order) draft.children.sort(byStart)
  return roots.sort(byStart) as readonly TraceNode[]
}

/** Every node, parents before children, children by start time. */
export function walkTrace<Node extends { readonly children: readonly Node[] }>(
  roots: readonly Node[],
): Node[] {
  return depthFirst(roots)
}

/** The root that stands for the trace: the first real root, else the first placeholder. */
export function mainRoot(roots: readonly TraceNode[]): TraceNode | undefined {
  return roots.find((root) => root.type === 'span') ?? roots[0]
}

/** Most of its time lies after its parent's end: nobody waited for it (a consumer, a fire-and-forget call). */
export function outlivesParent(node: TraceNode): boolean {
  const parent = node.parent
  if (!parent || parent.type === 'missing' || node.endMs <= parent.endMs) return false
  return node.startMs >= parent.endMs || node.endMs - parent.endMs > (node.endMs - node.startMs) / 2
}

function spansAsDrafts(spans: readonly SpanRow[]): (Draft & { type: 'span' })[] {
  const seen = new Map<string, number>()
  return spans.map((span) => {
    const times = (seen.get(span.spanId) ?? 0) + 1
    seen.set(span.spanId, times)
    return {
      type: 'span',
      key: times === 1 ? span.spanId : `${span.spanId}#${times}`,
      span,
      depth: 0,
      parent: undefined,
      startMs: span.startMs,
      endMs: span.startMs + span.durationMs,
      children: [],
      spans: 1,
      errors: span.status === 'error' ? 1 : 0,
    }
  })
}

function missingDraft(spanId: string, child: Draft): Draft {
  const { startMs, endMs } = child
  const key = `missing:${spanId}`
  return {
    type: 'missing',
    key,
    spanId,
    depth: 0,
    parent: undefined,
    startMs,
    endMs,
    children: [],
    spans: 0,
    errors: 0,
  }
}

/** Spans that no root reaches hang in a ring of parents: the earliest of each ring becomes a root. */
function openRings(drafts: readonly Draft[], roots: Draft[]): void {
  const reached = new Set(depthFirst(roots))
  if (reached.size >= drafts.length && drafts.every((draft) => reached.has(draft))) return
  for (const draft of drafts.toSorted(byStart)) {
    if (reached.has(draft)) continue
    const { parent } = draft
    if (parent) parent.children = parent.children.filter((child) => child !== draft)
    draft.parent = undefined
    roots.push(draft)
    for (const node of depthFirst([draft])) reached.add(node)
  }
}

function sumUp(draft: Draft): void {
  for (const child of draft.children) {
    draft.spans += child.spans
    draft.errors += child.errors
    if (draft.type === 'missing') {
      draft.startMs = Math.min(draft.startMs, child.startMs)
      draft.endMs = Math.max(draft.endMs, child.endMs)
    }
  }
}

function byStart(a: { startMs: number; endMs: number }, b: { startMs: number; endMs: number }): number {
  return a.startMs - b.startMs || b.endMs - a.endMs
}

function depthFirst<Node extends { readonly children: readonly Node[] }>(roots: readonly Node[]): Node[] {
  const order: Node[] = []
  const stack = roots.toReversed()
  for (let node = stack.pop(); node; node = stack.pop()) {
    order.push(node)
    for (let index = node.children.length - 1; index >= 0; index--) {
      const child = node.children[index]
      if (child) stack.push(child)
    }
  }
  return order
}
