import { backendName, backendSystem, backendType, isSettled, toBackends } from './edge-sql.ts'
import { type Query, type Range, stepOf } from './query.ts'
import type { RedRow } from './red.ts'
import { type CallRows, redRows } from './red-rows.ts'
import { inSpanRange } from './span-sql.ts'

/** Calls of the tiers of `{application:String}` to what sends no spans of its own: databases and other hosts. Queues: queues.ts. */
export const backendCalls: CallRows = {
  table: 'edges',
  columns: 'type, system, name',
  closedColumns: `toString(caller_service) AS service, toString(caller_version) AS version, toFixedString('', 16) AS sample,
    toString(callee_type) AS type, system, toString(callee_service) AS name`,
  condition:
    "caller_type = 'tier' AND caller_application = {application:String} AND callee_type IN ('database', 'external')",
  open: (window) => `
  SELECT
    caller_service AS service, caller_version AS version, trace_id AS sample, callee_type AS type, system, callee_service AS name,
    start_time, durationNs, outcome, weight
  FROM (${toBackends(window, `application = {application:String} AND (db_system != '' OR messaging_system = '') AND ${isSettled}`, 'trace_id, ')})`,
}

/** SQL text: the calls to one backend. */
export const isBackend = '(type = {type:String} AND system = {system:String} AND name = {name:String})'

export interface BackendCallsRow extends RedRow {
  /** Of a backend, or of one of its callers. */
  readonly level: 'backend' | 'caller'
  readonly type: 'database' | 'external'
  readonly system: string
  readonly name: string
  readonly service: string
}

export function backendsQuery(scope: Range & { application: string; nowMs: number; limit: number }): Query {
  const from = redRows(backendCalls, scope)
  return {
    sql: `${from.bounds}
SELECT if(grouping(service) = 0, 'caller', 'backend') AS level, type, system, name, service, ${from.red}
FROM (${from.rows})
GROUP BY GROUPING SETS ((type, system, name), (type, system, name, service))
ORDER BY level, meanMs * calls DESC, type, system, name, service
LIMIT {limit:UInt32} BY level`,
    params: { ...scope },
  }
}

export interface BackendStepRow {
  readonly type: string
  readonly system: string
  readonly name: string
  readonly timeMs: number
  readonly calls: number
}

export function backendStepsQuery(
  scope: Range & { application: string; nowMs: number; stepMs: number },
): Query {
  const from = redRows(backendCalls, scope)
  return {
    sql: `${from.bounds}
SELECT type, system, name, ${stepOf('at')} AS timeMs, toFloat64(sum(${from.calls})) AS calls
FROM (${from.rows})
GROUP BY type, system, name, timeMs
ORDER BY type, system, name, timeMs
LIMIT 100000`,
    params: { ...scope },
  }
}

/** Edges keep no trace: the slowest calls of the range, which should be short, from raw spans. */
export function slowBackendCallsQuery(
  scope: Range & { application: string; type: string; system: string; name: string },
): Query {
  return {
    sql: `
SELECT
  lower(hex(trace_id)) AS traceId, toUnixTimestamp64Milli(start_time) AS atMs, duration_ns / 1e6 AS durationMs, service, version
FROM spans
WHERE kind IN (3, 4) AND NOT sidecar AND application = {application:String} AND ${inSpanRange('start_time')}
  AND ${backendType} = {type:String} AND ${backendSystem} = {system:String} AND ${backendName} = {name:String}
ORDER BY duration_ns DESC, traceId
LIMIT 1 BY trace_id
LIMIT 10`,
    params: { ...scope },
  }
}
