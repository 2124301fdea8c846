import { type ReactNode, useEffect, useMemo, useState } from 'react'
import type { TraceNode } from './trace-tree.ts'
import { firstCause, nextFailed, type TraceView } from './trace-view.ts'
import { useWaterfallKeys } from './use-waterfall-keys.ts'
import {
  type Folding,
  foldToTiers,
  nothingFolded,
  reveal,
  rowIndexOf,
  toggleRow,
  type WaterfallRow,
  waterfallRows,
} from './waterfall.ts'
import { WaterfallList } from './waterfall-list.tsx'

interface Props {
  readonly view: TraceView
  /** The span whose details are open, from the URL. */
  readonly spanKey: string | undefined
  readonly onSelect: (spanKey: string | undefined) => void
  readonly tools: ReactNode
}

/** The waterfall with its tools. */
export function TraceWaterfall({ view, spanKey, onSelect, tools }: Props) {
  const chosen = spanKey === undefined ? undefined : view.byKey.get(spanKey)
  const [folding, setFolding] = useState<Folding>(() =>
    chosen ? reveal(nothingFolded, chosen) : nothingFolded,
  )
  const [activeKey, setActiveKey] = useState<string | undefined>(spanKey)
  const rows = useMemo(() => waterfallRows(view.roots, folding), [view, folding])
  const activeIndex = useMemo(() => indexOfKey(rows, activeKey, view), [rows, activeKey, view])

  useEffect(() => setActiveKey((key) => spanKey ?? key), [spanKey])
  const show = (node: TraceNode | undefined) => {
    if (!node) return
    setFolding((now) => reveal(now, node))
    setActiveKey(node.key)
    onSelect(node.key)
  }
  const activate = (index: number) => setActiveKey(rows[index]?.key)
  const toggle = (row: WaterfallRow) => setFolding((now) => toggleRow(now, row))
  const open = (row: WaterfallRow) => (row.type === 'repeated' ? toggle(row) : onSelect(row.key))
  const error = () => show(activeKey === undefined ? firstCause(view) : nextFailed(view, activeKey))
  useWaterfallKeys({
    rows,
    activeIndex,
    onActivate: activate,
    onToggle: toggle,
    onOpen: open,
    onNextError: error,
  })

  return (
    <>
      <div className="trace-tools">
        {tools}
        {view.failed.length > 0 && (
          <>
            <button type="button" className="button" onClick={() => show(firstCause(view))}>
              First cause
            </button>
            <button type="button" className="button" onClick={error}>
              Next error <kbd>e</kbd>
            </button>
          </>
        )}
        <button type="button" className="button" onClick={() => setFolding(foldToTiers(view.nodes))}>
          Fold to tiers
        </button>
        <button type="button" className="button" onClick={() => setFolding(nothingFolded)}>
          Unfold
        </button>
        <span className="trace-legend">
          <i className="legend-critical" /> critical path
        </span>
      </div>
      <WaterfallList
        view={view}
        rows={rows}
        activeIndex={activeIndex}
        onActivate={activate}
        onToggle={toggle}
        onOpen={open}
      />
    </>
  )
}

function indexOfKey(rows: readonly WaterfallRow[], key: string | undefined, view: TraceView): number {
  if (key === undefined) return -1
  const index = rows.findIndex((row) => row.key === key)
  if (index >= 0) return index
  const node = view.byKey.get(key)
  return node ? rowIndexOf(rows, node) : -1
}
