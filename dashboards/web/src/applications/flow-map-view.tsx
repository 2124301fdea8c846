import type { FlowMap } from '@binnacle/collector/api/applications'
import { type PointerEvent, useEffect, useMemo, useRef, useState } from 'react'
import { edgeLabel } from './flow-label.ts'
import { layOutFlowMap } from './flow-layout.ts'
import { FlowMapDrawing } from './flow-map-drawing.tsx'
import './flow-map.css'

/** Smaller than this nothing can be read: a larger map scrolls instead. */
const scaleMin = 0.62
const scaleMax = 1.6
/** Room for a horizontal scroll bar. */
const scrollbarPx = 14
/** Narrower than this the map runs from top to bottom. */
const narrowPx = 560

interface Props {
  readonly map: FlowMap
  readonly height: number
  readonly selected: string | undefined
  readonly onSelect: (id: string) => void
}

/** The map fitted to its room; buttons zoom, dragging pans, a larger map scrolls. */
export function FlowMapView({ map, height, selected, onSelect }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  const [zoom, setZoom] = useState<number | undefined>(undefined)
  useEffect(() => {
    if (!box.current) return
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width))
    observer.observe(box.current)
    return () => observer.disconnect()
  }, [])
  const direction = width > 0 && width < narrowPx ? 'down' : 'right'
  const layout = useMemo(() => layOutFlowMap(map, { direction, labelOf: edgeLabel }), [map, direction])
  const fitted =
    direction === 'down' ? width / layout.width : Math.min(width / layout.width, height / layout.height)
  const scale = zoom ?? Math.min(1.1, Math.max(scaleMin, fitted))
  const zoomBy = (factor: number) => setZoom(Math.min(scaleMax, Math.max(0.3, scale * factor)))
  const pan = usePan(box)
  const entryX = layout.nodes.toSorted((a, b) => a.y - b.y)[0]?.x ?? 0
  useEffect(() => {
    // What does not fit starts at the callers, not at the left edge of a map that runs down.
    if (box.current && direction === 'down')
      box.current.scrollLeft = entryX * scale - box.current.clientWidth / 2
  }, [direction, entryX, scale])

  return (
    <div className="flow-frame">
      <div className="flow-zoom">
        <button type="button" aria-label="Zoom in" onClick={() => zoomBy(1.2)}>
          +
        </button>
        <button type="button" aria-label="Zoom out" onClick={() => zoomBy(1 / 1.2)}>
          −
        </button>
        <button type="button" aria-label="Fit" onClick={() => setZoom(undefined)}>
          ⤢
        </button>
      </div>
      <div
        ref={box}
        className="flow-map"
        style={{
          height: Math.min(layout.height * scale + scrollbarPx, direction === 'down' ? Infinity : height),
        }}
        {...pan}
      >
        {width > 0 && (
          <FlowMapDrawing
            layout={layout}
            direction={direction}
            scale={scale}
            selected={selected}
            onSelect={onSelect}
          />
        )}
      </div>
    </div>
  )
}

/** Dragging the ground with the mouse scrolls; touch scrolls by itself. */
function usePan(box: React.RefObject<HTMLDivElement | null>) {
  const last = useRef<{ x: number; y: number } | undefined>(undefined)
  return {
    onPointerDown(event: PointerEvent) {
      const onButton = event.target instanceof Element && event.target.closest('button') !== null
      if (event.pointerType === 'mouse' && !onButton) last.current = { x: event.clientX, y: event.clientY }
    },
    onPointerMove(event: PointerEvent) {
      if (!last.current || event.buttons !== 1) return
      box.current?.scrollBy(last.current.x - event.clientX, last.current.y - event.clientY)
      last.current = { x: event.clientX, y: event.clientY }
    },
    onPointerUp() {
      last.current = undefined
    },
  }
}
