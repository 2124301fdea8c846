import type { Marker } from '@binnacle/collector/api/common'
import uPlot from 'uplot'
import { formatValue } from '../format.ts'
import { axisSplits } from './axis-splits.ts'
import { topBeside } from './chart-beside.ts'
import { type ChartKind, type ChartSeries, lonePoints } from './chart-series.ts'
import { drawBeside } from './draw-beside.ts'

interface Wishes {
  readonly prepared: ChartSeries
  /** A series of one line with an axis of its own. */
  readonly over: ChartSeries | undefined
  readonly kind: ChartKind
  readonly palette: readonly string[]
  readonly markers: readonly Marker[]
  readonly width: number
  readonly height: number
  readonly clickable: boolean
  readonly styleOf: (customProperty: string) => string
  readonly onIndex: (index: number | null) => void
  readonly onPoint: (range: { fromMs: number; toMs: number }) => void
  readonly onZoom: (range: { fromMs: number; toMs: number }) => void
}

/** Shorter drags are clicks. */
const dragPxMin = 8
export const lineColor = '--text'
/** All charts of a page share one cross-hair. */
const syncKey = 'page'

export function chartOptions(wishes: Wishes): uPlot.Options {
  const { prepared, over, kind, styleOf } = wishes
  const text = styleOf('--text-quiet')
  const grid = { stroke: styleOf('--line'), width: 1 }
  const axis = { stroke: text, font: '11px system-ui, sans-serif', ticks: { show: false }, grid }
  const stacked = kind === 'stacked' || (kind === 'bars' && prepared.names.length > 1)
  const order = prepared.names.map((_, index) => index)
  return {
    width: wishes.width,
    height: wishes.height,
    // Half a label of the time axis stands beyond its end.
    padding: [8, over ? 0 : 18, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: !stacked, size: 6 },
      drag: { x: true, y: false, setScale: false, dist: dragPxMin },
      sync: { key: syncKey, setSeries: false },
    },
    scales: {
      // A bar stands to the right of the begin of its step: the last one, too, has room.
      x: {
        time: true,
        ...(kind === 'bars' ? { range: (_plot, min, max) => [min, max + prepared.stepMs / 1000] } : {}),
      },
      y: { range: (_plot, _min, max) => [0, topOf(prepared, max)] },
      ...(over ? { over: { range: (_plot, _min, max) => [0, topOf(over, max)] } } : {}),
    },
    axes: [
      { ...axis, grid: { show: false }, size: 24, space: 72, values: timeLabels },
      { ...axis, ...valueLabels(prepared.unit) },
      ...(over
        ? [{ ...axis, ...valueLabels(over.unit), scale: 'over', side: 1 as const, grid: { show: false } }]
        : []),
    ],
    series: [
      {},
      ...order.map((index) => seriesOf(wishes, index)),
      ...(over ? [lineOf(over, styleOf(lineColor))] : []),
    ],
    bands: stacked ? order.slice(1).map((index) => ({ series: [index + 1, index] as [number, number] })) : [],
    hooks: {
      setCursor: [(plot) => wishes.onIndex(plot.cursor.idx ?? null)],
      setSelect: [(plot) => zoom(plot, wishes)],
      drawAxes: [
        (plot) => {
          drawBeside(plot, { beside: prepared.beside, color: text, scale: 'y' })
          if (over) drawBeside(plot, { beside: over.beside, color: text, scale: 'over' })
        },
      ],
      draw: [(plot) => drawMarkers(plot, wishes)],
      ready: [(plot) => listenForClicks(plot, wishes)],
    },
  }
}

function seriesOf({ prepared, kind, palette, styleOf }: Wishes, index: number): uPlot.Series {
  const stroke = styleOf(palette[index] ?? '--series-1')
  const bars = uPlot.paths.bars?.({ size: [0.8, 24], align: 1, gap: 1 })
  const stepped = uPlot.paths.linear?.()
  const filled = kind !== 'lines'
  const paths = kind === 'bars' ? bars : stepped
  return {
    label: prepared.names[index] ?? '',
    stroke,
    width: kind === 'bars' ? 0 : 1.5,
    ...(filled ? { fill: kind === 'area' ? `${stroke}33` : kind === 'bars' ? stroke : `${stroke}66` } : {}),
    ...(paths ? { paths } : {}),
    // What has no neighbour is no line.
    points:
      kind === 'bars'
        ? { show: false }
        : {
            show: true,
            size: 5,
            fill: stroke,
            filter: (plot, series) => lonePoints(plot.data[series] ?? []),
          },
  }
}

function lineOf(over: ChartSeries, stroke: string): uPlot.Series {
  return {
    label: over.names[0] ?? '',
    scale: 'over',
    stroke,
    width: 1.5,
    points: {
      show: true,
      size: 4,
      fill: stroke,
      filter: (plot, series) => lonePoints(plot.data[series] ?? []),
    },
  }
}

function valueLabels(unit: string): Pick<uPlot.Axis, 'size' | 'splits' | 'values'> {
  return {
    size: 62,
    splits: (_plot, _axis, min, max) => axisSplits(min, max, unit),
    values: (_plot, splits) => splits.map((value) => (value === 0 ? '0' : formatValue(value, unit))),
  }
}

function topOf({ beside, unit }: ChartSeries, highest: number | null): number {
  const max = topBeside(beside, highest ?? 0)
  if (max <= 0) return unit === '%' ? 100 : 1
  return max * 1.08
}

function zoom(plot: uPlot, { onZoom }: Wishes): void {
  const { left, width } = plot.select
  if (width < dragPxMin) return
  const fromMs = plot.posToVal(left, 'x') * 1000
  const toMs = plot.posToVal(left + width, 'x') * 1000
  plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false)
  onZoom({ fromMs, toMs })
}

function listenForClicks(plot: uPlot, { prepared, clickable, onPoint }: Wishes): void {
  if (!clickable) return
  let downX = 0
  plot.over.addEventListener('mousedown', (event) => {
    downX = event.clientX
  })
  plot.over.addEventListener('click', (event) => {
    const seconds =
      plot.cursor.idx === null || plot.cursor.idx === undefined ? undefined : plot.data[0][plot.cursor.idx]
    if (seconds === undefined || Math.abs(event.clientX - downX) >= dragPxMin) return
    onPoint({ fromMs: seconds * 1000, toMs: seconds * 1000 + prepared.stepMs })
  })
}

const markerColors: Readonly<Record<string, string>> = { violation: '--bad', rollout: '--accent' }

function drawMarkers(plot: uPlot, { markers, styleOf }: Wishes): void {
  const { ctx, bbox } = plot
  ctx.save()
  for (const marker of markers) {
    const x = Math.round(plot.valToPos(marker.timeMs / 1000, 'x', true)) + 0.5
    if (x < bbox.left || x > bbox.left + bbox.width) continue
    ctx.strokeStyle = styleOf(markerColors[marker.kind] ?? '--line-strong')
    ctx.lineWidth = devicePixelRatio
    ctx.beginPath()
    ctx.moveTo(x, bbox.top)
    ctx.lineTo(x, bbox.top + bbox.height)
    ctx.stroke()
  }
  ctx.restore()
}

function timeLabels(
  _plot: uPlot,
  splits: number[],
  _axis: number,
  _space: number,
  stepSeconds: number,
): string[] {
  return splits.map((seconds) => {
    const date = new Date(seconds * 1000)
    const two = (value: number) => String(value).padStart(2, '0')
    if (
      stepSeconds >= 86_400 ||
      (date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0)
    ) {
      return `${two(date.getMonth() + 1)}-${two(date.getDate())}`
    }
    const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`
    return stepSeconds < 60 ? `${minutes}:${two(date.getSeconds())}` : minutes
  })
}
