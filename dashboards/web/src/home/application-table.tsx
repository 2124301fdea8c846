import type { ApplicationRow } from '@binnacle/collector/api/applications'
import { Link } from '@tanstack/react-router'
import { healthRank } from '../applications/health.ts'
import { HealthBadge } from '../applications/health-badge.tsx'
import { formatAgo, formatCount, formatDuration, formatPercent, formatRate } from '../format.ts'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { Spark } from '../parts/spark.tsx'
import { timeSearch } from '../search-params.ts'

const columns: readonly Column<ApplicationRow>[] = [
  {
    header: 'Application',
    sort: (row) => row.application,
    cell: (row) => (
      <Link to="/applications/$application" params={{ application: row.application }} search={timeSearch}>
        {row.application || 'no name'}
      </Link>
    ),
  },
  {
    header: 'Health',
    width: 190,
    hint: 'p95 and errors against the same hours of the last 30 days',
    sort: (row) => healthRank(row.red),
    cell: (row) => <HealthBadge red={row.red} />,
  },
  { header: 'Load', cell: (row) => <Spark points={row.spark} /> },
  {
    header: 'Calls',
    numeric: true,
    sort: (row) => row.red.callsPerMinute,
    cell: (row) => formatRate(row.red.callsPerMinute),
  },
  {
    header: 'p50',
    numeric: true,
    sort: (row) => row.red.p50Ms ?? -1,
    cell: (row) => formatDuration(row.red.p50Ms),
  },
  {
    header: 'p95',
    numeric: true,
    sort: (row) => row.red.p95Ms ?? -1,
    cell: (row) => formatDuration(row.red.p95Ms),
  },
  {
    header: 'Errors',
    numeric: true,
    sort: (row) => row.red.errorRatio ?? -1,
    cell: (row) => <Errors row={row} />,
  },
  { header: 'Tiers', numeric: true, sort: (row) => row.tiers, cell: (row) => formatCount(row.tiers) },
  { header: 'Nodes', numeric: true, sort: (row) => row.nodes, cell: (row) => formatCount(row.nodes) },
  {
    header: 'Last seen',
    numeric: true,
    sort: (row) => row.lastSeenMs,
    cell: (row) => formatAgo(row.lastSeenMs),
  },
]

export function ApplicationTable({ applications }: { readonly applications: readonly ApplicationRow[] }) {
  if (applications.length === 0) {
    return (
      <EmptyState title="No spans in this time range">
        Choose a longer time range, or send OpenTelemetry traces to the agent or to this service.
      </EmptyState>
    )
  }
  return <DataTable rows={applications} rowKey={(row) => row.application} columns={columns} />
}

function Errors({ row }: { readonly row: ApplicationRow }) {
  if (row.red.errors === 0) return <span className="quiet">0</span>
  return (
    <Link
      to="/traces"
      className="errors"
      search={(previous: Record<string, unknown>) => ({
        ...timeSearch(previous),
        application: row.application,
        status: 'error',
      })}
    >
      {`✕ ${formatPercent(row.red.errorRatio)}`}
    </Link>
  )
}
