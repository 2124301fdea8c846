import type { Figure as FigureData } from '@binnacle/collector/api/clusters'
import { formatCount, formatValue } from '../format.ts'
import { Figure } from '../parts/figure.tsx'
import { timeSearch, withSearch } from '../search-params.ts'
import { useSearchParams } from '../url-state.ts'
import { clusterPath } from './cluster-frame.tsx'

interface Props {
  readonly clusterId: string
  readonly figure: FigureData
}

/** A figure of the API: quiet at zero, with its change over the range, leading to its rows. */
export function ApiFigure({ clusterId, figure }: Props) {
  const { value, outOf, tone } = figure
  const nothing = value === null || value === 0
  return (
    <Figure
      label={figure.label}
      value={
        <>
          {formatValue(value, figure.unit)}
          {outOf !== null && value !== null && <small>{` of ${formatCount(outOf)}`}</small>}
        </>
      }
      detail={changeOf(figure)}
      // A line that never moves says nothing.
      spark={new Set(figure.spark).size > 1 ? figure.spark : []}
      tone={tone === 'plain' ? 'plain' : nothing ? 'quiet' : tone}
      href={useRowsHref(clusterId)(figure.rows)}
    />
  )
}

/** Rows of the API as an address: in the time range and the namespaces of the page. */
export function useRowsHref(clusterId: string): (rows: string) => string {
  const search = useSearchParams()
  const { namespace } = search
  return (rows) =>
    withSearch(clusterPath(clusterId, rows), { ...timeSearch(search), ...(namespace ? { namespace } : {}) })
}

export function changeOf({ value, before, unit }: Pick<FigureData, 'value' | 'before' | 'unit'>): string {
  if (value === null || before === null) return ''
  if (value === before) return 'unchanged'
  return `${value > before ? '↑' : '↓'} before: ${formatValue(before, unit)}`
}
