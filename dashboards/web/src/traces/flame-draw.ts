import { type FlameRows, firstEndingAfter } from './flame-layout.ts'
import type { TraceNode } from './trace-tree.ts'

export const flameRowHeight = 20

export interface FlameWindow {
  readonly fromMs: number
  readonly toMs: number
  /** Pixels that are scrolled away above. */
  readonly top: number
  readonly width: number
  readonly height: number
}

export interface FlamePaint {
  readonly window: FlameWindow
  /** Custom property by tier. */
  readonly colorOf: (node: TraceNode) => string
  readonly styleOf: (customProperty: string) => string
  readonly chosen: TraceNode | undefined
  readonly hovered: TraceNode | undefined
}

/** Narrower boxes have no text. */
const textPxMin = 40

/** Draws what of the rows is in sight; of boxes within one pixel, the first, and every failed one. */
export function drawFlame(context: CanvasRenderingContext2D, rows: FlameRows, paint: FlamePaint): void {
  const { window, styleOf } = paint
  context.clearRect(0, 0, window.width, window.height)
  context.font = '12px system-ui, sans-serif'
  context.textBaseline = 'middle'
  const first = Math.max(0, Math.floor(window.top / flameRowHeight))
  const last = Math.min(rows.length - 1, Math.floor((window.top + window.height) / flameRowHeight))
  const [text, bad, accent] = [styleOf('--text'), styleOf('--bad'), styleOf('--accent')]
  for (let row = first; row <= last; row++) {
    const boxes = rows[row] ?? []
    const y = row * flameRowHeight - window.top
    let drawnTo = Number.NEGATIVE_INFINITY
    for (let index = firstEndingAfter(boxes, window.fromMs); index < boxes.length; index++) {
      const node = boxes[index]
      if (!node || node.startMs > window.toMs) break
      const left = Math.max(xOf(node.startMs, window), 0)
      const right = Math.min(Math.max(xOf(node.endMs, window), left + 1), window.width)
      const failed = node.type === 'span' && node.span.status === 'error'
      const marked = node === paint.chosen || node === paint.hovered
      if (right - drawnTo < 1 && !failed && !marked) continue
      drawnTo = right
      context.globalAlpha = node.type === 'missing' ? 0.15 : 0.4
      context.fillStyle = styleOf(paint.colorOf(node))
      context.fillRect(left, y + 1, Math.max(right - left - 0.5, 1), flameRowHeight - 2)
      context.globalAlpha = 1
      if (failed) {
        context.fillStyle = bad
        context.fillRect(left, y + 1, 3, flameRowHeight - 2)
      }
      if (marked) {
        context.strokeStyle = node === paint.chosen ? accent : text
        context.lineWidth = node === paint.chosen ? 2 : 1
        context.strokeRect(left + 0.5, y + 1.5, Math.max(right - left - 1, 2), flameRowHeight - 3)
      }
      if (right - left >= textPxMin) {
        context.fillStyle = text
        context.fillText(
          cut(context, nameOf(node, failed), right - left - 10),
          left + 6,
          y + flameRowHeight / 2,
        )
      }
    }
  }
}

function xOf(timeMs: number, { fromMs, toMs, width }: FlameWindow): number {
  return ((timeMs - fromMs) / Math.max(toMs - fromMs, 1e-6)) * width
}

function nameOf(node: TraceNode, failed: boolean): string {
  if (node.type === 'missing') return 'not stored (yet)'
  const entered = node.parent?.type !== 'span' || node.parent.span.service !== node.span.service
  return `${failed ? '✕ ' : ''}${entered ? `${node.span.service} ` : ''}${node.span.operation}`
}

/** As much of the text as fits; half a glyph is cut by estimate, measuring each length would cost more than drawing. */
function cut(context: CanvasRenderingContext2D, text: string, width: number): string {
  const whole = context.measureText(text).width
  if (whole <= width) return text
  return `${text.slice(0, Math.max(0, Math.floor((0.92 * text.length * width) / whole) - 1))}…`
}
