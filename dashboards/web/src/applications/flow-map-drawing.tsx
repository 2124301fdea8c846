import type { FlowNode } from '@binnacle/collector/api/applications'
import { useState } from 'react'
import { formatCount, formatPercent } from '../format.ts'
import { StatusShape } from '../parts/status-badge.tsx'
import { describeEdge, describeNode, nameOfNode, unusualMarks } from './flow-label.ts'
import { edgePath, type FlowLayout, type PlacedEdge, type PlacedNode, versionBarsMax } from './flow-layout.ts'
import { healthOf } from './health.ts'
import { NodeIcon } from './node-icon.tsx'

interface Props {
  readonly layout: FlowLayout
  readonly direction: 'right' | 'down'
  readonly scale: number
  /** Id of the chosen node or edge. */
  readonly selected: string | undefined
  readonly onSelect: (id: string) => void
}

/** Lines are drawn as SVG, nodes and labels are buttons above them: readable by keyboard and screen reader as they are. */
export function FlowMapDrawing({ layout, direction, scale, selected, onSelect }: Props) {
  const [pointed, setPointed] = useState<string | undefined>(undefined)
  const focus = pointed ?? selected
  const lit = litBy(layout, focus)
  const point = (id: string) => ({
    onClick: () => onSelect(id),
    onPointerEnter: () => setPointed(id),
    onPointerLeave: () => setPointed(undefined),
  })
  const look = (id: string) => (lit.size === 0 || lit.has(id) ? '' : ' flow-dimmed')
  return (
    <div className="flow-canvas" style={{ width: layout.width * scale, height: layout.height * scale }}>
      <div
        className="flow-drawing"
        style={{ width: layout.width, height: layout.height, transform: `scale(${scale})` }}
      >
        <svg width={layout.width} height={layout.height} aria-hidden="true">
          <defs>
            <marker
              id="flow-arrow"
              markerUnits="userSpaceOnUse"
              markerWidth="9"
              markerHeight="9"
              refX="8"
              refY="4.5"
              orient="auto"
            >
              <path d="M0,0 L9,4.5 L0,9 z" className="flow-arrow" />
            </marker>
          </defs>
          {layout.edges.map((placed) => (
            <EdgeLine
              key={placed.edge.id}
              placed={placed}
              direction={direction}
              look={look(placed.edge.id)}
            />
          ))}
        </svg>
        {layout.edges.map((placed) => (
          <EdgeLabel
            key={placed.edge.id}
            placed={placed}
            look={look(placed.edge.id)}
            chosen={placed.edge.id === selected}
            {...point(placed.edge.id)}
          />
        ))}
        {layout.nodes.map((placed) => (
          <NodeCard
            key={placed.node.id}
            placed={placed}
            look={look(placed.node.id)}
            chosen={placed.node.id === selected}
            {...point(placed.node.id)}
          />
        ))}
      </div>
    </div>
  )
}

interface Pointing {
  readonly onClick: () => void
  readonly onPointerEnter: () => void
  readonly onPointerLeave: () => void
}

function EdgeLine({
  placed,
  direction,
  look,
}: {
  placed: PlacedEdge
  direction: 'right' | 'down'
  look: string
}) {
  const path = edgePath(placed.points, direction)
  const { errorRatio } = placed.edge.red
  const state = healthOf(placed.edge.red)?.state
  return (
    <g className={`flow-edge${look}`}>
      {(state === 'warning' || state === 'critical') && (
        <path d={path} className="flow-halo" data-health={state} strokeWidth={placed.thickness + 6} />
      )}
      <path
        d={path}
        className={placed.edge.async ? 'flow-line flow-line-async' : 'flow-line'}
        strokeWidth={placed.thickness}
        markerEnd="url(#flow-arrow)"
      />
      {errorRatio !== null && errorRatio > 0 && (
        // The failed part of the calls is the red part of the line; a small one still shows.
        <path
          d={path}
          className="flow-line-failed"
          strokeWidth={placed.thickness}
          pathLength={1}
          strokeDasharray={`${Math.max(errorRatio, 0.06)} 1`}
        />
      )}
    </g>
  )
}

function EdgeLabel({
  placed,
  look,
  chosen,
  ...pointing
}: Pointing & { readonly placed: PlacedEdge; readonly look: string; readonly chosen: boolean }) {
  const { edge, label } = placed
  return (
    <button
      type="button"
      className={`flow-label${look}`}
      aria-pressed={chosen}
      aria-label={describeEdge(edge)}
      title={healthOf(edge.red)?.long}
      style={{ left: label.x, top: label.y }}
      {...pointing}
    >
      {label.lines.map((line) => (
        <span key={line} className={classOfLine(line)}>
          {line}
        </span>
      ))}
    </button>
  )
}

function classOfLine(line: string): string | undefined {
  if (line.endsWith('err/min') || line.startsWith(unusualMarks.critical)) return 'flow-label-errors'
  return line.startsWith(unusualMarks.warning) ? 'flow-label-warning' : undefined
}

function NodeCard({
  placed,
  look,
  chosen,
  ...pointing
}: Pointing & { readonly placed: PlacedNode; readonly look: string; readonly chosen: boolean }) {
  const { node, x, y, width, height } = placed
  const health = healthOf(node.red)
  return (
    <button
      type="button"
      className={`flow-node flow-node-${node.type}${look}`}
      data-health={health?.state}
      title={health?.long}
      aria-pressed={chosen}
      aria-label={describeNode(node)}
      style={{ left: x - width / 2, top: y - height / 2, width, height }}
      {...pointing}
    >
      <span className="flow-node-head">
        <NodeIcon type={node.type} />
        <span className="flow-node-text">
          <span className="flow-node-name" title={nameOfNode(node)}>
            {nameOfNode(node)}
          </span>
          <span className="flow-node-detail">
            {detailOf(node)}
            {health?.worst && <span className="flow-node-unusual"> · {health.worst}</span>}
          </span>
        </span>
        {health && <StatusShape state={health.state} />}
      </span>
      {node.type === 'tier' && node.versions.length > 0 && <VersionBars node={node} />}
    </button>
  )
}

function VersionBars({ node }: { readonly node: FlowNode }) {
  const shown = node.versions.toSorted((a, b) => b.share - a.share).slice(0, versionBarsMax)
  const rest = node.versions.length - shown.length
  return (
    <span className="flow-versions">
      {shown.map((one) => (
        <span key={one.version} className="flow-version">
          <span className="flow-version-name" title={one.version}>
            {one.version || 'no version'}
          </span>
          <span className="flow-version-bar">
            <i style={{ width: `${100 * one.share}%` }} />
          </span>
          <span className="flow-version-share">{formatPercent(one.share)}</span>
        </span>
      ))}
      {rest > 0 && <span className="flow-version-rest">and {rest} more</span>}
    </span>
  )
}

function detailOf(node: FlowNode): string {
  switch (node.type) {
    case 'tier':
      return node.nodes === 1 ? '1 node' : `${formatCount(node.nodes)} nodes`
    case 'client':
      return 'send no spans'
    case 'database':
    case 'queue':
      return node.system || node.type
    case 'external':
      return node.system || 'not instrumented'
  }
}

/** The chosen thing and what it touches. */
function litBy(layout: FlowLayout, focus: string | undefined): ReadonlySet<string> {
  if (!focus) return new Set()
  const lit = new Set([focus])
  for (const { edge } of layout.edges) {
    if (edge.id === focus) lit.add(edge.from).add(edge.to)
    if (edge.from === focus) lit.add(edge.id).add(edge.to)
    if (edge.to === focus) lit.add(edge.id).add(edge.from)
  }
  return lit
}
