import type { SloRow } from '@binnacle/collector/api/slos'
import { Link } from '@tanstack/react-router'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { timeSearch } from '../search-params.ts'
import { BudgetBar } from './budget-bar.tsx'
import { formatBurn, formatShare, lastsText, promiseOf, stateOf, subjectOf } from './slo-format.ts'
import './slos.css'

const order = ['critical', 'warning', 'done', 'ok']

const columns: readonly Column<SloRow>[] = [
  {
    header: 'State',
    width: 164,
    sort: ({ status }) => order.indexOf(stateOf(status).state),
    cell: ({ status }) => {
      const { state, text } = stateOf(status)
      return <StatusBadge state={state}>{text}</StatusBadge>
    },
  },
  {
    header: 'Objective',
    width: 200,
    sort: (row) => row.definition.name,
    cell: (row) => (
      <Link
        to="/applications/$application/slos/$sloId"
        params={{ application: row.definition.application, sloId: row.sloId }}
        search={timeSearch}
      >
        {row.definition.name}
      </Link>
    ),
  },
  {
    header: 'Of',
    width: 210,
    sort: (row) => subjectOf(row.definition),
    cell: (row) => subjectOf(row.definition),
  },
  {
    header: 'Promise',
    width: 260,
    sort: (row) => row.definition.target,
    cell: (row) => promiseOf(row.definition),
  },
  {
    header: 'SLI',
    width: 96,
    numeric: true,
    hint: 'share of good calls in the window',
    sort: (row) => row.status.sli ?? 2,
    cell: (row) => formatShare(row.status.sli),
  },
  {
    header: 'Budget left',
    width: 176,
    sort: (row) => row.status.budget.left,
    cell: (row) => <BudgetBar status={row.status} />,
  },
  {
    header: 'Burn 1 h',
    width: 84,
    numeric: true,
    hint: 'how many times faster than the target allows; above 14.4 for 1 h and 5 min is critical',
    sort: (row) => row.status.burn.h1,
    cell: (row) => formatBurn(row.status.burn.h1),
  },
  {
    header: 'Burn 6 h',
    width: 84,
    numeric: true,
    hint: 'above 6 for 6 h and 15 min is a warning',
    sort: (row) => row.status.burn.h6,
    cell: (row) => formatBurn(row.status.burn.h6),
  },
  {
    header: 'Lasts',
    width: 110,
    numeric: true,
    hint: 'until the budget is spent, at the rate of the last hour',
    sort: (row) => row.status.exhaustedInMs ?? Number.POSITIVE_INFINITY,
    cell: (row) => lastsText(row.status),
  },
]

export function SloTable({ slos }: { readonly slos: readonly SloRow[] }) {
  return (
    <DataTable
      rows={slos}
      rowKey={(row) => row.sloId}
      columns={columns}
      initialSort={{ column: 0, descending: false }}
    />
  )
}
