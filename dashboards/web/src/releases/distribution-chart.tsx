import type { ReleaseComparison } from '@binnacle/collector/api/releases'
import { useEffect, useMemo, useRef, useState } from 'react'
import { formatDuration, formatPercent } from '../format.ts'
import { EmptyState } from '../parts/empty-state.tsx'
import { drawDistribution } from './distribution.ts'

const frame = { height: 220, left: 52, bottom: 22 }

/** How long the calls of both sides took, over each other; dashed: their p95. */
export function DistributionChart({ comparison }: { readonly comparison: ReleaseComparison }) {
  const { distribution, a, b, aspects } = comparison
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(600)
  useEffect(() => {
    const element = box.current
    if (!element) return
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const drawn = useMemo(() => drawDistribution(distribution, { ...frame, width }), [distribution, width])
  const p95 = aspects.find((one) => one.aspect === 'p95')
  const base = frame.height - frame.bottom
  return (
    <div ref={box} className="distribution">
      {distribution.length === 0 ? (
        <EmptyState title="No operation was called on both sides">
          Durations are compared where both sides were called for the same operation.
        </EmptyState>
      ) : (
        <>
          <svg
            width={width}
            height={frame.height}
            role="img"
            aria-label={`Distribution of durations of ${a.name} and ${b.name}; the table has p50, p95 and p99`}
          >
            {drawn.shareTicks.map(({ share, y }) => (
              <g key={share}>
                <line x1={frame.left} x2={width - 12} y1={y} y2={y} className="distribution-grid" />
                <text x={frame.left - 6} y={y + 4} textAnchor="end">
                  {formatPercent(share)}
                </text>
              </g>
            ))}
            {drawn.durationTicks.map(({ durationMs, x }) => (
              <text key={durationMs} x={x} y={frame.height - 6} textAnchor="middle">
                {formatDuration(durationMs)}
              </text>
            ))}
            <path d={drawn.a} className="distribution-a" />
            <path d={drawn.b} className="distribution-b" />
            {(['a', 'b'] as const).map((side) => {
              const value = p95?.[side]?.value
              if (value === undefined) return null
              const x = drawn.xOf(value)
              return <line key={side} x1={x} x2={x} y1={8} y2={base} className={`distribution-p95-${side}`} />
            })}
          </svg>
          <div className="chart-legend">
            {([a, b] as const).map((side, index) => (
              <span key={side.name} className="chart-key">
                <i style={{ background: `var(--series-${index + 1})` }} />
                {side.name} <b>{`p95 ${formatDuration(p95?.[index === 0 ? 'a' : 'b']?.value)}`}</b>
              </span>
            ))}
            <span>parts of the calls by duration, of the same mix of operations</span>
          </div>
        </>
      )}
    </div>
  )
}
