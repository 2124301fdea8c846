import type { RestartsNeeded } from '@binnacle/collector/api/injection'
import { useApi } from '../api.ts'
import { useCluster } from '../clusters/cluster-frame.tsx'
import { ClusterLink } from '../clusters/cluster-link.tsx'
import { formatPlural } from '../format.ts'
import { StatusBadge } from '../parts/status-badge.tsx'
import './instrumentation.css'

/** Pods that are not instrumented as they would be if they were made now; nothing where there are none. */
export function RestartHints() {
  const answer = useApi<RestartsNeeded>('/injection')
  const clusters = answer.data?.clusters ?? []
  if (clusters.length === 0) return null
  return (
    <ul className="restart-hints">
      {clusters.map((one) => (
        <RestartHint key={one.clusterId} {...one} />
      ))}
    </ul>
  )
}

function RestartHint({ clusterId, pods, workloads }: RestartsNeeded['clusters'][number]) {
  const name = useCluster(clusterId)?.name || clusterId
  return (
    <li>
      <StatusBadge state="info">{`${formatPlural(pods, 'pod')} of ${formatPlural(workloads, 'workload')} in ${name} ${pods === 1 ? 'needs' : 'need'} a restart for instrumentation`}</StatusBadge>{' '}
      <ClusterLink clusterId={clusterId} path="/instrumentation" search={{ state: 'needs a restart' }}>
        Which, and how
      </ClusterLink>
    </li>
  )
}
