import type { Chart as ChartData, Marker } from '@binnacle/collector/api/common'
import { useEffect, useMemo, useRef, useState } from 'react'
import uPlot from 'uplot'
import { formatDateTime, formatValue } from '../format.ts'
import { useSetSearch } from '../url-state.ts'
import { besideText } from './chart-beside.ts'
import { chartOptions, lineColor } from './chart-options.ts'
import { type ChartKind, type ChartTone, chartData, seriesColors } from './chart-series.ts'
import { useTheme } from './theme.ts'
import 'uplot/dist/uPlot.min.css'
import './chart.css'

export interface ChartRange {
  readonly fromMs: number
  readonly toMs: number
}

interface Props {
  readonly chart: ChartData
  readonly kind?: ChartKind
  /** Colours by series name, for series that mean a state. */
  readonly colors?: Readonly<Record<string, string>>
  readonly tone?: ChartTone
  /** Of the same times: one series more, a line on an axis of its own at the right. */
  readonly line?: ChartData
  readonly markers?: readonly Marker[]
  readonly height?: number
  /** Opens the rows behind a point; the range is the point's step. */
  readonly onPoint?: (range: ChartRange) => void
  /** Dragging; without it the page's time range in the URL changes. */
  readonly onZoom?: (range: ChartRange) => void
}

const noMarkers: readonly Marker[] = []

/** Series over time. The cross-hair is shared by all charts of the page. */
export function Chart({
  chart,
  kind = 'lines',
  colors,
  tone,
  line,
  markers = noMarkers,
  height = 160,
  onPoint,
  onZoom,
}: Props) {
  const host = useRef<HTMLDivElement>(null)
  const setSearch = useSetSearch()
  const theme = useTheme()
  const [index, setIndex] = useState<number | null>(null)
  const prepared = useMemo(() => chartData(chart, kind), [chart, kind])
  const over = useMemo(() => line && chartData({ ...line, series: line.series.slice(0, 1) }, 'lines'), [line])
  const palette = seriesColors(prepared.names, { colors, tone })
  const paletteKey = palette.join()
  const isEmpty = prepared.values.every((values) =>
    values.every((value) => value === null || value === undefined),
  )
  const acts = useRef({ onPoint, onZoom, setSearch })
  acts.current = { onPoint, onZoom, setSearch }

  // biome-ignore lint/correctness/useExhaustiveDependencies: the palette is compared by value, a theme changes what its names mean
  useEffect(() => {
    const element = host.current
    if (!element) return
    const plot = new uPlot(
      chartOptions({
        prepared,
        over,
        kind,
        palette,
        markers,
        height,
        width: Math.max(element.clientWidth, 80),
        styleOf: (name) => getComputedStyle(element).getPropertyValue(name).trim(),
        onIndex: setIndex,
        onPoint: (range) => acts.current.onPoint?.(range),
        onZoom: (range) => {
          if (acts.current.onZoom) acts.current.onZoom(range)
          else
            acts.current.setSearch({
              from: String(Math.floor(range.fromMs)),
              to: String(Math.ceil(range.toMs)),
            })
        },
        clickable: acts.current.onPoint !== undefined,
      }),
      [...prepared.drawn, ...(over?.drawn.slice(1) ?? [])] as uPlot.AlignedData,
      element,
    )
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0 && element.clientWidth !== plot.width)
        plot.setSize({ width: element.clientWidth, height })
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      plot.destroy()
    }
  }, [prepared, over, kind, paletteKey, markers, height, theme])

  return (
    <div className="chart">
      <div ref={host} className={onPoint ? 'chart-plot chart-clickable' : 'chart-plot'} style={{ height }} />
      <div className="chart-legend">
        {isEmpty && <span className="quiet">nothing measured in this time</span>}
        {prepared.names.map((name, position) => (
          <span key={name} className="chart-key">
            <i style={{ background: `var(${palette[position]})` }} />
            {name}{' '}
            <b>
              {formatValue(
                index === null ? prepared.totals[position] : prepared.values[position]?.[index],
                prepared.unit,
              )}
            </b>
          </span>
        ))}
        {over && (
          <span className="chart-key">
            <i className="chart-key-line" style={{ background: `var(${lineColor})` }} />
            {over.names[0]}{' '}
            <b>{formatValue(index === null ? over.totals[0] : over.values[0]?.[index], over.unit)}</b>
          </span>
        )}
        {[...prepared.beside, ...(over?.beside ?? [])].map((beside) => (
          <span key={`${beside.name} ${beside.kind}`} className="chart-key">
            <i className={`chart-${beside.kind}`} />
            {besideText(beside, index)}
          </span>
        ))}
        {index !== null && (
          <MarkersAt markers={markers} timeMs={chart.timesMs[index] ?? 0} withinMs={chart.stepMs * 1.5} />
        )}
        {index !== null && <span className="chart-at">{formatDateTime(chart.timesMs[index])}</span>}
      </div>
    </div>
  )
}

interface MarkersAtProps {
  readonly markers: readonly Marker[]
  readonly timeMs: number
  readonly withinMs: number
}

/** What the vertical lines beside the cross-hair stand for. */
function MarkersAt({ markers, timeMs, withinMs }: MarkersAtProps) {
  return markers
    .filter((marker) => Math.abs(marker.timeMs - timeMs) <= withinMs)
    .map((marker) => (
      <span key={`${marker.timeMs} ${marker.title} ${marker.entity}`} className="chart-marker">
        {`${marker.kind}: ${marker.title}`}
      </span>
    ))
}
