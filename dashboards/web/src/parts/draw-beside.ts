import type uPlot from 'uplot'
import { type Beside, runsOf, type Values } from './chart-beside.ts'

interface Pen {
  readonly color: string
  readonly beside: readonly Beside[]
  readonly scale: 'y' | 'over'
}

/** Below the series: the band with its middle, or the line of the period before. */
export function drawBeside(plot: uPlot, { color, beside, scale }: Pen): void {
  const { ctx, bbox } = plot
  const lineTo = (index: number, values: Values) =>
    ctx.lineTo(
      plot.valToPos(plot.data[0][index] ?? 0, 'x', true),
      plot.valToPos(values[index] ?? 0, scale, true),
    )
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  ctx.strokeStyle = color
  ctx.fillStyle = `${color}2b`
  ctx.lineWidth = devicePixelRatio
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio])
  for (const { kind, center, lower, upper } of beside) {
    if (kind === 'band')
      for (const [first, last] of runsOf(upper)) {
        ctx.beginPath()
        for (let index = first; index <= last; index++) lineTo(index, upper)
        for (let index = last; index >= first; index--) lineTo(index, lower)
        ctx.fill()
      }
    for (const [first, last] of runsOf(center)) {
      ctx.beginPath()
      for (let index = first; index <= last; index++) lineTo(index, center)
      ctx.stroke()
    }
  }
  ctx.restore()
}
