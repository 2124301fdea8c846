import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { timeSearch } from '../search-params.ts'

/** Filters of the snapshots, as the URL carries them. */
export interface SnapshotFilters {
  readonly tier?: string
  readonly transaction?: string
  readonly reason?: string
  readonly version?: string
  readonly pod?: string
  readonly sort?: 'slowest'
}

interface Props {
  readonly application: string
  readonly filters: SnapshotFilters
  readonly range?: { readonly from: string; readonly to: string }
  readonly className?: string
  readonly children: ReactNode
}

/** To the calls behind a number, as far as they are kept. */
export function SnapshotsLink({ application, filters, range, className, children }: Props) {
  return (
    <Link
      to="/applications/$application/snapshots"
      params={{ application }}
      search={(previous: Record<string, unknown>) => ({ ...timeSearch(previous), ...range, ...filters })}
      className={className}
    >
      {children}
    </Link>
  )
}
