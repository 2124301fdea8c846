import type { AgentList, AgentRow } from '@binnacle/collector/api/clusters'
import { Link } from '@tanstack/react-router'
import { useApi } from '../api.ts'
import { ClusterLink } from '../clusters/cluster-link.tsx'
import { NoClusterYet } from '../clusters/opt-in-hint.tsx'
import { formatAge, formatAgo, formatBytes, formatDateTime } from '../format.ts'
import { RestartHints } from '../instrumentation/restart-hints.tsx'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { CopyButton } from '../parts/copy-button.tsx'
import { KeyValue } from '../parts/key-value.tsx'
import { Page } from '../parts/page.tsx'
import { StatusBadge } from '../parts/status-badge.tsx'
import './configure.css'

/** Agents report every 30 s or so; after this long something is wrong. */
const silentMs = 3 * 60_000

/** Every agent: whether it is well, and the configuration it really runs with. */
export function AgentsPage() {
  const answer = useApi<AgentList>('/agents')
  return (
    <Page title="Agents" actions={<Link to="/about">About this service</Link>}>
      <RestartHints />
      <AnswerView answer={answer} height={320}>
        {({ agents }) =>
          agents.length === 0 ? (
            <NoClusterYet />
          ) : (
            agents.map((agent) => <Agent key={agent.agentUid} agent={agent} />)
          )
        }
      </AnswerView>
    </Page>
  )
}

function Agent({ agent }: { readonly agent: AgentRow }) {
  const nowMs = Date.now()
  const silent = nowMs - agent.lastSeenMs > silentMs
  return (
    <Card title={agent.clusterName || agent.clusterId} actions={<AgentLinks agent={agent} />}>
      <div className="agent">
        <div>
          <KeyValue
            items={[
              ['State', <AgentHealth key="state" agent={agent} silent={silent} />],
              ['Last seen', formatAgo(agent.lastSeenMs, nowMs)],
              ['Running since', `${formatDateTime(agent.startedMs)} (${formatAge(nowMs - agent.startedMs)})`],
              ['Version', agent.version],
              ['Cluster', agent.clusterId],
              ['Collects', collects(agent)],
              ['Sends', sends(agent)],
              ['Configuration from here', <RemoteConfig key="remote" agent={agent} />],
              ['Agent', <code key="uid">{agent.agentUid}</code>],
            ]}
          />
          <h3>Checklist</h3>
          <Checklist parts={agent.health} />
        </div>
        <div>
          <h3>
            Effective configuration <CopyButton text={agent.effectiveConfig} label="Copy the configuration" />
          </h3>
          <pre className="config">{agent.effectiveConfig || 'not reported'}</pre>
        </div>
      </div>
    </Card>
  )
}

function collects({ mode }: AgentRow): string {
  if (mode === 'state') return 'the cluster alone (mode state): traces are not received'
  return mode === 'full' ? 'the cluster, and traces of its applications' : 'not reported'
}

function sends({ bytesPerPodHour, bytesOver }: AgentRow): string {
  if (bytesPerPodHour === null) return 'not known yet'
  return `${formatBytes(bytesPerPodHour)} per pod and hour, compressed, ${bytesOver === 'last hour' ? 'over the last hour' : bytesOver}`
}

/** What is wrong first. */
function Checklist({ parts }: { readonly parts: AgentRow['health'] }) {
  const sorted = parts
    .filter(({ name }) => name !== 'agent')
    .toSorted((a, b) => Number(a.healthy) - Number(b.healthy))
  return (
    <ul className="checklist">
      {sorted.map(({ name, healthy, status, error, fix }) => (
        <li key={name}>
          <span className={healthy ? 'check-good' : 'check-bad'} aria-hidden="true">
            {healthy ? '✓' : '✗'}
          </span>
          <div>
            {name}:{' '}
            <span className={healthy ? 'quiet' : 'check-bad'}>{status || (healthy ? 'ok' : 'failed')}</span>
            {error !== '' && <div className="quiet">{error}</div>}
            {fix !== '' && <div>→ {fix}</div>}
          </div>
        </li>
      ))}
    </ul>
  )
}

function RemoteConfig({ agent: { remoteConfig } }: { readonly agent: AgentRow }) {
  if (!remoteConfig) return 'none was sent'
  const { status, version, error, atMs } = remoteConfig
  if (status === 'failed')
    return <StatusBadge state="failed">{`version ${version} refused: ${error}`}</StatusBadge>
  return `version ${version} ${status} at ${formatDateTime(atMs)}`
}

function AgentLinks({ agent }: { readonly agent: AgentRow }) {
  return (
    <>
      <Link
        className="button button-primary"
        to="/agents/$clusterId/configure"
        params={{ clusterId: agent.clusterId }}
      >
        Configure
      </Link>
      <ClusterLink clusterId={agent.clusterId} path="/namespaces">
        Namespaces and why
      </ClusterLink>
    </>
  )
}

function AgentHealth({ agent, silent }: { readonly agent: AgentRow; readonly silent: boolean }) {
  if (!agent.healthy) return <StatusBadge state="failed">unhealthy</StatusBadge>
  return silent ? (
    <StatusBadge state="warning">silent</StatusBadge>
  ) : (
    <StatusBadge state="ok">healthy</StatusBadge>
  )
}
