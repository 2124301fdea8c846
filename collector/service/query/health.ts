import { isCrashLooping, isImageProblem, isPending } from './pod-sql.ts'
import type { Query } from './query.ts'
import { between } from './span-sql.ts'

/** What a health rule found, as the database returns it. */
export interface HealthFindingRow {
  readonly rule: string
  readonly severity: 'warning' | 'critical'
  readonly entityKind: string
  readonly entity: string
  /** Of transactions: the tier by which they enter. */
  readonly service?: string
  /** Where the name is not enough to find it. */
  readonly entityId?: string
  readonly clusterId: string
  readonly namespace: string
  readonly application: string
  readonly message: string
  /** JSON of an Evidence. */
  readonly evidence?: string
}

/** Of each question of the rules: what is beyond it is told once something else has ended. */
export const findingsMax = 1_000
const pendingMinutes = 5
const agentSilentMinutes = 2
const errorWindowMinutes = 5
const errorRatioMax = 0.1
const errorCallsMin = 20
/** Between two crashes a container runs for a while: the loop goes on until it has been quiet for so long. */
const crashQuietMinutes = 10
const crashesMin = 2

/** Pods that crash, cannot get their image, or wait for long. */
export function podHealthQuery({ nowMs }: { nowMs: number }): Query {
  const crashing = `(${isCrashLooping} OR (restarts >= ${crashesMin} AND toUnixTimestamp64Milli(last_restart_at) > {nowMs:Int64} - ${crashQuietMinutes * 60_000}))`
  return {
    sql: `
SELECT
  multiIf(${crashing}, 'pod-crash-looping', ${isImageProblem}, 'pod-image-pull', 'pod-pending') AS rule,
  if(rule = 'pod-pending', 'warning', 'critical') AS severity,
  'Pod' AS entityKind, name AS entity, cluster_id AS clusterId, namespace, '' AS application,
  multiIf(
    rule = 'pod-crash-looping', concat('Pod ', name, ' crashes again and again: ', if(restarts = 0, toString(status), concat(toString(restarts), if(restarts = 1, ' restart', ' restarts')))),
    rule = 'pod-image-pull', concat('Pod ', name, ' cannot get its image: ', status),
    concat('Pod ', name, ' has been ', status, ' for more than ${pendingMinutes} minutes')
  ) AS message
FROM k8s_objects FINAL
WHERE kind = 'Pod' AND NOT deleted AND (
  ${crashing} OR ${isImageProblem}
  OR (${isPending} AND toUnixTimestamp64Milli(created_at) < {nowMs:Int64} - ${pendingMinutes * 60_000})
)
ORDER BY clusterId, namespace, entity, rule
LIMIT ${findingsMax}`,
    params: { nowMs },
  }
}

/** Services whose entry spans fail too often. */
export function errorRatioQuery({ nowMs }: { nowMs: number }): Query {
  return {
    sql: `
SELECT
  'service-error-ratio' AS rule, if(failed / calls > 0.5, 'critical', 'warning') AS severity, 'Service' AS entityKind,
  service AS entity, any(cluster_id) AS clusterId, any(span.namespace) AS namespace, application,
  concat(service, ': ', toString(round(100 * failed / calls, 1)), ' % of ', toString(calls), ' calls failed in ${errorWindowMinutes} minutes') AS message,
  sum(weight) AS calls, sumIf(weight, status = 2) AS failed
FROM spans AS span FINAL
WHERE kind IN (2, 5)
  AND ${between('start_time', `{nowMs:Int64} - ${errorWindowMinutes * 60_000}`, '{nowMs:Int64}')}
GROUP BY application, service
HAVING calls >= ${errorCallsMin} AND failed / calls > ${errorRatioMax}
ORDER BY application, service
LIMIT ${findingsMax}`,
    params: { nowMs },
  }
}

/** Agents that have stopped reporting; after a day they are history. */
export function silentAgentsQuery({ nowMs }: { nowMs: number }): Query {
  return {
    sql: `
SELECT
  'agent-silent' AS rule, 'critical' AS severity, 'Agent' AS entityKind, agent_uid AS entity, cluster_id AS clusterId,
  '' AS namespace, '' AS application,
  concat('The agent of cluster ', if(cluster_name = '', cluster_id, cluster_name), ' has not reported for more than ${agentSilentMinutes} minutes') AS message
FROM agents FINAL
WHERE last_seen < fromUnixTimestamp64Milli({nowMs:Int64} - ${agentSilentMinutes * 60_000})
  AND last_seen > fromUnixTimestamp64Milli({nowMs:Int64} - 86400000)
  -- An agent that was restarted has a new uid: its cluster is looked after.
  AND cluster_id NOT IN (
    SELECT cluster_id FROM agents FINAL
    WHERE last_seen >= fromUnixTimestamp64Milli({nowMs:Int64} - ${agentSilentMinutes * 60_000})
  )
ORDER BY clusterId, entity
LIMIT ${findingsMax}`,
    params: { nowMs },
  }
}

/** Violations that are open now. */
export function openViolationsQuery(): Query {
  return {
    sql: `
SELECT
  violation_id AS violationId, rule, severity, entity_kind AS entityKind, entity, service, entity_id AS entityId,
  cluster_id AS clusterId, namespace, application, message, evidence, toUnixTimestamp64Milli(opened_at) AS openedMs
FROM violations FINAL
WHERE toUnixTimestamp64Milli(closed_at) = 0
LIMIT 10000`,
    params: {},
  }
}
