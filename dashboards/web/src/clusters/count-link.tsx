import { formatCount } from '../format.ts'
import { ClusterLink, type ClusterPath } from './cluster-link.tsx'

interface Props {
  readonly clusterId: string
  readonly count: number
  readonly path: ClusterPath
  readonly search: Readonly<Record<string, string>>
  /** It counts nothing bad. */
  readonly plain?: boolean
}

/** A number, of bad things if nothing else is said, that leads to them; zero is quiet. */
export function CountLink({ clusterId, count, path, search, plain = false }: Props) {
  if (count === 0) return <span className="quiet">0</span>
  return (
    <ClusterLink clusterId={clusterId} path={path} search={search} className={plain ? '' : 'errors'}>
      {formatCount(count)}
    </ClusterLink>
  )
}
