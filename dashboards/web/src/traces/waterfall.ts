import type { SpanNode, TraceNode } from './trace-tree.ts'

/** Siblings alike in all a reader would look at are shown as one row (×37) from this many on. */
export const repeatedSpansMin = 4

export type WaterfallRow =
  | {
      readonly type: 'span'
      readonly key: string
      readonly depth: number
      readonly node: TraceNode
      /** `none` where there is nothing below. */
      readonly fold: 'none' | 'open' | 'closed'
    }
  | {
      readonly type: 'repeated'
      readonly key: string
      readonly depth: number
      readonly nodes: readonly SpanNode[]
      readonly fold: 'open' | 'closed'
    }

export interface Folding {
  /** Keys of nodes whose subtree is hidden. */
  readonly closed: ReadonlySet<string>
  /** Keys of repeated rows whose spans are shown one by one. */
  readonly opened: ReadonlySet<string>
}

export const nothingFolded: Folding = { closed: new Set(), opened: new Set() }

type Item =
  | TraceNode
  | { readonly type: 'repeated'; readonly key: string; readonly nodes: readonly SpanNode[] }

/** The visible rows from top to bottom. */
export function waterfallRows(roots: readonly TraceNode[], folding: Folding): WaterfallRow[] {
  const rows: WaterfallRow[] = []
  const stack: { item: Item; depth: number }[] = []
  const push = (items: readonly Item[], depth: number) => {
    for (const item of items.toReversed()) stack.push({ item, depth })
  }
  push(roots, 0)
  for (let next = stack.pop(); next; next = stack.pop()) {
    const { item, depth } = next
    const { key } = item
    if (item.type === 'repeated') {
      const fold = folding.opened.has(key) ? 'open' : 'closed'
      rows.push({ type: 'repeated', key, depth, nodes: item.nodes, fold })
      if (fold === 'open') push(item.nodes, depth + 1)
      continue
    }
    const fold = item.children.length === 0 ? 'none' : folding.closed.has(key) ? 'closed' : 'open'
    rows.push({ type: 'span', key, depth, node: item, fold })
    if (fold === 'open') push(groupRepeated(item.children), depth + 1)
  }
  return rows
}

/** Siblings with repeated ones drawn together where the first of them stood; those with errors are another kind. */
export function groupRepeated(siblings: readonly TraceNode[]): readonly Item[] {
  if (siblings.length < repeatedSpansMin) return siblings
  const items: Item[] = []
  const seen = new Set<TraceNode>()
  const alike = Map.groupBy(siblings, likeness)
  for (const node of siblings) {
    if (seen.has(node)) continue
    const nodes = (alike.get(likeness(node)) ?? []).filter((one) => one.type === 'span')
    if (nodes.length < repeatedSpansMin) items.push(node)
    else {
      for (const one of nodes) seen.add(one)
      items.push({ type: 'repeated', key: `repeated:${node.key}`, nodes })
    }
  }
  return items
}

function likeness(node: TraceNode): string {
  if (node.type === 'missing') return node.key
  const { service, version, operation, kind, peer } = node.span
  return JSON.stringify([service, version, operation, kind, peer, node.errors > 0])
}

/**
 * The folding with a span made visible: its ancestors open, and the repeated row around it or around an ancestor.
 */
export function reveal(folding: Folding, node: TraceNode): Folding {
  const closed = new Set(folding.closed)
  const opened = new Set(folding.opened)
  for (let at: TraceNode = node, parent = at.parent; ; parent = at.parent) {
    if (parent) {
      closed.delete(parent.key)
      const around = groupRepeated(parent.children).find(
        (item) => item.type === 'repeated' && item.nodes.some((one) => one.key === at.key),
      )
      if (around) opened.add(around.key)
    }
    if (!parent) return { closed, opened }
    at = parent
  }
}

/** The folding with a row opened or closed. */
export function toggleRow(folding: Folding, row: WaterfallRow): Folding {
  if (row.fold === 'none') return folding
  const flip = (keys: ReadonlySet<string>) => {
    const next = new Set(keys)
    if (!next.delete(row.key)) next.add(row.key)
    return next
  }
  return row.type === 'repeated'
    ? { closed: folding.closed, opened: flip(folding.opened) }
    : { closed: flip(folding.closed), opened: folding.opened }
}

/** The row that shows a node: its own, else the repeated row or closed ancestor that hides it. */
export function rowIndexOf(rows: readonly WaterfallRow[], node: TraceNode): number {
  for (let at: TraceNode | undefined = node; at; at = at.parent) {
    const key = at.key
    const index = rows.findIndex((row) =>
      row.type === 'span'
        ? row.key === key
        : row.fold === 'closed' && row.nodes.some((one) => one.key === key),
    )
    if (index >= 0) return index
  }
  return -1
}

/** One row for each tier's part: where no other tier is below a span, its subtree is folded. Parents come first. */
export function foldToTiers(nodes: readonly TraceNode[]): Folding {
  const crossing = new Set<TraceNode>()
  for (const node of nodes.toReversed()) {
    const tier = node.type === 'span' ? node.span.service : undefined
    const leaves = node.children.some(
      (child) => crossing.has(child) || (child.type === 'span' && child.span.service !== tier),
    )
    if (leaves) crossing.add(node)
  }
  const closed = nodes.filter((node) => node.children.length > 0 && !crossing.has(node))
  return { closed: new Set(closed.map((node) => node.key)), opened: new Set() }
}
