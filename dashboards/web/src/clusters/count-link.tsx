import { formatCount } from '../format.ts'
import { ClusterLink, type ClusterPath } from './cluster-link.tsx'

interface Props {
  readonly clusterId: string
  readonly count: number
  readonly path: ClusterPath
  readonly search: Readonly<Record<string, string>>
}

/** A number of bad things that leads to them; zero is quiet. */
export function CountLink({ clusterId, count, path, search }: Props) {
  if (count === 0) return <span className="quiet">0</span>
  return (
    <ClusterLink clusterId={clusterId} path={path} search={search} className="errors">
      {formatCount(count)}
    </ClusterLink>
  )
}
