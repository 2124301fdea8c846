import type { ReleaseComparison } from '@binnacle/collector/api/releases'
import { formatCount, formatDateTime } from '../format.ts'
import { DataTable } from '../parts/data-table.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { TraceLink } from '../traces/trace-links.tsx'

/** Exceptions of both sides, new ones first, each with a trace that shows it. */
export function ExceptionComparison({ comparison }: { readonly comparison: ReleaseComparison }) {
  const { a, b, exceptions } = comparison
  if (exceptions.length === 0)
    return (
      <EmptyState title="Neither side recorded an exception">
        Exceptions are span events named <code>exception</code>, as OpenTelemetry's SDKs record them.
      </EmptyState>
    )
  return (
    <DataTable
      rows={exceptions}
      rowKey={(row) => row.group}
      columns={[
        {
          header: 'Exception',
          width: 'min(520px, 60vw)',
          cell: (row) => (
            <TraceLink traceId={row.sampleTraceId} aroundMs={row.lastMs}>
              <b>{row.type || 'without a type'}</b> {row.message}
            </TraceLink>
          ),
        },
        {
          header: 'Seen before',
          cell: (row) =>
            row.isNew ? <StatusBadge state="warning">new</StatusBadge> : <span className="quiet">known</span>,
        },
        {
          header: a.name,
          numeric: true,
          sort: (row) => row.a,
          cell: (row) => formatCount(Math.round(row.a)),
        },
        {
          header: b.name,
          numeric: true,
          sort: (row) => row.b,
          cell: (row) => formatCount(Math.round(row.b)),
        },
        {
          header: 'First here',
          numeric: true,
          sort: (row) => row.firstMs,
          cell: (row) => formatDateTime(row.firstMs),
        },
        {
          header: 'Last',
          numeric: true,
          sort: (row) => row.lastMs,
          cell: (row) => formatDateTime(row.lastMs),
        },
      ]}
    />
  )
}
