import type { FlowMap } from '@binnacle/collector/api/applications'
import { describe, expect, test } from 'vitest'
import {
  edgePath,
  type FlowLayout,
  layOutFlowMap,
} from '../../../dashboards/web/src/applications/flow-layout.ts'
import { database, edge, red, tier } from './support.ts'

const client = { ...tier('clients'), id: 'client', type: 'client' as const }
const shop: FlowMap = {
  nodes: [
    tier('benigno', ['v1', 'v2']),
    client,
    tier('magnanimo', ['1.4.0']),
    database('postgresql', 'shop'),
  ],
  edges: [
    edge('client', 'tier:magnanimo'),
    edge('tier:magnanimo', 'tier:benigno'),
    edge('tier:magnanimo', 'tier:benigno', { id: 'async', async: true, red: red(1.2) }),
    edge('tier:benigno', 'backend:postgresql:shop', { red: red(30) }),
    edge('tier:benigno', 'tier:benigno', { id: 'self' }),
    edge('tier:benigno', 'tier:magnanimo', { id: 'back', red: red(0) }),
  ],
}
const options = { direction: 'right', labelOf: () => ['120/min · 14 ms', 'p95 30 ms'] } as const
const placed = (layout: FlowLayout, id: string) => {
  const found = layout.nodes.find((one) => one.node.id === id)
  if (!found) throw new Error(`cannot find ${id}`)
  return found
}

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}
const overlap = (a: Box, b: Box) =>
  Math.abs(a.x - b.x) < (a.width + b.width) / 2 && Math.abs(a.y - b.y) < (a.height + b.height) / 2

describe('the layout of a flow map', () => {
  test('calls run from left to right, on narrow screens from top to bottom', () => {
    const ids = ['client', 'tier:magnanimo', 'tier:benigno', 'backend:postgresql:shop']
    const right = layOutFlowMap(shop, options)
    const down = layOutFlowMap(shop, { ...options, direction: 'down' })
    const xs = ids.map((id) => placed(right, id).x)
    const ys = ids.map((id) => placed(down, id).y)
    expect(xs).toEqual(xs.toSorted((a, b) => a - b))
    expect(ys).toEqual(ys.toSorted((a, b) => a - b))
  })
  test.each(['right', 'down'] as const)(
    '%s: no node or label covers another, and all are inside',
    (direction) => {
      const wide: FlowMap = {
        nodes: [...shop.nodes, ...Array.from({ length: 20 }, (_, index) => tier(`t${index}`, ['v1']))],
        edges: [
          ...shop.edges,
          ...Array.from({ length: 20 }, (_, index) =>
            edge(index % 3 ? 'tier:magnanimo' : `tier:t${(index + 5) % 20}`, `tier:t${index}`),
          ),
        ],
      }
      const layout = layOutFlowMap(wide, { ...options, direction })
      const boxes: Box[] = [...layout.nodes, ...layout.edges.map((one) => one.label)]
      for (const [index, box] of boxes.entries()) {
        expect(box.x - box.width / 2).toBeGreaterThanOrEqual(0)
        expect(box.y - box.height / 2).toBeGreaterThanOrEqual(0)
        expect(box.x + box.width / 2).toBeLessThanOrEqual(layout.width)
        expect(box.y + box.height / 2).toBeLessThanOrEqual(layout.height)
        for (const other of boxes.slice(index + 1)) expect(overlap(box, other)).toBe(false)
      }
    },
  )
  test('the order in which the service lists things does not move them', () => {
    const shuffled = { nodes: shop.nodes.toReversed(), edges: shop.edges.toReversed() }
    expect(layOutFlowMap(shuffled, options)).toEqual(layOutFlowMap(shop, options))
  })
  test('two edges between the same tiers are both drawn', () => {
    const drawn = layOutFlowMap(shop, options).edges
    expect(drawn).toHaveLength(6)
    expect(drawn.every((one) => one.points.length > 1)).toBe(true)
  })
  test('the busiest edge is thickest, and one without calls is still a line', () => {
    const thickness = (id: string) =>
      layOutFlowMap(shop, options).edges.find((one) => one.edge.id === id)?.thickness
    expect(thickness('tier:magnanimo>tier:benigno')).toBe(6)
    expect(thickness('back')).toBe(1.5)
    expect(thickness('async')).toBeGreaterThan(1.5)
  })
  test('a tier grows with its versions, up to four and a line for the rest', () => {
    const height = (count: number) => {
      const versions = Array.from({ length: count }, (_, index) => `v${index}`)
      return layOutFlowMap({ nodes: [tier('a', versions)], edges: [] }, options).nodes[0]?.height ?? 0
    }
    expect(height(2)).toBeGreaterThan(height(1))
    expect(height(9)).toBe(height(5))
  })
  test('an edge to a node that is not listed is left out, and an empty map has no size', () => {
    expect(layOutFlowMap({ nodes: [client], edges: [edge('client', 'tier:gone')] }, options).edges).toEqual(
      [],
    )
    expect(layOutFlowMap({ nodes: [], edges: [] }, options)).toMatchObject({ nodes: [], edges: [] })
  })
})

test.each([
  ['right', 'M0,0 C5,0 5,20 10,20'],
  ['down', 'M0,0 C0,10 10,10 10,20'],
] as const)('a path that runs %s leaves and arrives that way', (direction, want) => {
  expect(
    edgePath(
      [
        { x: 0, y: 0 },
        { x: 10, y: 20 },
      ],
      direction,
    ),
  ).toBe(want)
})

test('lines leave a caller at the side of the callee and arrive at the side of the caller', () => {
  const layout = layOutFlowMap(shop, options)
  for (const { edge: one, points } of layout.edges) {
    if (one.from === one.to) continue
    const [from, to] = [placed(layout, one.from), placed(layout, one.to)]
    const sign = to.x > from.x ? 1 : -1
    expect(points[0]?.x).toBe(from.x + (sign * from.width) / 2)
    expect(points.at(-1)?.x).toBe(to.x - (sign * to.width) / 2)
  }
})
