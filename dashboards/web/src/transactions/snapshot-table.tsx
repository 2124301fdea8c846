import type { Snapshot } from '@binnacle/collector/api/transactions'
import { useNavigate } from '@tanstack/react-router'
import { formatDateTime, formatDuration, missing } from '../format.ts'
import { type Column, DataTable } from '../parts/data-table.tsx'
import type { State } from '../parts/state.ts'
import { StatusBadge } from '../parts/status-badge.tsx'
import { timeSearch } from '../search-params.ts'
import { TraceLink } from '../traces/trace-links.tsx'
import { useSearchParams } from '../url-state.ts'
import { baselineText, whyKept } from './snapshot-why.ts'
import { TransactionLink } from './transaction-links.tsx'

interface Props {
  readonly snapshots: readonly Snapshot[]
  /** Where offered, two rows can be chosen to be compared. */
  readonly pick?: { readonly isPicked: (row: Snapshot) => boolean; readonly toggle: (row: Snapshot) => void }
}

export function SnapshotTable({ snapshots, pick }: Props) {
  const navigate = useNavigate()
  const search = useSearchParams()
  const open = ({ traceId, startMs, spanId }: Snapshot) =>
    navigate({
      to: '/traces/$traceId',
      params: { traceId },
      search: { ...timeSearch(search), aroundMs: String(Math.round(startMs)), span: spanId },
    })
  return (
    <DataTable
      rows={snapshots}
      rowKey={(row) => row.traceId + row.spanId}
      columns={[...columns, ...(pick ? [pickColumn(pick)] : [])]}
      onOpen={open}
    />
  )
}

const states: Readonly<Record<string, State>> = {
  error: 'error',
  stall: 'critical',
  'very slow': 'warning',
  slow: 'warning',
  periodic: 'ok',
}

const columns: readonly Column<Snapshot>[] = [
  {
    header: 'Start',
    width: 116,
    sort: (row) => row.startMs,
    cell: (row) => (
      <TraceLink traceId={row.traceId} aroundMs={row.startMs} spanId={row.spanId}>
        {formatDateTime(row.startMs)}
      </TraceLink>
    ),
  },
  {
    header: 'Duration',
    width: 84,
    numeric: true,
    sort: (row) => row.durationMs,
    cell: (row) => formatDuration(row.durationMs),
  },
  {
    header: 'Reason',
    width: 104,
    sort: (row) => row.reason,
    cell: (row) => <StatusBadge state={states[row.reason] ?? 'info'}>{row.reason}</StatusBadge>,
  },
  {
    header: 'Why',
    width: 236,
    cell: (row) => (
      <span className="snapshot-why" title={baselineText(row)}>
        {whyKept(row)}
      </span>
    ),
  },
  {
    header: 'Transaction',
    width: 210,
    sort: (row) => row.transaction || row.operation,
    cell: (row) =>
      row.transaction === '' ? (
        <span className="quiet" title="Called by another tier of the application">
          {row.operation}
        </span>
      ) : (
        <TransactionLink application={row.application} service={row.service} transaction={row.transaction}>
          <span title={row.transaction}>{row.transaction}</span>
        </TransactionLink>
      ),
  },
  { header: 'Tier', width: 104, sort: (row) => row.service, cell: (row) => row.service },
  { header: 'Version', width: 72, sort: (row) => row.version, cell: (row) => row.version || missing },
  {
    header: 'Pod',
    width: 150,
    sort: (row) => row.pod,
    cell: (row) => <span title={row.pod}>{row.pod || missing}</span>,
  },
  {
    header: 'Status',
    width: 64,
    numeric: true,
    sort: (row) => row.httpStatus,
    cell: (row) => row.httpStatus || missing,
  },
  {
    header: 'Kept',
    width: 80,
    numeric: true,
    hint: 'Of the calls of its operation, minute and reason the ten slowest are kept',
    sort: (row) => row.alike,
    cell: (row) =>
      row.alike > row.kept ? `${row.kept} of ${row.alike}` : <span className="quiet">all</span>,
  },
]

function pickColumn({ isPicked, toggle }: NonNullable<Props['pick']>): Column<Snapshot> {
  return {
    header: 'Compare',
    width: 72,
    cell: (row) => (
      <input
        type="checkbox"
        aria-label={`Compare the call of ${formatDateTime(row.startMs)}`}
        checked={isPicked(row)}
        onChange={() => toggle(row)}
      />
    ),
  }
}
