import type { TransactionList, TransactionRow } from '@binnacle/collector/api/transactions'
import { useApi } from '../api.ts'
import { matchesText } from '../calls/open-row.ts'
import { formatDuration, formatPercent, formatRate } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { SnapshotsLink } from '../transactions/snapshots-link.tsx'
import { TransactionLink } from '../transactions/transaction-links.tsx'
import { useSearchParams, useTimeRange } from '../url-state.ts'

/** Business transactions that failed at all, those that failed the most first. */
export function FailedTransactions({ application }: { readonly application: string }) {
  const { from, to } = useTimeRange()
  const { q } = useSearchParams()
  const answer = useApi<TransactionList>(`/applications/${encodeURIComponent(application)}/transactions`, {
    from,
    to,
    sort: 'errors',
    limit: 500,
  })
  return (
    <AnswerView answer={answer} height={200}>
      {({ transactions }) => {
        const rows = transactions.filter(
          (row) => row.red.errors > 0 && matchesText(q, [row.transaction, row.service, ...row.versions]),
        )
        return rows.length === 0 ? (
          <EmptyState title="No transaction failed in this time range">
            A transaction fails when the span with which it enters the application has the status error.
          </EmptyState>
        ) : (
          <Rows application={application} rows={rows} />
        )
      }}
    </AnswerView>
  )
}

function Rows({
  application,
  rows,
}: {
  readonly application: string
  readonly rows: readonly TransactionRow[]
}) {
  return (
    <DataTable
      rows={rows}
      rowKey={(row) => `${row.service}\n${row.transaction}`}
      columns={[
        {
          header: 'Transaction',
          width: 'min(340px, 46vw)',
          sort: (row) => row.transaction,
          cell: (row) => (
            <TransactionLink application={application} service={row.service} transaction={row.transaction}>
              {row.transaction}
            </TransactionLink>
          ),
        },
        { header: 'Tier', width: 150, sort: (row) => row.service, cell: (row) => row.service },
        {
          header: 'Errors',
          width: 110,
          numeric: true,
          sort: (row) => row.red.errors,
          cell: (row) => (
            <SnapshotsLink
              application={application}
              filters={{ tier: row.service, transaction: row.transaction, reason: 'error' }}
              className="errors"
            >
              {formatRate(row.red.errorsPerMinute)}
            </SnapshotsLink>
          ),
        },
        {
          header: 'Of its calls',
          width: 100,
          numeric: true,
          sort: (row) => row.red.errorRatio ?? 0,
          cell: (row) => formatPercent(row.red.errorRatio),
        },
        {
          header: 'Calls',
          width: 100,
          numeric: true,
          sort: (row) => row.red.callsPerMinute,
          cell: (row) => formatRate(row.red.callsPerMinute),
        },
        {
          header: 'p95',
          width: 90,
          numeric: true,
          sort: (row) => row.red.p95Ms ?? -1,
          cell: (row) => formatDuration(row.red.p95Ms),
        },
        {
          header: 'Versions',
          width: 150,
          cell: (row) => <span className="quiet">{row.versions.join(', ') || '–'}</span>,
        },
      ]}
    />
  )
}
