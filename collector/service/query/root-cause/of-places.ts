import type { KubeCell, UsageCell } from './cells.ts'
import type { KubeNearRow, PodPlaceRow, PodUsageRow } from './places-sql.ts'

/** The use of the pods of the application's tiers. */
export function toUsageCells(rows: readonly PodUsageRow[], places: readonly PodPlaceRow[]): UsageCell[] {
  const placeOf = new Map(places.map((place) => [podKey(place), place]))
  return rows.flatMap((row) => {
    const place = placeOf.get(podKey(row))
    if (!place) return []
    const { service, cpuLimitMillicores, memoryLimitBytes } = place
    const { bucket, pod, cpuMillicores, memoryBytes } = row
    return [{ bucket, service, pod, cpuMillicores, memoryBytes, cpuLimitMillicores, memoryLimitBytes }]
  })
}

/** What happened to pods, workloads and nodes of the application's tiers, told of each tier that it touches. */
export function toKubeCells(rows: readonly KubeNearRow[], places: readonly PodPlaceRow[]): KubeCell[] {
  return rows.flatMap(({ timeMs, change, severity, title, times, ...about }) => {
    const touched = places.filter((place) => touches(about, place))
    return [...new Set(touched.map((place) => place.service))].map((service) => ({
      ...{ timeMs, change, severity, title, times, service },
      pod: about.kind === 'Pod' ? about.name : '',
    }))
  })
}

const podKey = ({ clusterId, namespace, pod }: { clusterId: string; namespace: string; pod: string }) =>
  JSON.stringify([clusterId, namespace, pod])

type About = Pick<KubeNearRow, 'clusterId' | 'namespace' | 'kind' | 'name' | 'workload'>

function touches({ clusterId, namespace, kind, name, workload }: About, place: PodPlaceRow): boolean {
  if (clusterId !== place.clusterId) return false
  if (kind === 'Node') return name === place.node
  if (namespace !== place.namespace) return false
  return (
    name === place.pod || (place.workload !== '' && (workload === place.workload || name === place.workload))
  )
}
