import { outlivesParent, type TraceNode } from './trace-tree.ts'

/** A stretch of time in which this span, and none of its children, held up the answer. */
export interface CriticalStretch {
  readonly key: string
  readonly startMs: number
  readonly endMs: number
}

/**
 * The chain of work that set the root's duration, latest first: from the root's end backwards, always the child that
 * ended last before the point reached. Work nobody waited for (see `outlivesParent`) is not on it; a child that ends
 * a little after its parent (clocks differ between hosts) counts up to the parent's end. The stretches do not overlap
 * and their lengths add up to the root's duration.
 */
export function criticalPath(root: TraceNode): CriticalStretch[] {
  const stretches: CriticalStretch[] = []
  const add = (key: string, startMs: number, endMs: number) => {
    if (endMs > startMs) stretches.push({ key, startMs, endMs })
  }
  const stack: Frame[] = [frame(root, root.startMs, root.endMs)]
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const child = nextChild(top)
    if (!child) {
      add(top.node.key, top.fromMs, top.cursorMs)
      stack.pop()
      continue
    }
    const endMs = Math.min(child.endMs, top.untilMs)
    const startMs = Math.max(child.startMs, top.fromMs)
    add(top.node.key, endMs, top.cursorMs)
    top.cursorMs = startMs
    stack.push(frame(child, startMs, endMs))
  }
  return stretches
}

interface Frame {
  readonly node: TraceNode
  readonly fromMs: number
  readonly untilMs: number
  /** The path is known from here to `untilMs`. */
  cursorMs: number
  /** Children, the last to end at the end of the list. */
  readonly waiting: TraceNode[]
}

function frame(node: TraceNode, fromMs: number, untilMs: number): Frame {
  const waiting = node.children
    .filter((child) => !outlivesParent(child) && child.startMs < untilMs && child.endMs > fromMs)
    .sort((a, b) => Math.min(a.endMs, untilMs) - Math.min(b.endMs, untilMs) || b.startMs - a.startMs)
  return { node, fromMs, untilMs, cursorMs: untilMs, waiting }
}

/** The child that ended last at or before the cursor; those that ended later ran beside a chosen one. */
function nextChild(at: Frame): TraceNode | undefined {
  for (let child = at.waiting.pop(); child; child = at.waiting.pop()) {
    if (Math.min(child.endMs, at.untilMs) <= at.cursorMs) return child
  }
  return undefined
}
