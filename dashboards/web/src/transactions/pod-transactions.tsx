import type { PodTransactions as Answer } from '@binnacle/collector/api/entered-by'
import { useApi } from '../api.ts'
import { formatCount, formatDuration, formatPercent, formatRate } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { useTimeRange } from '../url-state.ts'
import { EnteredLink } from './entered-link.tsx'
import { SnapshotsLink } from './snapshots-link.tsx'

interface Props {
  readonly clusterId: string
  readonly pod: { readonly uid: string; readonly name: string }
}

/** The transactions whose traces passed a pod, whichever tier they entered by. */
export function PodTransactions({ clusterId, pod }: Props) {
  const { from, to } = useTimeRange()
  const path = `/clusters/${encodeURIComponent(clusterId)}/pods/${encodeURIComponent(pod.uid)}/transactions`
  const answer = useApi<Answer>(path, { from, to })
  return (
    <AnswerView answer={answer} height={80}>
      {(list) => <Rows list={list} pod={pod.name} />}
    </AnswerView>
  )
}

function Rows({ list, pod }: { readonly list: Answer; readonly pod: string }) {
  const { transactions, fromMs, toMs } = list
  if (transactions.length === 0)
    return <p className="quiet">No trace of a transaction passed the pod in this time.</p>
  const minutes = Math.round((toMs - fromMs) / 60_000)
  return (
    <>
      <DataTable
        rows={transactions}
        rowKey={(row) => JSON.stringify([row.application, row.service, row.transaction])}
        columns={[
          {
            header: 'Transaction',
            width: 'min(220px, 44vw)',
            sort: (row) => row.transaction,
            cell: (row) => <EnteredLink entered={row} />,
          },
          {
            header: 'Calls',
            width: 84,
            numeric: true,
            sort: (row) => row.red.calls,
            cell: (row) => formatRate(row.red.callsPerMinute),
          },
          {
            header: 'p95',
            width: 80,
            numeric: true,
            hint: 'Of the whole transaction',
            sort: (row) => row.red.p95Ms ?? -1,
            cell: (row) => formatDuration(row.red.p95Ms),
          },
          {
            header: 'Errors',
            width: 84,
            numeric: true,
            sort: (row) => row.red.errors,
            cell: (row) =>
              row.red.errors === 0 ? (
                <span className="quiet">0</span>
              ) : (
                <SnapshotsLink
                  application={row.application}
                  filters={{ pod, reason: 'error' }}
                  className="errors"
                >
                  {`✕ ${formatPercent(row.red.errorRatio)}`}
                </SnapshotsLink>
              ),
          },
        ]}
      />
      <p className="quiet">
        {`Of the last ${minutes === 60 ? 'hour' : `${formatCount(minutes)} min`} of the range, at most ${formatCount(list.tracesMax)} traces.`}
      </p>
    </>
  )
}
