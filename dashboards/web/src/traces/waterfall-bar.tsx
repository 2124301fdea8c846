import { formatDuration } from '../format.ts'
import { outlivesParent } from './trace-tree.ts'
import type { TraceView } from './trace-view.ts'
import type { WaterfallRow } from './waterfall.ts'

/** At most this many ticks are drawn in the bar of repeated spans. */
const ticksMax = 60

interface Props {
  readonly row: WaterfallRow
  readonly view: TraceView
}

/** When and how long, on the scale of the trace. The thick part is time on the critical path. */
export function WaterfallBar({ row, view }: Props) {
  const lengthMs = Math.max(view.endMs - view.startMs, 1e-6)
  const at = (timeMs: number) => (100 * (timeMs - view.startMs)) / lengthMs
  const startMs = row.type === 'repeated' ? -maxOf(row.nodes.map((node) => -node.startMs)) : row.node.startMs
  const endMs = row.type === 'repeated' ? maxOf(row.nodes.map((node) => node.endMs)) : row.node.endMs
  const left = at(startMs)
  const width = Math.max(at(endMs) - left, 0)
  // The label stands right of the bar, or left of it where the bar ends near the edge.
  const before = left + width > 78 && left > 22
  const inside = left + width > 78 && !before
  return (
    <div className="waterfall-time">
      <div className={barClass(row)} style={{ left: `${left}%`, width: `max(2px, ${width}%)` }} />
      {row.type === 'repeated'
        ? row.nodes.slice(0, ticksMax).map((node) => (
            <i
              key={node.key}
              className="waterfall-tick"
              style={{
                left: `${at(node.startMs)}%`,
                width: `max(1px, ${at(node.endMs) - at(node.startMs)}%)`,
              }}
            />
          ))
        : (view.critical.get(row.key) ?? []).map((stretch) => (
            <i
              key={stretch.startMs}
              className="waterfall-critical"
              style={{
                left: `${at(stretch.startMs)}%`,
                width: `max(1px, ${at(stretch.endMs) - at(stretch.startMs)}%)`,
              }}
            />
          ))}
      <span
        className={`waterfall-duration${inside ? ' waterfall-duration-inside' : ''}`}
        style={
          before ? { right: `${100 - left}%` } : inside ? { left: `${left}%` } : { left: `${left + width}%` }
        }
      >
        {durationText(row)}
      </span>
    </div>
  )
}

function durationText(row: WaterfallRow): string {
  if (row.type === 'repeated') {
    const totalMs = row.nodes.reduce((sum, node) => sum + node.endMs - node.startMs, 0)
    return `${formatDuration(totalMs)} in ${row.nodes.length}`
  }
  const { node } = row
  if (node.type === 'missing') return ''
  const late = outlivesParent(node) ? ' · after parent' : ''
  return `${formatDuration(node.span.durationMs)}${late}`
}

function barClass(row: WaterfallRow): string {
  if (row.type === 'repeated') return 'waterfall-bar waterfall-bar-repeated'
  if (row.node.type === 'missing') return 'waterfall-bar waterfall-bar-missing'
  return row.node.span.status === 'error' ? 'waterfall-bar waterfall-bar-failed' : 'waterfall-bar'
}

/** Math.max with spread overflows the stack on long lists. */
function maxOf(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
}
