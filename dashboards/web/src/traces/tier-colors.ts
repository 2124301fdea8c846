import type { TraceNode } from './trace-tree.ts'

/** Tiers beyond these share the last colour. */
export const tierColorsMax = 8

/** A custom property for each tier, in the order of the names. */
export function tierColors(tiers: readonly string[]): (node: TraceNode) => string {
  const index = new Map(tiers.map((name, at) => [name, Math.min(at + 1, tierColorsMax)]))
  return (node) =>
    node.type === 'span' ? `--series-${index.get(node.span.service) ?? tierColorsMax}` : '--line-strong'
}
