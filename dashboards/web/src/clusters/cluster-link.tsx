import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { timeSearch } from '../search-params.ts'

export type ClusterPath =
  | ''
  | '/pods'
  | '/workloads'
  | '/nodes'
  | '/namespaces'
  | '/instrumentation'
  | '/inventory'
  | '/objects'
  | '/events'

interface Props {
  readonly clusterId: string
  readonly path?: ClusterPath
  readonly search?: Readonly<Record<string, string>>
  readonly className?: string
  readonly children: ReactNode
}

/** To a page of a cluster, with filters, in the time range of the page. */
export function ClusterLink({ clusterId, path = '', search = {}, className, children }: Props) {
  return (
    <Link
      to={`/clusters/$clusterId${path}`}
      params={{ clusterId }}
      search={(previous: Record<string, unknown>) => ({ ...timeSearch(previous), ...search })}
      className={className}
    >
      {children}
    </Link>
  )
}
