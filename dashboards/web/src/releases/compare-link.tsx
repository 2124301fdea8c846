import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { timeSearch } from '../search-params.ts'

/** What is compared, as the URL of the page and the API say it; nothing: the newest version with the one before it. */
export interface CompareSearch {
  readonly a?: string
  readonly b?: string
  /** Time of a deployment, Unix ms. */
  readonly marker?: string
}

interface Props {
  readonly application: string
  readonly service: string
  readonly search?: CompareSearch
  readonly className?: string
  readonly children: ReactNode
}

export function CompareReleasesLink({ application, service, search, className, children }: Props) {
  return (
    <Link
      to="/applications/$application/releases/$service"
      params={{ application, service }}
      search={(previous: Record<string, unknown>) => ({ ...timeSearch(previous), ...search })}
      className={className}
    >
      {children}
    </Link>
  )
}

export const comparePath = (application: string, service: string): string =>
  `/applications/${encodeURIComponent(application)}/tiers/${encodeURIComponent(service)}/compare`
