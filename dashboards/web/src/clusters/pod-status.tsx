import type { PodRow } from '@binnacle/collector/api/clusters'
import { StatusBadge } from '../parts/status-badge.tsx'

/** The status as kubectl prints it, with the shape and colour of the pod's health. */
export function PodStatus({ pod }: { readonly pod: PodRow }) {
  return <StatusBadge state={pod.health}>{pod.deleted ? `${pod.status}, gone` : pod.status}</StatusBadge>
}
