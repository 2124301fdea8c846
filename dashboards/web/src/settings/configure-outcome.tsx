import type { ClusterConfiguration } from '@binnacle/collector/api/agent-configuration'
import { formatDateTime } from '../format.ts'
import { StatusBadge } from '../parts/status-badge.tsx'

interface Props {
  readonly configuration: ClusterConfiguration
  /** The newest that was sent from here or is known here. */
  readonly version: number
}

type AgentOfCluster = ClusterConfiguration['agents'][number]

/** What became of the configuration at each agent of the cluster. */
export function ConfigureOutcome({ configuration, version }: Props) {
  const { agents, changedAtMs, changedBy } = configuration
  if (version === 0)
    return <p className="quiet">Nothing was set from here yet: labels and Helm values decide alone.</p>
  return (
    <div className="configure-outcome" role="status">
      <span>
        Version {version}
        {changedAtMs > 0 && configuration.version === version
          ? `, set ${formatDateTime(changedAtMs)} from ${changedBy}`
          : ''}
      </span>
      {agents.map((agent) => (
        <AgentOutcome key={agent.agentUid} agent={agent} version={version} />
      ))}
    </div>
  )
}

function AgentOutcome({ agent, version }: { readonly agent: AgentOfCluster; readonly version: number }) {
  const { remote } = agent
  if (remote?.version !== version || remote.status === 'applying')
    return <StatusBadge state="pending">{`sent, agent ${agent.version} has not answered yet`}</StatusBadge>
  if (remote.status === 'failed')
    return (
      <StatusBadge state="failed">
        {`refused by agent ${agent.version}, the configuration before it stays: ${remote.error}`}
      </StatusBadge>
    )
  return (
    <StatusBadge state="ok">{`applied at ${formatDateTime(remote.atMs)} by agent ${agent.version}`}</StatusBadge>
  )
}
