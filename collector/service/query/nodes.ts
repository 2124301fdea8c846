import { findingsOfObject } from './finding-sql.ts'
import { hasEnded, isNotReady, objectsInRange } from './pod-sql.ts'
import type { Query, Range } from './query.ts'
import { nodeUsageAtEnd } from './usage.ts'

export interface NodeListRow {
  readonly name: string
  readonly uid: string
  /** As kubectl prints it: Ready, NotReady, Ready,SchedulingDisabled. */
  readonly status: string
  readonly health: 'ok' | 'warning' | 'failed'
  readonly createdMs: number
  readonly facts: Readonly<Record<string, string>>
  readonly amounts: Readonly<Record<string, number>>
  /** JSON array of ObjectCondition. */
  readonly conditions: string
  readonly findings: readonly (readonly [id: string, detail: string])[]
  /** Of the namespaces that are collected; what has ended takes no room. */
  readonly pods: number
  readonly podsNotReady: number
  readonly cpuRequestMillicores: number
  readonly cpuLimitMillicores: number
  readonly memoryRequestBytes: number
  readonly memoryLimitBytes: number
  readonly cpuUsedMillicores: number | null
  readonly memoryUsedBytes: number | null
}

/** Nodes at the end of the range with what runs on them: not ready first, then those with findings, cordoned ones among them. */
export function nodesQuery(scope: Range & { clusterId: string }): Query {
  return {
    sql: `
SELECT
  n.name AS name, n.uid AS uid, n.status AS status,
  multiIf(NOT startsWith(n.status, 'Ready'), 'failed', notEmpty(n.found), 'warning', 'ok') AS health,
  toUnixTimestamp64Milli(n.created_at) AS createdMs, n.facts AS facts, n.amounts AS amounts, n.conditions AS conditions,
  n.found AS findings,
  toFloat64(p.pods) AS pods, toFloat64(p.podsNotReady) AS podsNotReady,
  toFloat64(p.cpuRequest) AS cpuRequestMillicores, toFloat64(p.cpuLimit) AS cpuLimitMillicores,
  toFloat64(p.memoryRequest) AS memoryRequestBytes, toFloat64(p.memoryLimit) AS memoryLimitBytes,
  u.cpuUsedMillicores AS cpuUsedMillicores, u.memoryUsedBytes AS memoryUsedBytes
FROM (SELECT *, ${findingsOfObject} AS found FROM (${objectsInRange("'Node'")}) WHERE aliveAtEnd) AS n
LEFT JOIN (
  SELECT toString(node) AS node, count() AS pods, countIf(${isNotReady}) AS podsNotReady,
    sum(cpu_request_millicores) AS cpuRequest, sum(cpu_limit_millicores) AS cpuLimit,
    sum(memory_request_bytes) AS memoryRequest, sum(memory_limit_bytes) AS memoryLimit
  FROM (${objectsInRange("'Pod'")})
  WHERE aliveAtEnd AND node != '' AND NOT ${hasEnded}
  GROUP BY node
) AS p ON p.node = n.name
LEFT JOIN (${nodeUsageAtEnd}) AS u ON u.node = n.name
ORDER BY transform(health, ['failed', 'warning', 'ok'], [0, 1, 2], 3), name
LIMIT 5000`,
    params: { ...scope },
  }
}
