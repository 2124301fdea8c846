import type { ReactNode } from 'react'
import { ClusterLink } from './cluster-link.tsx'
import { type ObjectKey, placeOf } from './object-key.ts'

interface Props {
  readonly clusterId: string
  readonly of: ObjectKey
  readonly children?: ReactNode
}

/** To an object of any kind, where it is shown in detail. */
export function ObjectLink({ clusterId, of, children = of.name }: Props) {
  const { path, search } = placeOf(of)
  return (
    <ClusterLink clusterId={clusterId} path={path} search={search}>
      {children}
    </ClusterLink>
  )
}
