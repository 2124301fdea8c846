import type { ApplicationList } from '@binnacle/collector/api/applications'
import type { ClusterList, NamespaceList } from '@binnacle/collector/api/clusters'
import { useQueries } from '@tanstack/react-query'
import { fetchApi, useApi } from '../api.ts'
import { useTimeRange } from '../url-state.ts'
import type { Place } from './find-places.ts'
import { places as pages } from './shortcuts.ts'

/** Namespaces are looked up in this many clusters at most; the others are found by their cluster. */
const clustersMax = 8

const clusterParts = ['Pods', 'Workloads', 'Nodes', 'Namespaces', 'Inventory', 'Events']

/** Everything the search can go to. */
export function usePlaces(): readonly Place[] {
  const { from, to } = useTimeRange()
  const clusters = useApi<ClusterList>('/clusters', { from, to }).data?.clusters ?? []
  const applications = useApi<ApplicationList>('/applications', { from, to }).data?.applications ?? []
  const namespaces = useQueries({
    queries: clusters.slice(0, clustersMax).map(({ clusterId }) => ({
      queryKey: ['palette namespaces', clusterId, from, to],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        fetchApi<NamespaceList>(
          `/clusters/${encodeURIComponent(clusterId)}/namespaces`,
          { from, to },
          signal,
        ),
    })),
  })
  return [
    ...Object.values(pages).map(({ to: href, name }): Place => ({ name, kind: 'Page', href })),
    { name: 'About', kind: 'Page', href: '/about' },
    ...applications.map(
      ({ application }): Place => ({
        name: application,
        kind: 'Application',
        href: `/applications/${encodeURIComponent(application)}`,
      }),
    ),
    ...clusters.flatMap(({ clusterId, name }): Place[] => {
      const href = `/clusters/${encodeURIComponent(clusterId)}`
      return [
        { name: name || clusterId, kind: 'Cluster', href },
        ...clusterParts.map((part) => ({
          name: `${name || clusterId} ▸ ${part}`,
          kind: 'Cluster',
          href: `${href}/${part.toLowerCase()}`,
        })),
      ]
    }),
    ...namespaces.flatMap(({ data }, index): Place[] => {
      const cluster = clusters[index]
      if (!cluster) return []
      const path = `/clusters/${encodeURIComponent(cluster.clusterId)}/pods`
      return (data?.namespaces ?? []).map(({ name }) => ({
        name,
        kind: `Namespace in ${cluster.name || cluster.clusterId}`,
        href: `${path}?namespace=${encodeURIComponent(name)}`,
      }))
    }),
  ]
}
