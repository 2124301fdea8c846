import { agentAttributes } from '../../record/agent.ts'
import type { Query, Range } from './query.ts'

export interface AgentListRow {
  readonly agentUid: string
  readonly clusterId: string
  readonly clusterName: string
  readonly version: string
  readonly startedMs: number
  readonly lastSeenMs: number
  readonly healthy: boolean
  /** JSON array of {name, healthy, status, error}. */
  readonly health: string
  readonly effectiveConfig: string
  /** JSON of a RemoteConfigStatus and `atMs`; '': none was offered. */
  readonly remoteConfig: string
  /** full or state; '': it does not say. */
  readonly mode: string
  readonly bytesPerPodHour: number | null
  readonly bytesOver: string
}

export function agentsQuery(): Query {
  return {
    sql: `
SELECT
  agent_uid AS agentUid, cluster_id AS clusterId, cluster_name AS clusterName, version,
  toUnixTimestamp64Milli(started_at) AS startedMs, toUnixTimestamp64Milli(last_seen) AS lastSeenMs,
  healthy, health, effective_config AS effectiveConfig,
  remote_config AS remoteConfig,
  description[{modeKey:String}] AS mode,
  toFloat64OrNull(description[{bytesKey:String}]) AS bytesPerPodHour,
  description[{overKey:String}] AS bytesOver
FROM agents FINAL
ORDER BY last_seen DESC, agentUid
LIMIT 1000`,
    params: {
      modeKey: agentAttributes.mode,
      bytesKey: agentAttributes.bytesPerPodHour,
      overKey: agentAttributes.bytesOver,
    },
  }
}

export interface ViolationListRow {
  readonly violationId: string
  readonly rule: string
  readonly severity: 'warning' | 'critical'
  readonly entityKind: string
  readonly entity: string
  readonly clusterId: string
  readonly namespace: string
  readonly application: string
  readonly message: string
  readonly openedMs: number
  readonly closedMs: number
}

/** Violations that were open at some time of the range: open ones first, then the newest. */
export function violationsQuery({ fromMs, toMs }: Range): Query {
  return {
    sql: `
SELECT
  violation_id AS violationId, rule, severity, entity_kind AS entityKind, entity, cluster_id AS clusterId, namespace,
  application, message, toUnixTimestamp64Milli(opened_at) AS openedMs, toUnixTimestamp64Milli(closed_at) AS closedMs
FROM violations FINAL
WHERE opened_at < fromUnixTimestamp64Milli({toMs:Int64})
  AND (closedMs = 0 OR closed_at >= fromUnixTimestamp64Milli({fromMs:Int64}))
ORDER BY closedMs != 0, severity, opened_at DESC, violationId
LIMIT 1000`,
    params: { fromMs, toMs },
  }
}
