import { agentAttributes } from '../../record/agent.ts'
import type { Query } from './query.ts'

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
