import type { ViolationRow } from '@binnacle/collector/api/violations'
import { Link } from '@tanstack/react-router'
import { formatDateTime, formatDuration } from '../format.ts'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { timeSearch } from '../search-params.ts'
import { SnapshotsLink } from '../transactions/snapshots-link.tsx'
import { TransactionLink } from '../transactions/transaction-links.tsx'

const columns: readonly Column<ViolationRow>[] = [
  {
    header: 'Severity',
    width: 112,
    sort: (row) => (row.severity === 'critical' ? 0 : 1),
    cell: (row) => <StatusBadge state={row.severity} />,
  },
  { header: 'What', width: 260, sort: (row) => row.entity, cell: (row) => <Entity row={row} /> },
  {
    header: 'Message',
    width: 420,
    cell: (row) => (
      <span className="violation-message" title={row.message}>
        {row.message}
      </span>
    ),
  },
  {
    header: 'Since',
    width: 160,
    numeric: true,
    sort: (row) => row.openedMs,
    cell: (row) => formatDateTime(row.openedMs),
  },
  {
    header: 'State',
    width: 160,
    sort: (row) => row.closedMs,
    cell: (row) =>
      row.closedMs === 0 ? (
        <b>open</b>
      ) : (
        <span className="quiet">ended after {formatDuration(row.closedMs - row.openedMs)}</span>
      ),
  },
  { header: 'Rule', width: 200, sort: (row) => row.rule, cell: (row) => row.rule },
]

export function ViolationTable({ violations }: { readonly violations: readonly ViolationRow[] }) {
  return <DataTable rows={violations} rowKey={(row) => row.violationId} columns={columns} />
}

/** What a rule was violated by, leading to where it can be seen. */
function Entity({ row }: { readonly row: ViolationRow }) {
  const text = `${row.entityKind} ${row.entity}`
  const { application } = row
  if (row.entityKind === 'Transaction') return <Transaction row={row} />
  if (row.entityKind === 'SLO') {
    // Those of before are known by their name alone.
    const to = row.entityId ? '/applications/$application/slos/$sloId' : '/applications/$application/slos'
    return (
      <Link to={to} params={{ application, sloId: row.entityId }} search={timeSearch}>
        {text}
      </Link>
    )
  }
  if (application) {
    return (
      <Link to="/applications/$application" params={{ application }} search={timeSearch}>
        {text}
      </Link>
    )
  }
  if (!row.clusterId) return text
  const isPod = row.entityKind.toLowerCase() === 'pod'
  const isInjection = row.rule === 'injection-switched-off'
  const filters = {
    ...(row.namespace ? { namespace: row.namespace } : {}),
    ...(isPod || isInjection ? { q: row.entity } : {}),
  }
  return (
    <Link
      to={isInjection ? '/clusters/$clusterId/instrumentation' : '/clusters/$clusterId/pods'}
      params={{ clusterId: row.clusterId }}
      search={(previous: Record<string, unknown>) => ({ ...timeSearch(previous), ...filters })}
    >
      {text}
    </Link>
  )
}

/** To the transaction and the calls that are kept of it, in the time that was judged and since. */
function Transaction({ row }: { readonly row: ViolationRow }) {
  const { application, service, entity: transaction, evidence, openedMs, closedMs } = row
  const range = {
    from: String(Math.min(evidence?.fromMs ?? openedMs, openedMs)),
    to: closedMs === 0 ? 'now' : String(closedMs),
  }
  const failed = evidence?.metric === 'errorsPerMinute'
  return (
    <span className="violation-entity">
      <TransactionLink application={application} service={service} transaction={transaction} range={range}>
        {`Transaction ${transaction}`}
      </TransactionLink>
      <SnapshotsLink
        application={application}
        filters={{ tier: service, transaction, ...(failed ? { reason: 'error' } : { sort: 'slowest' }) }}
        range={range}
        className="quiet"
      >
        {failed ? 'failed calls' : 'slowest calls'}
      </SnapshotsLink>
    </span>
  )
}
