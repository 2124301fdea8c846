import type { TransactionRow } from '@binnacle/collector/api/transactions'
import { Deviation } from '../applications/deviation.tsx'
import { formatAgo, formatDuration, formatPercent, formatRate, missing } from '../format.ts'
import { ClassBar } from '../parts/class-bar.tsx'
import { useShownColumns } from '../parts/column-picker.tsx'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { Spark } from '../parts/spark.tsx'
import { TracesLink } from '../traces/trace-links.tsx'
import { SnapshotsLink } from './snapshots-link.tsx'
import { TransactionLink } from './transaction-links.tsx'

interface Props {
  readonly application: string
  readonly transactions: readonly TransactionRow[]
}

export function TransactionTable({ application, transactions }: Props) {
  const columns = useShownColumns(transactionColumns(application))
  return (
    <DataTable
      key={columns.length}
      rows={transactions}
      rowKey={(row) => `${row.service}\n${row.transaction}`}
      columns={columns}
    />
  )
}

export function transactionColumns(application: string): readonly Column<TransactionRow>[] {
  const of = (row: TransactionRow) => ({ tier: row.service, transaction: row.transaction })
  return [
    {
      header: 'Transaction',
      width: 'min(320px, 44vw)',
      sort: (row) => row.transaction,
      cell: (row) => (
        <>
          <TransactionLink application={application} service={row.service} transaction={row.transaction}>
            <span title={row.transaction}>{row.transaction}</span>
          </TransactionLink>
          {row.isNew && (
            <span className="new-flag" title={`First seen ${formatAgo(row.firstSeenMs)}`}>
              new
            </span>
          )}
        </>
      ),
    },
    { header: 'Tier', width: 130, sort: (row) => row.service, cell: (row) => row.service },
    {
      header: 'Calls',
      width: 90,
      numeric: true,
      sort: (row) => row.red.callsPerMinute,
      cell: (row) => (
        <TracesLink filters={{ application, entry: row.service, transaction: row.transaction }}>
          {formatRate(row.red.callsPerMinute)}
        </TracesLink>
      ),
    },
    {
      header: 'Mean',
      width: 84,
      numeric: true,
      sort: (row) => row.red.meanMs ?? -1,
      cell: (row) => formatDuration(row.red.meanMs),
    },
    {
      header: 'p95',
      width: 84,
      numeric: true,
      sort: (row) => row.red.p95Ms ?? -1,
      cell: (row) =>
        row.red.p95Ms === null ? (
          missing
        ) : (
          <SnapshotsLink application={application} filters={{ ...of(row), sort: 'slowest' }}>
            {formatDuration(row.red.p95Ms)}
          </SnapshotsLink>
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
      width: 140,
      numeric: true,
      sort: (row) => row.red.errorsPerMinute,
      cell: (row) =>
        row.red.errors === 0 ? (
          <span className="quiet">0</span>
        ) : (
          <SnapshotsLink
            application={application}
            filters={{ ...of(row), reason: 'error' }}
            className="errors"
          >
            {`✕ ${formatRate(row.red.errorsPerMinute)} · ${formatPercent(row.red.errorRatio)}`}
          </SnapshotsLink>
        ),
    },
    {
      header: 'Classes',
      width: 120,
      hint: 'Calls that were normal, slow, very slow, stalled, failed',
      sort: ({ classes, red }) => (red.calls === 0 ? 0 : 1 - classes.normal / red.calls),
      cell: (row) => <ClassBar classes={row.classes} />,
    },
    {
      header: 'Time',
      width: 90,
      numeric: true,
      hint: 'Calls times mean: what the application spends on it, of every second',
      sort: (row) => timePerSecondMs(row),
      cell: (row) => `${formatDuration(timePerSecondMs(row))}/s`,
    },
    { header: 'Calls over time', width: 100, cell: (row) => <Spark points={row.spark} /> },
    {
      header: 'Versions',
      width: 110,
      cell: (row) => (
        <span className="quiet" title={row.versions.join(', ')}>
          {row.versions.join(', ') || missing}
        </span>
      ),
    },
    {
      header: 'First seen',
      width: 100,
      numeric: true,
      sort: (row) => row.firstSeenMs ?? Number.MAX_SAFE_INTEGER,
      cell: (row) => (row.firstSeenMs === null ? 'just now' : formatAgo(row.firstSeenMs)),
    },
  ]
}

function timePerSecondMs({ red }: TransactionRow): number {
  return (red.callsPerMinute * (red.meanMs ?? 0)) / 60
}
