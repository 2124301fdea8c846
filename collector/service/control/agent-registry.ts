import { type AgentTableRow, agentsTable } from '../../record/agent.ts'
import {
  agentNamespacesTable,
  parseNamespacesReport,
  type RemoteConfigStatus,
} from '../../record/remote-config.ts'
import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { AgentHealth, AgentMessage } from '../../wire/opamp.ts'
import type { Store } from '../store/store.ts'

/**
 * What agents last said, and its rows in the table `agents`.
 *
 * Agents leave out what has not changed, so the last state of each is kept in memory; after a restart of the service, or
 * when another replica answers, an agent is asked for everything again. A row is written when something changed and at
 * most every `rowIntervalMs` otherwise; when the database is away the next report writes it.
 * The namespaces of its cluster that an agent tells of go to the table `agent_namespaces` and are not kept here.
 * Limits: `agentsMax` agents in memory (the one that was silent longest goes and is asked again), texts of a report.
 */
export interface AgentRegistry {
  report(message: AgentMessage): Promise<ReportOutcome>
}

export interface ReportOutcome {
  /** Everything about this agent is known; otherwise it should report all. */
  readonly known: boolean
  /** '' as long as the agent does not know it. */
  readonly clusterId: string
  /** Of the remote configuration that the agent was last offered, taken or refused; '': none. */
  readonly remoteConfigHash: string
}

export interface AgentRegistryDeps {
  readonly store: Pick<Store, 'insert'>
  readonly clock: Clock
  readonly log: Log
}

export interface AgentRegistryConfig {
  readonly agentsMax?: number
  readonly rowIntervalMs?: number
}

interface KnownAgent {
  readonly sequence: number
  readonly description: ReadonlyMap<string, string>
  readonly health: AgentHealth
  readonly effectiveConfig: string
  readonly remoteConfig: (RemoteConfigStatus & { readonly atMs: number }) | undefined
  /** Of the last row that was written. */
  readonly rowAtMs: number
}

const unknownHealth: AgentHealth = { healthy: true, status: '', error: '', startedAtMs: 0, components: [] }
const configCharsMax = 256 * 1024
const attributesMax = 64
const textCharsMax = 1_024

export function createAgentRegistry(
  { store, clock, log }: AgentRegistryDeps,
  { agentsMax = 10_000, rowIntervalMs = 10_000 }: AgentRegistryConfig = {},
): AgentRegistry {
  /** In order of their last report. */
  const agents = new Map<string, KnownAgent>()

  function remember(agentUid: string, agent: KnownAgent): void {
    agents.delete(agentUid)
    agents.set(agentUid, agent)
    const [oldest] = agents.keys()
    if (agents.size > agentsMax && oldest !== undefined) agents.delete(oldest)
  }

  function stored(agentUid: string): void {
    const latest = agents.get(agentUid)
    if (latest) agents.set(agentUid, { ...latest, rowAtMs: clock.nowMs() })
  }

  /** When a status was first heard of. */
  function sinceMs(status: RemoteConfigStatus, before: KnownAgent['remoteConfig']): number {
    const same = before?.hash === status.hash && before.status === status.status
    return same ? before.atMs : clock.nowMs()
  }

  async function writeRow(agentUid: string, agent: KnownAgent): Promise<boolean> {
    const nowMs = clock.nowMs()
    const rows = [rowOf(agentUid, agent, nowMs)]
    const outcome = await store.insert({ table: agentsTable, rows }, `agent-${agentUid}-${nowMs}`)
    if (outcome.type === 'stored') return true
    log.warn({ agentUid, cause: outcome.message }, 'cannot store the report of an agent')
    return false
  }

  /** False when the agent must send it again. */
  async function writeNamespaces(agentUid: string, clusterId: string, report: string): Promise<boolean> {
    const nowMs = clock.nowMs()
    try {
      parseNamespacesReport(report)
    } catch (error) {
      log.warn({ agentUid, cause: errorText(error) }, 'an agent told of namespaces in vain')
      return true
    }
    const rows = [{ cluster_id: clusterId, agent_uid: agentUid, report, reported_at: nowMs }]
    const outcome = await store.insert(
      { table: agentNamespacesTable, rows },
      `namespaces-${agentUid}-${nowMs}`,
    )
    if (outcome.type === 'stored') return true
    log.warn({ agentUid, cause: outcome.message }, 'cannot store the namespaces that an agent told of')
    return false
  }

  return {
    async report(message) {
      const before = agents.get(message.agentUid)
      // A gap means that a change may have been missed.
      const continued = before && message.sequence === before.sequence + 1 ? before : undefined
      const description = message.description ?? continued?.description
      if (!description) return { known: false, clusterId: '', remoteConfigHash: '' }
      // Only the description is mandatory: an agent may not be able to report the others.
      const health = message.health ?? continued?.health ?? unknownHealth
      const effectiveConfig = message.effectiveConfig ?? continued?.effectiveConfig ?? ''
      const remoteConfig = message.remoteConfig
        ? { ...message.remoteConfig, atMs: sinceMs(message.remoteConfig, before?.remoteConfig) }
        : continued?.remoteConfig

      const agent = {
        sequence: message.sequence,
        description,
        health: message.disconnect ? stopped(health) : health,
        effectiveConfig,
        remoteConfig,
        rowAtMs: before?.rowAtMs ?? 0,
      }
      remember(message.agentUid, agent)
      const due = clock.nowMs() - agent.rowAtMs >= rowIntervalMs
      if ((due || !before || changed(before, agent)) && (await writeRow(message.agentUid, agent)))
        stored(message.agentUid)
      const clusterId = description.get('k8s.cluster.uid') ?? ''
      const told =
        message.namespaces === undefined ||
        (await writeNamespaces(message.agentUid, clusterId, message.namespaces))
      if (message.disconnect || !told) agents.delete(message.agentUid)
      return { known: told, clusterId, remoteConfigHash: remoteConfig?.hash ?? '' }
    },
  }
}

function stopped(health: AgentHealth): AgentHealth {
  return { ...health, healthy: false, status: 'stopped' }
}

function changed(before: KnownAgent, after: KnownAgent): boolean {
  const text = ({ description, health, effectiveConfig, remoteConfig }: KnownAgent) =>
    JSON.stringify([[...description], health, effectiveConfig, remoteConfig])
  return text(before) !== text(after)
}

function rowOf(agentUid: string, agent: KnownAgent, nowMs: number): AgentTableRow {
  const { description, health, effectiveConfig, remoteConfig } = agent
  const about = (key: string) => (description.get(key) ?? '').slice(0, textCharsMax)
  const overall = { name: 'agent', healthy: health.healthy, status: health.status, error: health.error }
  const components = [overall, ...health.components].slice(0, attributesMax).map((one) => ({
    name: one.name.slice(0, textCharsMax),
    healthy: one.healthy,
    status: one.status.slice(0, textCharsMax),
    error: one.error.slice(0, textCharsMax),
  }))
  return {
    agent_uid: agentUid,
    cluster_id: about('k8s.cluster.uid'),
    cluster_name: about('k8s.cluster.name'),
    version: about('service.version'),
    started_at: health.startedAtMs,
    last_seen: nowMs,
    healthy: health.healthy,
    health: JSON.stringify(components),
    effective_config: effectiveConfig.slice(0, configCharsMax),
    description: new Map([...description.keys()].slice(0, attributesMax).map((key) => [key, about(key)])),
    remote_config: remoteConfig
      ? JSON.stringify({ ...remoteConfig, error: remoteConfig.error.slice(0, textCharsMax) })
      : '',
  }
}
