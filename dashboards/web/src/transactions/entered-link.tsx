import type { TraceTransactions } from '@binnacle/collector/api/entered-by'
import { TransactionLink } from './transaction-links.tsx'

interface Props {
  readonly entered: Omit<TraceTransactions['transactions'][number], 'spanId'>
  /** A narrower time than the page's. */
  readonly range?: { readonly from: string; readonly to: string }
}

/** To a transaction, if it is listed under its name. */
export function EnteredLink({ entered, range }: Props) {
  const { application, service, transaction, known } = entered
  const text = <span title={`${application}, enters by ${service}`}>{transaction}</span>
  if (!known)
    return (
      <>
        {text}{' '}
        <span className="quiet" title="Just new, or one of All other traffic">
          not listed
        </span>
      </>
    )
  return (
    <TransactionLink
      application={application}
      service={service}
      transaction={transaction}
      {...(range ? { range } : {})}
    >
      {text}
    </TransactionLink>
  )
}
