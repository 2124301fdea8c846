import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { timeSearch } from '../search-params.ts'

/** What names a business transaction within its application. */
export interface TransactionKey {
  readonly application: string
  /** The entry tier. */
  readonly service: string
  readonly transaction: string
}

interface Props extends TransactionKey {
  /** A narrower time than the page's. */
  readonly range?: { readonly from: string; readonly to: string }
  readonly className?: string
  readonly children: ReactNode
}

/** To the dashboard of a transaction, in the time range of the page. */
export function TransactionLink({ application, service, transaction, range, className, children }: Props) {
  return (
    <Link
      to="/applications/$application/transactions/one"
      params={{ application }}
      search={(previous: Record<string, unknown>) => ({
        ...timeSearch(previous),
        ...range,
        tier: service,
        name: transaction,
      })}
      className={className}
    >
      {children}
    </Link>
  )
}
