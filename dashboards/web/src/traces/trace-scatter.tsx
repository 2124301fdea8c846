import type { TraceRow } from '@binnacle/collector/api/applications'
import { useEffect, useMemo, useRef, useState } from 'react'
import { formatDuration, formatTime } from '../format.ts'
import { scatterTraces } from './scatter.ts'

const height = 190

interface Props {
  readonly traces: readonly TraceRow[]
  readonly range: { readonly fromMs: number; readonly toMs: number }
  readonly onOpen: (trace: TraceRow) => void
}

/** Outliers at a glance. The list below holds the same traces for keyboard and screen reader. */
export function TraceScatter({ traces, range, onOpen }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(600)
  useEffect(() => {
    const element = box.current
    if (!element) return
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const scatter = useMemo(
    () => scatterTraces(traces, range, { width, height, left: 52, bottom: 22 }),
    [traces, range, width],
  )
  return (
    <div ref={box} className="trace-scatter">
      <svg
        width={width}
        height={height}
        role="img"
        aria-label="Traces by start and duration; the list below has the same"
      >
        {scatter.durationTicks.map(({ durationMs, y }) => (
          <g key={durationMs}>
            <line x1={52} x2={width - 8} y1={y} y2={y} className="scatter-grid" />
            <text x={46} y={y + 4} textAnchor="end">
              {formatDuration(durationMs)}
            </text>
          </g>
        ))}
        {scatter.timeTicks.map(({ timeMs, x }) => (
          <text key={timeMs} x={x} y={height - 6} textAnchor="middle">
            {formatTime(timeMs)}
          </text>
        ))}
        {scatter.dots.map(({ trace, x, y }) => (
          <a
            key={trace.traceId}
            href={`/traces/${trace.traceId}?aroundMs=${Math.round(trace.startMs)}`}
            className="scatter-dot"
            tabIndex={-1}
            onClick={(event) => {
              if (event.metaKey || event.ctrlKey || event.shiftKey) return
              event.preventDefault()
              onOpen(trace)
            }}
          >
            <title>{`${trace.rootOperation} · ${formatDuration(trace.durationMs)}${trace.errors > 0 ? ` · ${trace.errors} errors` : ''}`}</title>
            {trace.errors > 0 ? (
              <path d={`M${x - 4},${y - 4} l8,8 m0,-8 l-8,8`} className="scatter-failed" />
            ) : (
              <circle cx={x} cy={y} r={3.5} className="scatter-ok" />
            )}
          </a>
        ))}
      </svg>
    </div>
  )
}
