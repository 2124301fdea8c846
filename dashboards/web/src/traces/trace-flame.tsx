import { type ReactNode, useEffect, useMemo, useState } from 'react'
import { formatDuration } from '../format.ts'
import { isTyping } from '../parts/is-typing.ts'
import { FlameCanvas, FlameRuler, type FlameZoom, zoomTo } from './flame-canvas.tsx'
import { flameRows } from './flame-layout.ts'
import { tierColors } from './tier-colors.ts'
import { TierLegend } from './tier-legend.tsx'
import { selfTimeMs } from './trace-summary.ts'
import type { TraceNode } from './trace-tree.ts'
import type { TraceView } from './trace-view.ts'

interface Props {
  readonly view: TraceView
  readonly chosen: TraceNode | undefined
  readonly onSelect: (key: string | undefined) => void
  readonly tools: ReactNode
}

/** Time from left to right, callers above what they called; a colour a tier. Drawn on a canvas: 10,000 boxes scroll. */
export function TraceFlame({ view, chosen, onSelect, tools }: Props) {
  const rows = useMemo(() => flameRows(view.nodes), [view])
  const [zoom, setZoom] = useState<FlameZoom>()
  const [hovered, setHovered] = useState<TraceNode>()
  const shown = zoom ?? { fromMs: view.startMs, toMs: view.endMs }
  const tiers = useMemo(() => view.summary.byTier.map((tier) => tier.name), [view])
  const colorOf = useMemo(() => tierColors(tiers), [tiers])
  useFlameKeys({ view, chosen, onSelect, onZoom: setZoom })
  const told = hovered ?? chosen
  return (
    <>
      <div className="trace-tools">
        {tools}
        {zoom && (
          <button type="button" className="button" onClick={() => setZoom(undefined)}>
            Whole trace
          </button>
        )}
        <TierLegend tiers={tiers} />
      </div>
      <FlameRuler {...shown} startMs={view.startMs} />
      <FlameCanvas
        rows={rows}
        shown={shown}
        chosen={chosen}
        hovered={hovered}
        colorOf={colorOf}
        onHover={setHovered}
        onSelect={(node) => onSelect(node.key)}
        onZoom={setZoom}
      />
      <p className="flame-told">{told ? describe(told) : 'Drag to zoom, click for details, arrows move.'}</p>
    </>
  )
}

interface Keys {
  readonly view: TraceView
  readonly chosen: TraceNode | undefined
  readonly onSelect: (key: string | undefined) => void
  readonly onZoom: (zoom: FlameZoom | undefined) => void
}

/** Up to the caller, down to the first callee, left and right along siblings; z zooms to the span, 0 to all. */
function useFlameKeys({ view, chosen, onSelect, onZoom }: Keys): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target))
        return
      if (event.key === '0') onZoom(undefined)
      else if (event.key === 'z' && chosen) onZoom(zoomTo(chosen))
      else {
        const next = neighbour(event.key, view, chosen)
        if (!next) return
        onSelect(next.key)
      }
      event.preventDefault()
    }
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [view, chosen, onSelect, onZoom])
}

function neighbour(key: string, view: TraceView, from: TraceNode | undefined): TraceNode | undefined {
  const steps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 }
  if (!from) return key.startsWith('Arrow') ? view.main : undefined
  if (key === 'ArrowUp') return from.parent
  if (key === 'ArrowDown') return from.children[0]
  const step = steps[key]
  if (step === undefined) return undefined
  const siblings = from.parent?.children ?? view.roots
  return siblings[siblings.indexOf(from) + step]
}

function describe(node: TraceNode): string {
  if (node.type === 'missing') return `span ${node.spanId} is not stored (yet)`
  const { span } = node
  const failed = span.status === 'error' ? ' · ✕ error' : ''
  return `${span.service} ${span.operation} · ${formatDuration(span.durationMs)} · own time ${formatDuration(selfTimeMs(node))}${failed}`
}
