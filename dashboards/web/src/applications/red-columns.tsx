import type { Red } from '@binnacle/collector/api/applications'
import { formatDuration, formatPercent, formatRate } from '../format.ts'
import type { Column } from '../parts/data-table.tsx'
import type { TraceFilters } from '../traces/trace-filters.ts'
import { TracesLink } from '../traces/trace-links.tsx'
import { Deviation } from './deviation.tsx'

/** Calls, mean, p95 and errors of a row; each number leads to the traces behind it. */
export function redColumns<Row extends { readonly red: Red }>(
  filtersOf: (row: Row) => TraceFilters,
): Column<Row>[] {
  return [
    {
      header: 'Calls',
      width: 90,
      numeric: true,
      sort: (row) => row.red.callsPerMinute,
      cell: (row) => <TracesLink filters={filtersOf(row)}>{formatRate(row.red.callsPerMinute)}</TracesLink>,
    },
    {
      header: 'Mean',
      width: 90,
      numeric: true,
      sort: (row) => row.red.meanMs ?? -1,
      cell: (row) => formatDuration(row.red.meanMs),
    },
    {
      header: 'p95',
      width: 90,
      numeric: true,
      sort: (row) => row.red.p95Ms ?? -1,
      cell: (row) =>
        row.red.p95Ms === null ? (
          '–'
        ) : (
          <TracesLink filters={{ ...filtersOf(row), sort: 'slowest' }}>
            {formatDuration(row.red.p95Ms)}
          </TracesLink>
        ),
    },
    {
      header: 'vs usual',
      width: 84,
      numeric: true,
      hint: 'p95 against its baseline: how many σ, or per cent, above or below',
      sort: (row) =>
        row.red.usual?.p95Ms.deviation ?? row.red.usual?.p95Ms.change ?? Number.NEGATIVE_INFINITY,
      cell: (row) => <Deviation usual={row.red.usual?.p95Ms} />,
    },
    {
      header: 'Errors',
      width: 150,
      numeric: true,
      sort: (row) => row.red.errorsPerMinute,
      cell: (row) => <Errors red={row.red} filters={filtersOf(row)} />,
    },
  ]
}

/** The same of calls without a baseline. */
export function callColumns<Row extends { readonly red: Red }>(
  filtersOf: (row: Row) => TraceFilters,
): Column<Row>[] {
  return redColumns(filtersOf).filter(({ header }) => header !== 'vs usual')
}

/** Errors per minute and their share; zero is quiet. */
export function Errors({ red, filters }: { readonly red: Red; readonly filters: TraceFilters }) {
  if (red.errors === 0) return <span className="quiet">0</span>
  return (
    <TracesLink filters={{ ...filters, status: 'error' }} className="errors">
      {`✕ ${formatRate(red.errorsPerMinute)} · ${formatPercent(red.errorRatio)}`}
    </TracesLink>
  )
}
