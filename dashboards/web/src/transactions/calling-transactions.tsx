import type {
  CallingTransactions as Answer,
  CallingTransactionsQuery,
} from '@binnacle/collector/api/entered-by'
import { useApi } from '../api.ts'
import { formatCount, formatDuration, formatPercent, formatTime } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { useTimeRange } from '../url-state.ts'
import { TransactionLink } from './transaction-links.tsx'

interface Props {
  readonly application: string
  readonly of: Pick<CallingTransactionsQuery, 'type' | 'system' | 'name' | 'hash'>
}

/** Which transactions call a statement or a backend. Asked for apart: only raw spans know. */
export function CallingTransactions({ application, of }: Props) {
  const { from, to } = useTimeRange()
  const path = `/applications/${encodeURIComponent(application)}/calling-transactions`
  const answer = useApi<Answer>(path, { from, to, ...of })
  return (
    <>
      <h3>Transactions that call it</h3>
      <AnswerView answer={answer} height={80}>
        {(list) => <Rows application={application} list={list} />}
      </AnswerView>
    </>
  )
}

function Rows({ application, list }: { readonly application: string; readonly list: Answer }) {
  const { calls, truncated, transactions, fromMs, toMs } = list
  if (calls === 0) return <p className="quiet">No call within the last hour of the range.</p>
  return (
    <>
      <DataTable
        rows={transactions}
        rowKey={(row) => `${row.service}\n${row.transaction}`}
        columns={[
          {
            header: 'Transaction',
            width: 'min(240px, 44vw)',
            sort: (row) => row.transaction,
            cell: (row) =>
              row.transaction === '' ? (
                <span className="quiet">what entered is not stored</span>
              ) : (
                <TransactionLink
                  application={application}
                  service={row.service}
                  transaction={row.transaction}
                >
                  <span title={`enters by ${row.service}`}>{row.transaction}</span>
                </TransactionLink>
              ),
          },
          {
            header: 'Calls',
            width: 70,
            numeric: true,
            sort: (row) => row.calls,
            cell: (row) => formatCount(row.calls),
          },
          {
            header: 'Share',
            width: 70,
            numeric: true,
            sort: (row) => row.share,
            cell: (row) => formatPercent(row.share),
          },
          {
            header: 'Mean',
            width: 80,
            numeric: true,
            hint: 'Of the calls to it',
            sort: (row) => row.meanMs,
            cell: (row) => formatDuration(row.meanMs),
          },
        ]}
      />
      <p className="quiet">
        {truncated
          ? `Of its newest ${formatCount(calls)} calls, ${formatTime(fromMs)} – ${formatTime(toMs)}.`
          : `Of all its ${formatCount(calls)} calls.`}
      </p>
    </>
  )
}
