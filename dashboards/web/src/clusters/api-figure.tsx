import type { Figure as FigureData } from '@binnacle/collector/api/clusters'
import { formatValue } from '../format.ts'
import { Figure } from '../parts/figure.tsx'
import { timeSearch, withSearch } from '../search-params.ts'
import { useSearchParams } from '../url-state.ts'
import { clusterPath } from './cluster-frame.tsx'

interface Props {
  readonly clusterId: string
  readonly label: string
  readonly figure: FigureData
  /** What it means where it is not zero. */
  readonly tone?: 'warn' | 'bad'
}

/** A figure of the API: quiet at zero, with its change over the range, leading to its rows. */
export function ApiFigure({ clusterId, label, figure, tone }: Props) {
  const search = useSearchParams()
  const nothing = figure.value === null || figure.value === 0
  return (
    <Figure
      label={label}
      value={formatValue(figure.value, figure.unit)}
      detail={changeOf(figure)}
      spark={figure.spark}
      tone={nothing && tone ? 'quiet' : nothing ? 'plain' : (tone ?? 'plain')}
      href={withSearch(clusterPath(clusterId, figure.rows), timeSearch(search))}
    />
  )
}

export function changeOf({ value, before, unit }: FigureData): string {
  if (value === null || before === null) return ''
  if (value === before) return 'unchanged'
  return `${value > before ? '↑' : '↓'} before: ${formatValue(before, unit)}`
}
