import { podHealth, podsInRange } from './pod-sql.ts'
import { inRange, type Query, type Range, stepOf } from './query.ts'
import { type RedRow, redColumns } from './red.ts'
import {
  closedBoundsOf,
  closedRows,
  mergedRedColumns,
  openCells,
  openWindowOf,
  redSource,
} from './red-rollup.ts'
import { inSpanRange, isEntry } from './span-sql.ts'
import { usageAtEnd } from './usage.ts'

/** Nodes of an application: pods, or, where they run outside of Kubernetes, services (`pod` is '' then). */
const node = 'service, cluster_id, namespace, pod'
const isMine = 'application = {application:String}'
const columns = `${node}, version`

/** SQL text: bounds, columns of RedRow, rows, and the columns of their time and calls. There are no hours of nodes. */
function entriesOf(
  scope: Range & { stepMs?: number },
): [bounds: string, red: string, rows: string, time: string, calls: string] {
  const entries = (cells: string, within: string) =>
    `SELECT ${columns}, ${cells} FROM spans FINAL WHERE ${isMine} AND ${isEntry} AND ${within}`
  if (redSource(scope) === 'raw') {
    const rows = entries('status, start_time, duration_ns, weight', inSpanRange('start_time'))
    return ['', redColumns(), rows, 'start_time', 'weight']
  }
  const rows = `${closedRows({ table: 'nodes', source: 'minutes', columns, condition: isMine })}
  UNION ALL ${entries(`start_time AS at, ${openCells()}`, openWindowOf(scope).own('start_time'))}`
  return [closedBoundsOf(scope), mergedRedColumns(), rows, 'at', 'n']
}

export const tierNodesMax = 2_000

export interface TierNodeRow extends RedRow {
  readonly service: string
  readonly clusterId: string
  readonly namespace: string
  readonly pod: string
  readonly versions: readonly string[]
  /** To the minute where it is long ago. */
  readonly lastSeenMs: number
}

/** RED of each node that served calls, the busiest of each tier first. */
export function tierNodesQuery(scope: Range & { application: string }): Query {
  const [bounds, red, rows, time] = entriesOf(scope)
  return {
    sql: `${bounds}
SELECT
  service, cluster_id AS clusterId, namespace, pod, arraySort(groupUniqArrayIf(20)(version, version != '')) AS versions,
  toUnixTimestamp64Milli(toDateTime64(max(${time}), 3)) AS lastSeenMs, ${red}
FROM (${rows})
GROUP BY ${node}
ORDER BY service, calls DESC, pod, cluster_id, namespace
LIMIT ${tierNodesMax}`,
    params: { ...scope },
  }
}

export interface TierNodeStepRow {
  readonly service: string
  readonly clusterId: string
  readonly namespace: string
  readonly pod: string
  readonly timeMs: number
  readonly calls: number
}

/** Calls of each node per step, for spark lines. */
export function tierNodeStepsQuery(scope: Range & { application: string; stepMs: number }): Query {
  const [bounds, , rows, time, calls] = entriesOf(scope)
  return {
    sql: `${bounds}
SELECT service, cluster_id AS clusterId, namespace, pod, ${stepOf(time)} AS timeMs, toFloat64(sum(${calls})) AS calls
FROM (${rows})
GROUP BY ${node}, timeMs
ORDER BY ${node}, timeMs`,
    params: { ...scope },
  }
}

export interface PodStateRow {
  readonly namespace: string
  readonly pod: string
  readonly uid: string
  readonly status: string
  readonly health: 'ok' | 'pending' | 'warning' | 'failed' | 'done'
  readonly deleted: boolean
  readonly ready: number
  readonly containers: number
  readonly restarts: number
  readonly restartsInRange: number
  readonly createdMs: number
  readonly node: string
  readonly cpuUsedMillicores: number | null
  readonly cpuRequestMillicores: number
  readonly cpuLimitMillicores: number
  readonly memoryUsedBytes: number | null
  readonly memoryRequestBytes: number
  readonly memoryLimitBytes: number
}

/** What Kubernetes says of pods, named `namespace/name`; of several of one name (a StatefulSet's) the newest. */
export function podStatesQuery(scope: Range & { clusterId: string; pods: readonly string[] }): Query {
  return {
    sql: `
SELECT
  p.namespace AS namespace, p.name AS pod, p.uid AS uid, p.status AS status, p.health AS health, p.deleted AS deleted,
  p.ready AS ready, p.desired AS containers, p.restarts AS restarts, toFloat64(r.restarts) AS restartsInRange,
  toUnixTimestamp64Milli(p.created_at) AS createdMs, p.node AS node,
  u.cpuUsedMillicores AS cpuUsedMillicores, u.memoryUsedBytes AS memoryUsedBytes,
  p.cpu_request_millicores AS cpuRequestMillicores, p.cpu_limit_millicores AS cpuLimitMillicores,
  p.memory_request_bytes AS memoryRequestBytes, p.memory_limit_bytes AS memoryLimitBytes
FROM (
  SELECT *, ${podHealth} AS health FROM (${podsInRange}) WHERE has({pods:Array(String)}, concat(namespace, '/', name))
  ORDER BY aliveAtEnd DESC, created_at DESC
  LIMIT 1 BY namespace, name
) AS p
LEFT JOIN (
  SELECT uid, count() AS restarts FROM k8s_changes FINAL
  WHERE cluster_id = {clusterId:String} AND change = 'restart' AND ${inRange('time')}
  GROUP BY uid
) AS r ON r.uid = p.uid
LEFT JOIN (${usageAtEnd}) AS u ON u.namespace = p.namespace AND u.pod = p.name
ORDER BY namespace, pod`,
    params: { ...scope },
  }
}
