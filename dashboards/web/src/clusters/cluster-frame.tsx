import type { ClusterList } from '@binnacle/collector/api/clusters'
import { useParams } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useApi } from '../api.ts'
import { Page } from '../parts/page.tsx'
import { Tabs } from '../parts/tabs.tsx'
import { useTimeRange } from '../url-state.ts'
import { AgentState } from './cluster-table.tsx'
import './clusters.css'

export function useClusterId(): string {
  return (useParams({ strict: false }) as { clusterId?: string }).clusterId ?? ''
}

export function clusterPath(clusterId: string, path: string): string {
  return `/clusters/${encodeURIComponent(clusterId)}/${path}`
}

/** The cluster as the list of clusters has it; undefined while that is read. */
export function useCluster(clusterId: string): ClusterList['clusters'][number] | undefined {
  const { from, to } = useTimeRange()
  const list = useApi<ClusterList>('/clusters', { from, to })
  return list.data?.clusters.find((one) => one.clusterId === clusterId)
}

/** The heading and tabs that all pages of a cluster share. */
export function ClusterFrame({ part, children }: { readonly part: string; readonly children: ReactNode }) {
  const clusterId = useClusterId()
  const cluster = useCluster(clusterId)
  const params = { clusterId }
  return (
    <Page
      title={cluster?.name || clusterId}
      documentTitle={`${part} · ${cluster?.name || clusterId}`}
      detail={cluster && <AgentState cluster={cluster} />}
    >
      <Tabs
        label="Parts of the cluster"
        tabs={[
          { label: 'Dashboard', to: '/clusters/$clusterId', params },
          { label: 'Pods', to: '/clusters/$clusterId/pods', params },
          { label: 'Workloads', to: '/clusters/$clusterId/workloads', params },
          { label: 'Nodes', to: '/clusters/$clusterId/nodes', params },
          { label: 'Namespaces', to: '/clusters/$clusterId/namespaces', params },
          { label: 'Instrumentation', to: '/clusters/$clusterId/instrumentation', params },
          { label: 'Inventory', to: '/clusters/$clusterId/inventory', params },
          { label: 'Events', to: '/clusters/$clusterId/events', params },
        ]}
      />
      {children}
    </Page>
  )
}
