import { bool, defineTable, type RowOf, string, timeMs, word, words } from './table.ts'

/** Agents as they report themselves over OpAMP; the newest report wins. */
export const agentsTable = defineTable('agents', null, {
  agent_uid: string,
  cluster_id: word,
  cluster_name: word,
  version: word,
  started_at: timeMs,
  last_seen: timeMs,
  healthy: bool,
  health: string,
  effective_config: string,
  description: words,
  /** JSON {status, hash, error, atMs} of a RemoteConfigStatus; '': none was offered. */
  remote_config: string,
})
export type AgentTableRow = RowOf<typeof agentsTable>

/** What an agent of ours says of itself beside the attributes of the conventions. */
export const agentAttributes = {
  /** full, or state: no telemetry of applications is received. */
  mode: 'binnacle.agent.mode',
  /** Compressed bodies sent to the service, two digits, told anew every ten minutes; absent: not known yet. */
  bytesPerPodHour: 'binnacle.agent.bytes_per_pod_hour',
  /** What it is of: `last hour` or `since start`. */
  bytesOver: 'binnacle.agent.bytes_over',
  /** `on` or `off`: whether the chart injects instrumentation into new pods. */
  injection: 'binnacle.agent.injection',
  /** `<namespace>/<name>` of the ConfigMap that says into which workloads it does not. */
  injectionConfigMap: 'binnacle.agent.injection.config_map',
} as const

/** In the error of a component of the health: what follows says what to do about it. OpAMP has no place of its own for it. */
export const fixMark = '\nFix: '
