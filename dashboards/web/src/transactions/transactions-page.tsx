import type { TransactionList } from '@binnacle/collector/api/transactions'
import { useMemo } from 'react'
import { useApi } from '../api.ts'
import { ApplicationFrame, useApplication } from '../applications/application-page.tsx'
import { NoSpansYet } from '../applications/no-spans-yet.tsx'
import { formatCount, formatPercent } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { ColumnPicker } from '../parts/column-picker.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { FacetChips, FilterBar } from '../parts/filter-bar.tsx'
import { Link } from '../parts/link.tsx'
import { TextFilter } from '../parts/text-filter.tsx'
import { listOf } from '../search-params.ts'
import { useComparedRange, useSearchParams } from '../url-state.ts'
import { countValues, filterTransactions, hasTrouble, troubles } from './transaction-filter.ts'
import { TransactionTable, transactionColumns } from './transaction-table.tsx'
import './transactions.css'

/** The name of the calls whose transactions are beyond the limit. */
const otherTraffic = 'All other traffic'
const rowsMax = 2_000
const headers = transactionColumns('').map((column) => column.header)

/** Every business transaction of the application. */
export function TransactionsPage() {
  const application = useApplication()
  const range = useComparedRange()
  const answer = useApi<TransactionList>(`/applications/${encodeURIComponent(application)}/transactions`, {
    ...range,
    limit: rowsMax,
  })
  return (
    <ApplicationFrame>
      <AnswerView answer={answer} height={480}>
        {(list) => <Transactions application={application} list={list} />}
      </AnswerView>
    </ApplicationFrame>
  )
}

interface Props {
  readonly application: string
  readonly list: TransactionList
}

function Transactions({ application, list }: Props) {
  const search = useSearchParams()
  const rows = list.transactions
  const shown = useMemo(
    () =>
      filterTransactions(rows, {
        text: search['q'] ?? '',
        tiers: listOf(search['tier']),
        troubles: listOf(search['with']),
      }),
    [rows, search],
  )
  if (rows.length === 0) return <NoSpansYet />
  const count = shown.length === 1 ? '1 transaction' : `${formatCount(shown.length)} transactions`
  return (
    <>
      <FilterBar>
        <TextFilter label="Find a transaction" />
        <FacetChips name="tier" label="Tier" values={countValues(rows.map((row) => row.service))} />
        <FacetChips
          name="with"
          label="With"
          values={troubles.map((value) => ({
            value,
            count: rows.filter((row) => hasTrouble(row, value)).length,
          }))}
        />
      </FilterBar>
      <Card
        title={shown.length === rows.length ? count : `${count} of ${formatCount(rows.length)}`}
        actions={
          <>
            <Link href={`/applications/${encodeURIComponent(application)}/transaction-rules`}>
              Names and thresholds
            </Link>
            <ColumnPicker headers={headers} />
          </>
        }
      >
        {shown.length === 0 ? (
          <EmptyState title="No transaction matches">Take away a filter, or choose a longer time.</EmptyState>
        ) : (
          <TransactionTable application={application} transactions={shown} />
        )}
        <Pooled list={list} />
      </Card>
    </>
  )
}

/** What stands behind "All other traffic": nothing is dropped, but names beyond the limit share one. */
function Pooled({ list: { guard, transactions } }: { readonly list: TransactionList }) {
  if (guard.pooledCalls === 0) return null
  const all = transactions.reduce((sum, row) => sum + row.red.calls, 0)
  return (
    <p className="pooled-note">
      <b>{otherTraffic}</b> holds {formatCount(guard.pooledCalls)} calls (
      {formatPercent(all === 0 ? null : guard.pooledCalls / all)}) of names that came after the limit of{' '}
      {formatCount(guard.max)} was reached. They are counted in every total, and their traces can be searched.
      “Names and thresholds” lists what it holds. Names with ids in them are the usual reason: a rule that
      puts them under one name makes room.
    </p>
  )
}
