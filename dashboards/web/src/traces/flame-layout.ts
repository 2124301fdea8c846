import type { TraceNode } from './trace-tree.ts'

/** The boxes of a flame graph: one list a row from top to bottom, each by start time and without overlap. */
export type FlameRows = readonly (readonly TraceNode[])[]

/**
 * Every span below the one it was called by, as high as there is room at its time: siblings that ran after each other share a
 * row, those that ran at once lie below each other. A child that starts before its parent (clocks of two hosts) is placed as if
 * it had waited.
 */
export function flameRows(nodes: readonly TraceNode[]): FlameRows {
  const startOf = new Map<TraceNode, number>()
  for (const node of nodes) {
    startOf.set(node, Math.max(node.startMs, (node.parent && startOf.get(node.parent)) ?? node.startMs))
  }
  const order = nodes.toSorted((a, b) => at(startOf, a) - at(startOf, b) || a.depth - b.depth)
  const rowOf = new Map<TraceNode, number>()
  const freeFromMs: number[] = []
  const rows: TraceNode[][] = []
  for (const node of order) {
    const startMs = at(startOf, node)
    let row = node.parent ? at(rowOf, node.parent) + 1 : 0
    while ((freeFromMs[row] ?? Number.NEGATIVE_INFINITY) > startMs) row += 1
    while (rows.length <= row) rows.push([])
    rows[row]?.push(node)
    rowOf.set(node, row)
    freeFromMs[row] = Math.max(node.endMs, startMs)
  }
  return rows
}

/** The box of a row at a time, or one that ended at most `slackMs` before it or begins as soon after. */
export function boxAt(row: readonly TraceNode[], timeMs: number, slackMs: number): TraceNode | undefined {
  const first = firstEndingAfter(row, timeMs - slackMs)
  const near = row.slice(first, first + 2).filter((node) => node.startMs <= timeMs + slackMs)
  return near.find((node) => node.startMs <= timeMs && node.endMs >= timeMs) ?? near[0]
}

/** Where in a row the boxes begin that reach beyond a time. */
export function firstEndingAfter(row: readonly TraceNode[], timeMs: number): number {
  let [low, high] = [0, row.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((row[middle]?.endMs ?? 0) < timeMs) low = middle + 1
    else high = middle
  }
  return low
}

function at(map: ReadonlyMap<TraceNode, number>, node: TraceNode): number {
  return map.get(node) ?? 0
}
