import type { ClusterSummary } from '@binnacle/collector/api/clusters'
import { formatAgo, formatCount } from '../format.ts'
import { type Column, DataTable } from '../parts/data-table.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import { ClusterLink } from './cluster-link.tsx'
import { CountLink } from './count-link.tsx'

/** An agent that was not heard of for so long is said to be gone. */
const silentMs = 3 * 60_000

const columns: readonly Column<ClusterSummary>[] = [
  {
    header: 'Cluster',
    sort: (row) => row.name || row.clusterId,
    cell: (row) => <ClusterLink clusterId={row.clusterId}>{row.name || row.clusterId}</ClusterLink>,
  },
  { header: 'Agent', sort: agentState, cell: (row) => <AgentState cluster={row} /> },
  {
    header: 'Namespaces',
    numeric: true,
    sort: (row) => row.namespaces,
    cell: (row) => (
      <ClusterLink clusterId={row.clusterId} path="/namespaces">
        {formatCount(row.namespaces)}
      </ClusterLink>
    ),
  },
  {
    header: 'Pods',
    numeric: true,
    sort: (row) => row.pods,
    cell: (row) => (
      <ClusterLink clusterId={row.clusterId} path="/pods">
        {formatCount(row.pods)}
      </ClusterLink>
    ),
  },
  {
    header: 'Not ready',
    numeric: true,
    sort: (row) => row.podsNotReady,
    cell: (row) => (
      <CountLink
        clusterId={row.clusterId}
        count={row.podsNotReady}
        path="/pods"
        search={{ health: 'failed,pending,warning' }}
      />
    ),
  },
  {
    header: 'Restarts',
    numeric: true,
    hint: 'Restarts of containers in the time range',
    sort: (row) => row.restarts,
    cell: (row) => (
      <CountLink clusterId={row.clusterId} count={row.restarts} path="/pods" search={{ restarted: 'true' }} />
    ),
  },
  {
    header: 'Errors',
    numeric: true,
    hint: 'Error events in the time range',
    sort: (row) => row.errorEvents,
    cell: (row) => (
      <CountLink
        clusterId={row.clusterId}
        count={row.errorEvents}
        path="/events"
        search={{ severity: 'error' }}
      />
    ),
  },
  {
    header: 'Warnings',
    numeric: true,
    hint: 'Warning events in the time range',
    sort: (row) => row.warningEvents,
    cell: (row) => (
      <ClusterLink clusterId={row.clusterId} path="/events" search={{ severity: 'warning' }}>
        {formatCount(row.warningEvents)}
      </ClusterLink>
    ),
  },
]

export function ClusterTable({ clusters }: { readonly clusters: readonly ClusterSummary[] }) {
  return <DataTable rows={clusters} rowKey={(row) => row.clusterId} columns={columns} />
}

function agentState(cluster: ClusterSummary): string {
  if (cluster.lastSeenMs === 0) return 'never seen'
  return cluster.agentHealthy ? 'healthy' : 'unhealthy'
}

export function AgentState({ cluster }: { readonly cluster: ClusterSummary }) {
  const silent = Date.now() - cluster.lastSeenMs > silentMs
  const seen = `${formatAgo(cluster.lastSeenMs)}`
  if (!cluster.agentHealthy)
    return <StatusBadge state="failed">{`${agentState(cluster)}, seen ${seen}`}</StatusBadge>
  if (silent) return <StatusBadge state="warning">{`silent, seen ${seen}`}</StatusBadge>
  return (
    <StatusBadge state="ok">{`healthy${cluster.agentVersion ? `, ${cluster.agentVersion}` : ''}`}</StatusBadge>
  )
}
