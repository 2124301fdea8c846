import { formatDuration, formatPlural, missing } from '../format.ts'
import { DataTable } from '../parts/data-table.tsx'
import type { FactDifference, OperationCost, OperationDifference } from './compare-traces.ts'

interface Props {
  readonly operations: readonly OperationDifference[]
  /** Lower case, such as `typical trace`. */
  readonly otherName: string
}

export function CompareTable({ operations, otherName }: Props) {
  const mostMs = operations.reduce((most, one) => Math.max(most, Math.abs(one.differenceMs)), 1e-6)
  return (
    <DataTable
      rows={operations}
      rowKey={(row) => row.key}
      columns={[
        {
          header: 'Operation',
          width: 'min(300px, 38vw)',
          sort: (row) => row.operation,
          cell: (row) => <span title={row.operation}>{row.operation}</span>,
        },
        {
          header: 'Difference',
          width: 220,
          numeric: true,
          sort: (row) => row.differenceMs,
          cell: (row) => <Difference row={row} mostMs={mostMs} />,
        },
        {
          header: 'This trace',
          width: 130,
          numeric: true,
          sort: (row) => row.b.ownMs,
          cell: (row) => <Cost cost={row.b} />,
        },
        {
          header: otherName.replace(/^./, (first) => first.toUpperCase()),
          width: 130,
          numeric: true,
          sort: (row) => row.a.ownMs,
          cell: (row) => <Cost cost={row.a} />,
        },
        {
          header: 'Tier',
          width: 170,
          sort: (row) => row.service,
          cell: (row) => (
            <>
              {row.service} <span className="quiet">{row.kind}</span>
            </>
          ),
        },
      ]}
    />
  )
}

function Cost({ cost }: { readonly cost: OperationCost }) {
  if (cost.spans === 0) return <span className="quiet">{missing}</span>
  return (
    <span title={formatPlural(cost.spans, 'span')}>
      {cost.errors > 0 && <b className="errors">✕ </b>}
      {formatDuration(cost.ownMs)}
      {cost.spans > 1 && <span className="quiet"> ×{cost.spans}</span>}
    </span>
  )
}

/** A bar to the right for more, to the left for less. */
function Difference({ row, mostMs }: { readonly row: OperationDifference; readonly mostMs: number }) {
  const { differenceMs } = row
  const width = `${(50 * Math.abs(differenceMs)) / mostMs}%`
  const more = differenceMs > 0
  const only = row.a.spans === 0 ? 'only in this trace' : row.b.spans === 0 ? 'not in this trace' : ''
  return (
    <span className="compare-difference" title={only}>
      <span className="compare-bar" aria-hidden="true">
        <i
          className={more ? 'compare-more' : 'compare-less'}
          style={more ? { left: '50%', width } : { right: '50%', width }}
        />
      </span>
      <span>
        {differenceMs === 0 ? '0' : `${more ? '+' : ''}${formatDuration(differenceMs)}`}
        {only && <span className="quiet"> {row.a.spans === 0 ? 'new' : 'gone'}</span>}
      </span>
    </span>
  )
}

interface FactProps {
  readonly facts: readonly FactDifference[]
  readonly otherName: string
}

export function FactTable({ facts, otherName }: FactProps) {
  const text = (value: string) => (value === '' ? <span className="quiet">{missing}</span> : value)
  return (
    <DataTable
      rows={facts}
      rowKey={(row) => row.name}
      columns={[
        { header: 'What', width: 'min(260px, 34vw)', cell: (row) => row.name },
        { header: 'This trace', width: 'min(360px, 32vw)', cell: (row) => text(row.b) },
        {
          header: otherName.replace(/^./, (first) => first.toUpperCase()),
          width: 'min(360px, 32vw)',
          cell: (row) => text(row.a),
        },
      ]}
    />
  )
}
