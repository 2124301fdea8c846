import type { TransactionPreview } from '@binnacle/collector/api/transactions'
import { formatCount, formatPlural } from '../../format.ts'
import { DataTable } from '../../parts/data-table.tsx'

interface Props {
  readonly preview: TransactionPreview | undefined
  readonly refusal: string
}

/** The calls of the last hour by the names that they would have. */
export function PreviewTable({ preview, refusal }: Props) {
  if (refusal !== '')
    return (
      <p className="errors" role="alert">
        {refusal}
      </p>
    )
  if (!preview) return <p className="quiet">…</p>
  const { named, excluded, max } = preview
  const names = named.names.length + named.rest.names
  const leftOut = excluded.names.reduce((sum, one) => sum + one.calls, excluded.rest.calls)
  return (
    <div aria-live="polite">
      <p>
        {formatPlural(names, 'name')}
        {leftOut > 0 && `, ${formatCount(leftOut)} calls left out`}
        {names > max && (
          <b className="errors">{`, more than the ${formatCount(max)} that are kept apart: the others share "All other traffic"`}</b>
        )}
      </p>
      <NameTable rows={[...named.names, ...excluded.names]} />
      {named.rest.names > 0 && (
        <p className="quiet">
          And {formatPlural(named.rest.names, 'more name')} with {formatCount(named.rest.calls)} calls.
        </p>
      )}
    </div>
  )
}

/** Names with their calls, and some of the operations behind each. */
export function NameTable({ rows }: { readonly rows: TransactionPreview['named']['names'] }) {
  return (
    <DataTable
      rows={rows}
      rowKey={(row) => `${row.service}\n${row.transaction}\n${row.operations.join()}`}
      columns={[
        {
          header: 'Transaction',
          width: 'min(280px, 40vw)',
          sort: (row) => row.transaction,
          cell: (row) =>
            row.transaction === '' ? (
              <span className="quiet">left out</span>
            ) : (
              <span title={row.transaction}>{row.transaction}</span>
            ),
        },
        { header: 'Tier', width: 120, sort: (row) => row.service, cell: (row) => row.service },
        {
          header: 'Calls',
          width: 80,
          numeric: true,
          sort: (row) => row.calls,
          cell: (row) => formatCount(row.calls),
        },
        {
          header: 'Of operations',
          width: 220,
          cell: (row) => (
            <span className="quiet" title={row.operations.join(', ')}>
              {row.operations.join(', ')}
            </span>
          ),
        },
      ]}
    />
  )
}
