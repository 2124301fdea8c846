import type { TransactionList } from '@binnacle/collector/api/transactions'
import { useApi } from '../api.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { useComparedRange } from '../url-state.ts'
import { TransactionTable } from './transaction-table.tsx'
import './transactions.css'

const shown = 8

/** The transactions that take most of the application's time. */
export function TopTransactions({ application }: { readonly application: string }) {
  const range = useComparedRange()
  const answer = useApi<TransactionList>(`/applications/${encodeURIComponent(application)}/transactions`, {
    ...range,
    sort: 'time',
    limit: shown,
  })
  return (
    <AnswerView answer={answer} height={200}>
      {({ transactions }) =>
        transactions.length === 0 ? (
          <p className="quiet">Nothing entered the application in this time range.</p>
        ) : (
          <TransactionTable application={application} transactions={transactions} />
        )
      }
    </AnswerView>
  )
}
