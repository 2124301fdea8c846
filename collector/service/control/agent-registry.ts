import { type AgentTableRow, agentsTable } from '../../record/agent.ts'
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
 * Limits: `agentsMax` agents in memory (the one that was silent longest goes and is asked again), texts of a report.
 */
export interface AgentRegistry {
  /** `known`: everything about this agent is known; otherwise it should report all. */
  report(message: AgentMessage): Promise<{ readonly known: boolean }>
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

  async function writeRow(agentUid: string, agent: KnownAgent): Promise<boolean> {
    const nowMs = clock.nowMs()
    const rows = [rowOf(agentUid, agent, nowMs)]
    const outcome = await store.insert({ table: agentsTable, rows }, `agent-${agentUid}-${nowMs}`)
    if (outcome.type === 'stored') return true
    log.warn({ agentUid, cause: outcome.message }, 'cannot store the report of an agent')
    return false
  }

  return {
    async report(message) {
      const before = agents.get(message.agentUid)
      // A gap means that a change may have been missed.
      const continued = before && message.sequence === before.sequence + 1 ? before : undefined
      const description = message.description ?? continued?.description
      if (!description) return { known: false }
      // Only the description is mandatory: an agent may not be able to report the others.
      const health = message.health ?? continued?.health ?? unknownHealth
      const effectiveConfig = message.effectiveConfig ?? continued?.effectiveConfig ?? ''

      const agent = {
        sequence: message.sequence,
        description,
        health: message.disconnect ? stopped(health) : health,
        effectiveConfig,
        rowAtMs: before?.rowAtMs ?? 0,
      }
      remember(message.agentUid, agent)
      const due = clock.nowMs() - agent.rowAtMs >= rowIntervalMs
      if ((due || !before || changed(before, agent)) && (await writeRow(message.agentUid, agent)))
        stored(message.agentUid)
      if (message.disconnect) agents.delete(message.agentUid)
      return { known: true }
    },
  }
}

function stopped(health: AgentHealth): AgentHealth {
  return { ...health, healthy: false, status: 'stopped' }
}

function changed(before: KnownAgent, after: KnownAgent): boolean {
  const text = ({ description, health, effectiveConfig }: KnownAgent) =>
    JSON.stringify([[...description], health, effectiveConfig])
  return text(before) !== text(after)
}

function rowOf(agentUid: string, agent: KnownAgent, nowMs: number): AgentTableRow {
  const { description, health, effectiveConfig } = agent
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
  }
}
