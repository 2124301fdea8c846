import { occurrences } from './events.ts'
import { findingIdsOfObject } from './finding-sql.ts'
import { isEvicted, podHealth, podsInRange } from './pod-sql.ts'
import { inRange, type ListFilter, listParams, passes, type Query, type Range } from './query.ts'
import { inSpanRange } from './span-sql.ts'
import { usageAtEnd } from './usage.ts'

export interface PodFilter extends Range {
  readonly clusterId: string
  readonly namespace: ListFilter
  readonly status: ListFilter
  readonly phase: ListFilter
  readonly health: ListFilter
  readonly workload: ListFilter
  readonly node: ListFilter
  readonly version: ListFilter
  /** Part of the name, in any case; '': any. */
  readonly text: string
  /** Findings of which a pod has at least one. */
  readonly finding: ListFilter
  /** One pod, by uid or `namespace/name`; '': any. */
  readonly uid: string
  /** Only pods with a restart in the range. */
  readonly restarted: boolean
  /** Also pods that were deleted within the range. */
  readonly deleted: boolean
}

export interface PodListRow {
  readonly uid: string
  readonly name: string
  readonly namespace: string
  readonly workloadKind: string
  readonly workload: string
  readonly node: string
  readonly version: string
  readonly status: string
  readonly phase: string
  readonly health: 'ok' | 'pending' | 'warning' | 'failed' | 'done'
  readonly ready: number
  readonly containers: number
  readonly restarts: number
  readonly restartsInRange: number
  readonly lastRestartMs: number
  readonly createdMs: number
  readonly deleted: boolean
  readonly evicted: boolean
  readonly traced: boolean
  readonly cpuUsedMillicores: number | null
  readonly cpuRequestMillicores: number
  readonly cpuLimitMillicores: number
  readonly memoryUsedBytes: number | null
  readonly memoryRequestBytes: number
  readonly memoryLimitBytes: number
  readonly eventMs: number
  readonly eventReason: string
  readonly eventSeverity: 'info' | 'warning' | 'error'
}

const facetNames = ['namespace', 'status', 'phase', 'health', 'workload', 'node', 'version'] as const

const pods = `
SELECT *, ${podHealth} AS health, ${isEvicted} AS evicted, ${findingIdsOfObject} AS findingIds
FROM (${podsInRange})
WHERE ({deleted:Bool} OR aliveAtEnd)
  AND (NOT {restarted:Bool} OR uid IN (
    SELECT uid FROM k8s_changes
    WHERE cluster_id = {clusterId:String} AND change = 'restart' AND ${inRange('time')}
  ))
  AND ({uid:String} = '' OR uid = {uid:String} OR concat(namespace, '/', name) = {uid:String})
  AND ({text:String} = '' OR positionCaseInsensitiveUTF8(name, {text:String}) > 0)
  AND (empty({findingIn:Array(String)}) OR hasAny({findingIn:Array(String)}, findingIds))`

const passesAll = facetNames.map((name) => passes(name, name)).join(' AND ')

/** Pods with their use, restarts, last event and whether they sent spans; problems first. */
export function podsQuery(filter: PodFilter, limit: number): Query {
  return {
    sql: `
SELECT
  p.uid AS uid, p.name AS name, p.namespace AS namespace, p.workload_kind AS workloadKind, p.workload AS workload,
  p.node AS node, p.version AS version, p.status AS status, p.phase AS phase, p.health AS health, p.ready AS ready,
  p.desired AS containers, p.restarts AS restarts, toFloat64(r.restarts) AS restartsInRange,
  toUnixTimestamp64Milli(p.last_restart_at) AS lastRestartMs, toUnixTimestamp64Milli(p.created_at) AS createdMs,
  p.deleted AS deleted, toBool(p.evicted) AS evicted,
  toBool(t.pod != '') AS traced,
  u.cpuUsedMillicores AS cpuUsedMillicores, u.memoryUsedBytes AS memoryUsedBytes,
  p.cpu_request_millicores AS cpuRequestMillicores, p.cpu_limit_millicores AS cpuLimitMillicores,
  p.memory_request_bytes AS memoryRequestBytes, p.memory_limit_bytes AS memoryLimitBytes,
  toUnixTimestamp64Milli(e.at) AS eventMs, e.reason AS eventReason, e.severity AS eventSeverity
FROM (${pods} AND ${passesAll}) AS p
LEFT JOIN (
  SELECT uid, count() AS restarts FROM k8s_changes FINAL
  WHERE cluster_id = {clusterId:String} AND change = 'restart' AND ${inRange('time')}
  GROUP BY uid
) AS r ON r.uid = p.uid
LEFT JOIN (
  SELECT DISTINCT namespace, pod FROM spans
  WHERE cluster_id = {clusterId:String} AND pod != '' AND ${inSpanRange('start_time')}
) AS t ON t.namespace = p.namespace AND t.pod = p.name
LEFT JOIN (${usageAtEnd}) AS u ON u.namespace = p.namespace AND u.pod = p.name
LEFT JOIN (
  SELECT object_uid, max(o.at) AS at, argMax(o.reason, o.at) AS reason, argMax(o.severity, o.at) AS severity
  FROM (${occurrences}) AS o GROUP BY object_uid
) AS e ON e.object_uid = p.uid
ORDER BY transform(health, ['failed', 'pending', 'warning', 'ok', 'done'], [0, 1, 2, 3, 4], 5), namespace, name
LIMIT {limit:UInt32}`,
    params: { ...podParams(filter), limit },
  }
}

/** Pods per value of each facet under all filters but the facet's own; the facet `total` under all filters. */
export function podFacetsQuery(filter: PodFilter): Query {
  const others = (name: string) =>
    facetNames
      .filter((other) => other !== name)
      .map((other) => passes(other, other))
      .join(' AND ')
  const facets = facetNames.map((name) => `('${name}', toString(${name}), ${others(name)})`)
  return {
    sql: `
SELECT candidate.1 AS facet, candidate.2 AS value, toFloat64(count()) AS count
FROM (${pods})
ARRAY JOIN [${facets.join(', ')}, ('total', '', ${passesAll})] AS candidate
WHERE candidate.3
GROUP BY facet, value
ORDER BY facet, count DESC, value
LIMIT 200 BY facet`,
    params: podParams(filter),
  }
}

function podParams(filter: PodFilter): Record<string, unknown> {
  const { clusterId, fromMs, toMs, text, uid, restarted, deleted } = filter
  const { namespace, status, phase, health, workload, node, version, finding } = filter
  return {
    clusterId,
    fromMs,
    toMs,
    text,
    uid,
    restarted,
    deleted,
    ...listParams({ namespace, status, phase, health, workload, node, version, finding }),
  }
}

export interface PodObjectRow {
  readonly labels: Record<string, string>
  readonly podIp: string
  readonly qosClass: string
  /** JSON array of ContainerState. */
  readonly containers: string
}

export function podObjectQuery(key: { clusterId: string; uid: string }): Query {
  return {
    sql: `
SELECT labels, pod_ip AS podIp, qos_class AS qosClass, containers
FROM k8s_objects FINAL
WHERE cluster_id = {clusterId:String} AND kind = 'Pod' AND uid = {uid:String}
LIMIT 1`,
    params: key,
  }
}

export interface PodServiceRow {
  readonly application: string
  readonly service: string
  readonly spans: number
  readonly errors: number
}

export function podServicesQuery(
  scope: Range & { clusterId: string; namespace: string; pod: string },
): Query {
  return {
    sql: `
SELECT application, service, toFloat64(sum(weight)) AS spans, toFloat64(sumIf(weight, status = 2)) AS errors
FROM spans FINAL
WHERE cluster_id = {clusterId:String} AND namespace = {namespace:String} AND pod = {pod:String} AND ${inSpanRange('start_time')}
GROUP BY application, service
ORDER BY spans DESC
LIMIT 100`,
    params: { ...scope },
  }
}
