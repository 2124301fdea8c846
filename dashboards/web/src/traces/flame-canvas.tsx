import { useEffect, useRef, useState } from 'react'
import { formatDuration, formatPlural } from '../format.ts'
import { useTheme } from '../parts/theme.ts'
import { drawFlame, flameRowHeight } from './flame-draw.ts'
import { boxAt, type FlameRows } from './flame-layout.ts'
import { rulerTicks } from './ruler.ts'
import type { TraceNode } from './trace-tree.ts'
import './flame.css'

/** The stretch of time that is shown. */
export interface FlameZoom {
  readonly fromMs: number
  readonly toMs: number
}

/** Shorter drags are clicks. */
const dragPxMin = 6

interface CanvasProps {
  readonly rows: FlameRows
  readonly shown: FlameZoom
  readonly chosen: TraceNode | undefined
  readonly hovered: TraceNode | undefined
  readonly colorOf: (node: TraceNode) => string
  readonly onHover: (node: TraceNode | undefined) => void
  readonly onSelect: (node: TraceNode) => void
  readonly onZoom: (zoom: FlameZoom) => void
}

export function FlameCanvas(props: CanvasProps) {
  const { rows, shown, chosen, hovered, colorOf } = props
  const scroller = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const pressedAt = useRef<number>(undefined)
  const [drag, setDrag] = useState<{ readonly left: number; readonly width: number }>()
  const draw = useRef(() => {})
  const theme = useTheme()
  const { fromMs, toMs } = shown

  // biome-ignore lint/correctness/useExhaustiveDependencies: a theme changes what the colours mean
  useEffect(() => {
    draw.current = () => {
      const [element, box] = [canvas.current, scroller.current]
      const context = element?.getContext('2d')
      if (!element || !box || !context) return
      const [width, height] = [box.clientWidth, box.clientHeight]
      const scale = devicePixelRatio
      if (element.width !== width * scale || element.height !== height * scale) {
        element.width = width * scale
        element.height = height * scale
      }
      context.setTransform(scale, 0, 0, scale, 0, 0)
      const style = getComputedStyle(element)
      const known = new Map<string, string>()
      const styleOf = (name: string) => {
        if (!known.has(name)) known.set(name, style.getPropertyValue(name).trim())
        return known.get(name) ?? ''
      }
      const window = { fromMs, toMs, top: box.scrollTop, width, height }
      drawFlame(context, rows, { window, colorOf, styleOf, chosen, hovered })
    }
    draw.current()
  }, [rows, fromMs, toMs, chosen, hovered, colorOf, theme])
  useEffect(() => {
    const box = scroller.current
    if (!box) return
    const observer = new ResizeObserver(() => draw.current())
    observer.observe(box)
    return () => observer.disconnect()
  }, [])
  useEffect(() => {
    const row = chosen ? rows.findIndex((boxes) => boxes.includes(chosen)) : -1
    const box = scroller.current
    if (row < 0 || !box) return
    const top = row * flameRowHeight
    if (top < box.scrollTop) box.scrollTop = top
    if (top + flameRowHeight > box.scrollTop + box.clientHeight)
      box.scrollTop = top + flameRowHeight - box.clientHeight
  }, [chosen, rows])

  const timeAt = (x: number) => fromMs + (x / (scroller.current?.clientWidth || 1)) * (toMs - fromMs)
  const nodeAt = (event: React.PointerEvent | React.MouseEvent) => {
    const box = scroller.current
    if (!box) return undefined
    const frame = box.getBoundingClientRect()
    const row = rows[Math.floor((event.clientY - frame.top + box.scrollTop) / flameRowHeight)]
    const slackMs = (2 * (toMs - fromMs)) / Math.max(box.clientWidth, 1)
    return row && boxAt(row, timeAt(event.clientX - frame.left), slackMs)
  }
  const xOf = (event: React.PointerEvent) =>
    event.clientX - (scroller.current?.getBoundingClientRect().left ?? 0)

  return (
    <div className="flame-frame">
      <canvas ref={canvas} />
      <div
        className="flame"
        ref={scroller}
        role="img"
        aria-label={`Flame graph of ${formatPlural(rows.flat().length, 'span')}; the waterfall has the same as a list`}
        onScroll={() => draw.current()}
        onPointerDown={(event) => {
          pressedAt.current = xOf(event)
        }}
        onPointerMove={(event) => {
          const from = pressedAt.current
          if (from === undefined || event.buttons !== 1) {
            const node = nodeAt(event)
            if (node !== hovered) props.onHover(node)
            return
          }
          const to = xOf(event)
          setDrag({ left: Math.min(from, to), width: Math.abs(to - from) })
        }}
        onPointerUp={(event) => {
          pressedAt.current = undefined
          setDrag(undefined)
          if (drag && drag.width >= dragPxMin) {
            props.onZoom({ fromMs: timeAt(drag.left), toMs: timeAt(drag.left + drag.width) })
            return
          }
          const node = nodeAt(event)
          if (node) props.onSelect(node)
        }}
        onPointerLeave={() => props.onHover(undefined)}
        onDoubleClick={(event) => {
          const node = nodeAt(event)
          if (node) props.onZoom(zoomTo(node))
        }}
      >
        <div style={{ height: rows.length * flameRowHeight }} />
      </div>
      {drag && drag.width >= dragPxMin && <i className="flame-drag" style={drag} />}
    </div>
  )
}

export function FlameRuler({ fromMs, toMs, startMs }: FlameZoom & { readonly startMs: number }) {
  const lengthMs = toMs - fromMs
  return (
    <div className="waterfall-ruler-scale flame-ruler" aria-hidden="true">
      {rulerTicks(lengthMs, 6)
        .filter((tickMs) => tickMs < 0.94 * lengthMs)
        .map((tickMs) => (
          <span key={tickMs} style={{ left: `${(100 * tickMs) / Math.max(lengthMs, 1e-6)}%` }}>
            {formatDuration(fromMs - startMs + tickMs)}
          </span>
        ))}
    </div>
  )
}

/** The span with a little room on both sides. */
export function zoomTo(node: TraceNode): FlameZoom {
  const marginMs = Math.max(0.02 * (node.endMs - node.startMs), 0.001)
  return { fromMs: node.startMs - marginMs, toMs: node.endMs + marginMs }
}
