import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { timeSearch } from '../search-params.ts'
import { useSearchParams } from '../url-state.ts'
import { FlameCanvas, FlameRuler } from './flame-canvas.tsx'
import { flameRows } from './flame-layout.ts'
import { tierColors } from './tier-colors.ts'
import { TierLegend } from './tier-legend.tsx'
import type { TraceNode } from './trace-tree.ts'
import type { TraceView } from './trace-view.ts'

interface Side {
  readonly name: string
  readonly traceId: string
  readonly view: TraceView
}

/** Both flame graphs one above the other, from their starts, on the scale of the longer one. */
export function CompareFlames({ sides }: { readonly sides: readonly Side[] }) {
  const [zoom, setZoom] = useState<{ readonly fromMs: number; readonly toMs: number }>()
  const lengthMs = Math.max(...sides.map(({ view }) => view.endMs - view.startMs))
  const shown = zoom ?? { fromMs: 0, toMs: lengthMs }
  const tiers = useMemo(
    () => [...new Set(sides.flatMap(({ view }) => view.summary.byTier.map((tier) => tier.name)))],
    [sides],
  )
  const colorOf = useMemo(() => tierColors(tiers), [tiers])
  return (
    <div className="compare-flames">
      <div className="trace-tools">
        <span className="quiet">Drag to zoom both.</span>
        {zoom && (
          <button type="button" className="button" onClick={() => setZoom(undefined)}>
            Whole traces
          </button>
        )}
        <TierLegend tiers={tiers} />
      </div>
      <FlameRuler {...shown} startMs={0} />
      {sides.map((side) => (
        <OneFlame key={side.name} side={side} shown={shown} colorOf={colorOf} onZoom={setZoom} />
      ))}
    </div>
  )
}

interface OneProps {
  readonly side: Side
  readonly shown: { readonly fromMs: number; readonly toMs: number }
  readonly colorOf: (node: TraceNode) => string
  readonly onZoom: (zoom: { fromMs: number; toMs: number }) => void
}

function OneFlame({ side, shown, colorOf, onZoom }: OneProps) {
  const { view, traceId, name } = side
  const rows = useMemo(() => flameRows(view.nodes), [view])
  const [hovered, setHovered] = useState<TraceNode>()
  const navigate = useNavigate()
  const search = useSearchParams()
  const open = (node: TraceNode) =>
    navigate({
      to: '/traces/$traceId',
      params: { traceId },
      search: { ...timeSearch(search), aroundMs: String(Math.round(view.startMs)), span: node.key },
    })
  return (
    <section aria-label={name} className="compare-flame">
      <h3>{name}</h3>
      <FlameCanvas
        rows={rows}
        shown={{ fromMs: view.startMs + shown.fromMs, toMs: view.startMs + shown.toMs }}
        chosen={undefined}
        hovered={hovered}
        colorOf={colorOf}
        onHover={setHovered}
        onSelect={open}
        onZoom={({ fromMs, toMs }) => onZoom({ fromMs: fromMs - view.startMs, toMs: toMs - view.startMs })}
      />
    </section>
  )
}
