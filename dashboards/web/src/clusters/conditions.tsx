import type { Condition } from '@binnacle/collector/api/objects'
import { formatAge, formatDateTime } from '../format.ts'
import { DataTable } from '../parts/data-table.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { isTroubled, troubled } from './troubled.ts'

/** All conditions of an object, those in trouble first. */
export function ConditionTable({
  kind,
  conditions,
}: {
  readonly kind: string
  readonly conditions: readonly Condition[]
}) {
  const bad = troubled(kind, conditions)
  const nowMs = Date.now()
  return (
    <DataTable
      rows={[...bad, ...conditions.filter((one) => !bad.includes(one))]}
      rowKey={(one) => one.type}
      columns={[
        {
          header: 'Condition',
          width: 160,
          cell: (one) => (
            <StatusBadge state={isTroubled(kind, one) ? 'warning' : 'ok'}>{one.type}</StatusBadge>
          ),
        },
        { header: 'Status', width: 72, cell: (one) => one.status },
        {
          header: 'Since',
          width: 80,
          numeric: true,
          cell: (one) =>
            one.sinceMs === 0 ? (
              '–'
            ) : (
              <span title={formatDateTime(one.sinceMs)}>{formatAge(nowMs - one.sinceMs)}</span>
            ),
        },
        {
          header: 'Reason',
          width: 240,
          cell: (one) => (
            <span title={one.message}>
              {[one.reason, one.message].filter((text) => text !== '').join(': ') || '–'}
            </span>
          ),
        },
      ]}
    />
  )
}

/** The conditions in trouble in one line; nothing to say is quiet. */
export function TroubledConditions({
  kind,
  conditions,
  nowMs,
}: {
  readonly kind: string
  readonly conditions: readonly Condition[]
  readonly nowMs: number
}) {
  const bad = troubled(kind, conditions)
  if (bad.length === 0) return <span className="quiet">{conditions.length === 0 ? '–' : 'fine'}</span>
  const text = bad
    .map((one) => `${nameOf(one)}${one.sinceMs === 0 ? '' : ` for ${formatAge(nowMs - one.sinceMs)}`}`)
    .join(', ')
  return <StatusBadge state="warning">{text}</StatusBadge>
}

/** `Ready` that is not true reads as its opposite. */
function nameOf({ type, status }: Condition): string {
  return status === 'True' ? type : `${type} ${status === 'Unknown' ? 'unknown' : 'false'}`
}
