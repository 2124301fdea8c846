import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { timeSearch } from '../search-params.ts'

/** To an application's dashboard, in the time range of the page. */
export function ApplicationLink({
  application,
  children,
}: {
  readonly application: string
  readonly children: ReactNode
}) {
  return (
    <Link
      to="/applications/$application"
      params={{ application }}
      search={(previous: Record<string, unknown>) => timeSearch(previous)}
    >
      {children}
    </Link>
  )
}

/** To a tier: its nodes, what calls it and what it calls. */
export function TierLink({
  application,
  tier,
  children,
}: {
  readonly application: string
  readonly tier: string
  readonly children: ReactNode
}) {
  return (
    <Link
      to="/applications/$application/tiers"
      params={{ application }}
      search={(previous: Record<string, unknown>) => ({ ...timeSearch(previous), tier })}
    >
      {children}
    </Link>
  )
}

/** To what a map shows of a backend: its callers, its slowest calls, the transactions that call it. */
export function BackendsLink({
  application,
  name,
  children,
}: {
  readonly application: string
  readonly name: string
  readonly children: ReactNode
}) {
  return (
    <Link
      to="/applications/$application/backends"
      params={{ application }}
      search={(previous: Record<string, unknown>) => ({ ...timeSearch(previous), q: name })}
    >
      {children}
    </Link>
  )
}
