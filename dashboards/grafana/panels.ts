import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeSeriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import { ClickHouseTarget, clickHouseSource } from './clickhouse-target.ts'

export interface PanelText {
  readonly title: string
  readonly description?: string
  readonly sql: string
  /** Of 24 columns. */
  readonly width: number
  readonly height?: number
}

/** Counts per step are bars from zero, levels and durations are lines. */
export function chartPanel(
  text: PanelText & {
    readonly unit: string
    readonly draw: 'lines' | 'bars'
    /** Rollups have minutes. */
    readonly minStep?: '30s' | '1m' | '1h'
  },
): TimeSeriesBuilder {
  const panel = new TimeSeriesBuilder()
    .title(text.title)
    .description(text.description ?? '')
    .datasource(clickHouseSource)
    .withTarget(new ClickHouseTarget(text.sql, 'timeseries'))
    .interval(text.minStep ?? '30s')
    .unit(text.unit)
    .min(0)
    .span(text.width)
    .height(text.height ?? 8)
    .legend(
      new VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .calcs([]),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
  if (text.draw === 'lines') return panel.drawStyle(GraphDrawStyle.Line).lineWidth(2).fillOpacity(5)
  return panel
    .drawStyle(GraphDrawStyle.Bars)
    .lineWidth(1)
    .fillOpacity(70)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
}

/** One figure a column of the single row that the query returns. */
export function figuresPanel(text: PanelText & { readonly unit: string }): StatBuilder {
  return new StatBuilder()
    .title(text.title)
    .description(text.description ?? '')
    .datasource(clickHouseSource)
    .withTarget(new ClickHouseTarget(text.sql, 'table'))
    .unit(text.unit)
    .span(text.width)
    .height(text.height ?? 4)
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.None)
    .noValue('–')
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('/.*/').values(false))
}

export function tablePanel(
  text: PanelText & { readonly units?: Readonly<Record<string, string>> },
): TableBuilder {
  const panel = new TableBuilder()
    .title(text.title)
    .description(text.description ?? '')
    .datasource(clickHouseSource)
    .withTarget(new ClickHouseTarget(text.sql, 'table'))
    .span(text.width)
    .height(text.height ?? 9)
  for (const [column, unit] of Object.entries(text.units ?? {})) {
    panel.overrideByName(column, [{ id: 'unit', value: unit }])
  }
  return panel
}
