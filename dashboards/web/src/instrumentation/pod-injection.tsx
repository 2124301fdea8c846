import type { PodDetail } from '@binnacle/collector/api/clusters'
import { ClusterLink } from '../clusters/cluster-link.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import './instrumentation.css'

interface Props {
  readonly clusterId: string
  readonly detail: PodDetail
}

/** Whether the pod is instrumented by injection, and why not. */
export function PodInjectionState({ clusterId, detail: { pod, injection } }: Props) {
  if (!injection) return <span className="quiet">the pod has ended</span>
  const { state, reason, injection: said } = injection
  switch (state) {
    case '':
      return <span className="quiet">its namespace does not ask for it</span>
    case 'injected':
      return <StatusBadge state="ok">{said || 'injected'}</StatusBadge>
    case 'skipped':
      return <StatusBadge state="done">{`skipped: ${reason}`}</StatusBadge>
    case 'restart':
      return (
        <span className="pod-injection">
          <StatusBadge state="info">{`needs a restart: ${reason}`}</StatusBadge>{' '}
          <ClusterLink
            clusterId={clusterId}
            path="/instrumentation"
            search={{ namespace: pod.namespace, q: pod.workload }}
          >
            How
          </ClusterLink>
        </span>
      )
  }
}
