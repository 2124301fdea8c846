import type { FlowEdge, FlowMap, FlowNode } from '@binnacle/collector/api/applications'
import { Graph, layout } from '@dagrejs/dagre'

/** At most this many versions of a tier get a bar on the map; the rest are counted in one line. */
export const versionBarsMax = 4

const charWidth = 6.4
const labelLineHeight = 15
const size = {
  tier: { width: 208, height: 52, bar: 18 },
  backend: { width: 168, height: 52 },
  client: { width: 132, height: 44 },
} as const

export interface Point {
  readonly x: number
  readonly y: number
}

export interface PlacedNode {
  readonly node: FlowNode
  /** The middle. */
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface PlacedEdge {
  readonly edge: FlowEdge
  /** From the border of the caller to the border of the callee. */
  readonly points: readonly Point[]
  readonly label: Point & {
    readonly width: number
    readonly height: number
    readonly lines: readonly string[]
  }
  /** Stroke in pixels, from the calls per minute beside the busiest edge. */
  readonly thickness: number
}

export interface FlowLayout {
  readonly nodes: readonly PlacedNode[]
  readonly edges: readonly PlacedEdge[]
  readonly width: number
  readonly height: number
}

export interface FlowLayoutOptions {
  readonly direction: 'right' | 'down'
  /** The lines of text on an edge. */
  readonly labelOf: (edge: FlowEdge) => readonly string[]
}

/**
 * Places a flow map in layers along the direction of calls, left to right or (on narrow screens) top to bottom, with
 * room for every label on its edge. The same map gives the same picture, whatever the order the service lists it in.
 */
export function layOutFlowMap(map: FlowMap, options: FlowLayoutOptions): FlowLayout {
  const { direction } = options
  const graph = new Graph({ multigraph: true })
  graph.setGraph({
    rankdir: direction === 'right' ? 'LR' : 'TB',
    nodesep: 28,
    edgesep: 18,
    ranksep: direction === 'right' ? 36 : 28,
    marginx: 12,
    marginy: 12,
  })
  const nodes = map.nodes.toSorted((a, b) => compare(a.id, b.id))
  const known = new Set(nodes.map((node) => node.id))
  const edges = map.edges
    .filter((edge) => known.has(edge.from) && known.has(edge.to))
    .sort((a, b) => compare(a.id, b.id))
  for (const node of nodes) graph.setNode(node.id, { ...sizeOf(node) })
  for (const edge of edges) {
    const { width, height } = labelSize(options.labelOf(edge))
    graph.setEdge(edge.from, edge.to, { width: width + 16, height: height + 4, labelpos: 'c' }, edge.id)
  }
  layout(graph)

  const busiest = Math.max(...edges.map((edge) => edge.red.callsPerMinute), 0)
  const { width = 0, height = 0 } = graph.graph() as { width?: number; height?: number }
  return {
    width: Number.isFinite(width) ? Math.max(0, width) : 0,
    height: Number.isFinite(height) ? Math.max(0, height) : 0,
    nodes: nodes.map((node) => {
      const {
        x = 0,
        y = 0,
        ...box
      } = graph.node(node.id) as { x: number; y: number; width: number; height: number }
      return { node, x, y, width: box.width, height: box.height }
    }),
    edges: edges.map((edge) => {
      const placed = graph.edge(edge.from, edge.to, edge.id) as { points?: Point[]; x?: number; y?: number }
      return {
        edge,
        points: attach(placed.points ?? [], boxOf(graph, edge.from), boxOf(graph, edge.to), direction),
        label: { x: placed.x ?? 0, y: placed.y ?? 0, ...labelSize(options.labelOf(edge)) },
        thickness: thicknessOf(edge.red.callsPerMinute, busiest),
      }
    }),
  }
}

/** A smooth path through the points, leaving and arriving along the direction of the map. */
export function edgePath(points: readonly Point[], direction: 'right' | 'down'): string {
  const [first, ...rest] = points
  if (!first) return ''
  let from = first
  const parts = [`M${round(first.x)},${round(first.y)}`]
  for (const to of rest) {
    const [a, b] =
      direction === 'right'
        ? [point((from.x + to.x) / 2, from.y), point((from.x + to.x) / 2, to.y)]
        : [point(from.x, (from.y + to.y) / 2), point(to.x, (from.y + to.y) / 2)]
    parts.push(`C${a} ${b} ${point(to.x, to.y)}`)
    from = to
  }
  return parts.join(' ')
}

type Box = Point & { readonly width: number; readonly height: number }

function boxOf(graph: Graph, id: string): Box {
  const { x = 0, y = 0, width, height } = graph.node(id) as Partial<Point> & { width: number; height: number }
  return { x, y, width, height }
}

/** Lines leave and arrive at the sides that face along the map, not at corners: `edgePath` bends between them. */
function attach(points: readonly Point[], from: Box, to: Box, direction: 'right' | 'down'): Point[] {
  const inner = points.slice(1, -1).map(({ x, y }) => ({ x, y }))
  const [first, last] = [inner[0] ?? to, inner.at(-1) ?? from]
  return [sideTowards(from, first, direction), ...inner, sideTowards(to, last, direction)]
}

function sideTowards(box: Box, towards: Point, direction: 'right' | 'down'): Point {
  const [halfWidth, halfHeight] = [box.width / 2, box.height / 2]
  const within = (value: number, middle: number, half: number) =>
    Math.min(middle + half, Math.max(middle - half, value))
  return direction === 'right'
    ? {
        x: box.x + (towards.x >= box.x ? halfWidth : -halfWidth),
        y: within(towards.y, box.y, halfHeight - 14),
      }
    : {
        x: within(towards.x, box.x, halfWidth - 20),
        y: box.y + (towards.y >= box.y ? halfHeight : -halfHeight),
      }
}

/** Square root: an edge with a hundredth of the calls is still a visible line. */
function thicknessOf(callsPerMinute: number, busiest: number): number {
  return busiest > 0 ? round(1.5 + 4.5 * Math.sqrt(Math.max(0, callsPerMinute) / busiest)) : 1.5
}

function sizeOf(node: FlowNode): { width: number; height: number } {
  if (node.type === 'client') return size.client
  if (node.type !== 'tier') return size.backend
  const lines =
    Math.min(node.versions.length, versionBarsMax) + (node.versions.length > versionBarsMax ? 1 : 0)
  return { width: size.tier.width, height: size.tier.height + lines * size.tier.bar + (lines > 0 ? 6 : 0) }
}

function labelSize(lines: readonly string[]): { width: number; height: number; lines: readonly string[] } {
  const chars = Math.max(0, ...lines.map((line) => line.length))
  return { lines, width: Math.ceil(chars * charWidth), height: lines.length * labelLineHeight }
}

const point = (x: number, y: number) => `${round(x)},${round(y)}`
const round = (value: number) => Math.round(value * 10) / 10
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
