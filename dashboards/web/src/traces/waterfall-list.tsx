import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef } from 'react'
import { formatDuration } from '../format.ts'
import { rulerTicks } from './ruler.ts'
import type { TraceNode } from './trace-tree.ts'
import type { TraceView } from './trace-view.ts'
import type { WaterfallRow } from './waterfall.ts'
import { WaterfallBar } from './waterfall-bar.tsx'

const rowHeight = 26

interface Props {
  readonly view: TraceView
  readonly rows: readonly WaterfallRow[]
  /** The row the keyboard stands on. */
  readonly activeIndex: number
  readonly onActivate: (index: number) => void
  readonly onToggle: (row: WaterfallRow) => void
  readonly onOpen: (row: WaterfallRow) => void
}

/** The rows of a trace under a ruler; only those in sight are in the page, so 10,000 scroll as smoothly as ten. */
export function WaterfallList({ view, rows, activeIndex, onActivate, onToggle, onOpen }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    getItemKey: (index) => rows[index]?.key ?? index,
  })
  useEffect(() => {
    if (activeIndex >= 0) virtualizer.scrollToIndex(activeIndex, { align: 'auto' })
  }, [activeIndex, virtualizer])

  return (
    <div className="waterfall" ref={scroller}>
      <WaterfallRuler view={view} />
      <div
        className="waterfall-rows"
        role="tree"
        aria-label="Spans of the trace"
        tabIndex={0}
        aria-activedescendant={activeIndex >= 0 ? rowId(activeIndex) : undefined}
        style={{ height: virtualizer.getTotalSize() }}
      >
        {virtualizer.getVirtualItems().map((item) => {
          const row = rows[item.index]
          if (!row) return null
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: useWaterfallKeys listens for the whole page
            <div
              key={item.key}
              id={rowId(item.index)}
              className="waterfall-row"
              role="treeitem"
              tabIndex={-1}
              aria-level={row.depth + 1}
              aria-expanded={row.fold === 'none' ? undefined : row.fold === 'open'}
              aria-selected={item.index === activeIndex}
              data-failed={errorsOf(row) > 0 || undefined}
              style={{ transform: `translateY(${item.start}px)`, height: rowHeight }}
              onClick={() => {
                onActivate(item.index)
                onOpen(row)
              }}
            >
              <RowName row={row} onToggle={() => onToggle(row)} />
              <WaterfallBar row={row} view={view} />
            </div>
          )
        })}
      </div>
    </div>
  )
}

function RowName({ row, onToggle }: { readonly row: WaterfallRow; readonly onToggle: () => void }) {
  return (
    <div className="waterfall-name" style={{ paddingLeft: Math.min(row.depth, 24) * 14 + 4 }}>
      {row.fold === 'none' ? (
        <span className="waterfall-fold" />
      ) : (
        <button
          type="button"
          className="waterfall-fold"
          tabIndex={-1}
          aria-label={row.fold === 'open' ? 'Fold' : 'Unfold'}
          onClick={(event) => {
            event.stopPropagation()
            onToggle()
          }}
        >
          {row.fold === 'open' ? '▾' : '▸'}
        </button>
      )}
      <RowLabel row={row} />
    </div>
  )
}

function RowLabel({ row }: { readonly row: WaterfallRow }) {
  if (row.type === 'repeated') {
    const [first] = row.nodes
    if (!first) return null
    return (
      <span className="waterfall-label" title={`${row.nodes.length} times ${first.span.operation}`}>
        <ErrorMark count={errorsOf(row)} />
        <Service node={first} />
        <span className="waterfall-operation">{first.span.operation}</span>
        <b className="waterfall-times">×{row.nodes.length}</b>
      </span>
    )
  }
  const { node } = row
  if (node.type === 'missing') {
    return (
      <span className="waterfall-label waterfall-missing" title={`span ${node.spanId} is not stored (yet)`}>
        parent span not stored (yet)
      </span>
    )
  }
  const hidden = row.fold === 'closed' ? node.spans - 1 : 0
  return (
    <span className="waterfall-label" title={`${node.span.service} ${node.span.operation}`}>
      <ErrorMark count={row.fold === 'closed' ? node.errors : Number(node.span.status === 'error')} />
      <Service node={node} />
      <span className="waterfall-operation">{node.span.operation}</span>
      {hidden > 0 && <span className="waterfall-hidden">+{hidden}</span>}
    </span>
  )
}

/** A tier's name stands out where the work enters it, and is quiet where it stays. */
function Service({ node }: { readonly node: TraceNode & { readonly type: 'span' } }) {
  const stays = node.parent?.type === 'span' && node.parent.span.service === node.span.service
  return (
    <span className={stays ? 'waterfall-service waterfall-service-stays' : 'waterfall-service'}>
      {node.span.service}
    </span>
  )
}

function ErrorMark({ count }: { readonly count: number }) {
  if (count === 0) return null
  return (
    <span className="waterfall-error" role="img" aria-label={count === 1 ? 'error' : `${count} errors`}>
      ✕
    </span>
  )
}

function WaterfallRuler({ view }: { readonly view: TraceView }) {
  const lengthMs = view.endMs - view.startMs
  return (
    <div className="waterfall-ruler" aria-hidden="true">
      <span className="waterfall-ruler-title">Service and operation</span>
      <div className="waterfall-ruler-scale">
        {rulerTicks(lengthMs, 5)
          .filter((tickMs) => tickMs < 0.9 * lengthMs || tickMs === 0)
          .map((tickMs) => (
            <span key={tickMs} style={{ left: `${lengthMs > 0 ? (100 * tickMs) / lengthMs : 0}%` }}>
              {tickMs === 0 ? '0' : formatDuration(tickMs)}
            </span>
          ))}
      </div>
    </div>
  )
}

const rowId = (index: number) => `span-row-${index}`

function errorsOf(row: WaterfallRow): number {
  if (row.type === 'repeated') return row.nodes.reduce((sum, node) => sum + node.errors, 0)
  if (row.node.type === 'missing') return 0
  return row.fold === 'closed' ? row.node.errors : Number(row.node.span.status === 'error')
}
