import type { OperationRow } from '@binnacle/collector/api/applications'
import { DataTable } from '../parts/data-table.tsx'
import { Spark } from '../parts/spark.tsx'
import type { TraceFilters } from '../traces/trace-filters.ts'
import { TracesLink } from '../traces/trace-links.tsx'
import { redColumns } from './red-columns.tsx'

interface Props {
  readonly application: string
  readonly operations: readonly OperationRow[]
}

export function OperationsTable({ application, operations }: Props) {
  const filtersOf = (row: OperationRow): TraceFilters => ({
    application,
    service: row.service,
    operation: row.operation,
  })
  return (
    <DataTable
      rows={operations}
      rowKey={(row) => `${row.service}\n${row.operation}\n${row.kind}`}
      columns={[
        {
          header: 'Operation',
          sort: (row) => row.operation,
          width: 'min(300px, 42vw)',
          cell: (row) => <TracesLink filters={filtersOf(row)}>{row.operation}</TracesLink>,
        },
        {
          header: 'Tier',
          sort: (row) => row.service,
          width: 150,
          cell: (row) => (
            <>
              {row.service}
              {row.kind !== 'server' && <span className="quiet"> {row.kind}</span>}
            </>
          ),
        },
        ...redColumns(filtersOf),
        { header: 'Calls over time', width: 110, cell: (row) => <Spark points={row.spark} /> },
        {
          header: 'Versions',
          width: 160,
          cell: (row) => (
            <span className="quiet" title={row.versions.join(', ')}>
              {row.versions.join(', ') || '–'}
            </span>
          ),
        },
      ]}
    />
  )
}
