import { endpointColumns } from './endpoint-sql.ts'
import { type Query, type Range, stepOf } from './query.ts'
import type { RedRow } from './red.ts'
import { type CallRows, redRows } from './red-rows.ts'
import { isEntry } from './span-sql.ts'

/** What the tiers of `{application:String}` offer. */
export const endpointCalls: CallRows = {
  table: 'endpoints',
  columns: 'protocol, method, name',
  closedColumns:
    'service, version, sample_trace_id AS sample, toString(protocol) AS protocol, toString(method) AS method, toString(name) AS name',
  condition: 'application = {application:String}',
  open: ({ own }) => `
  SELECT
    service, version, trace_id AS sample, endpoint AS name, ${endpointColumns}, start_time, duration_ns AS durationNs,
    status AS outcome, weight
  FROM spans FINAL
  WHERE ${isEntry} AND application = {application:String} AND ${own('start_time')}`,
}

/** SQL text: the calls of one endpoint. */
export const isEndpoint =
  '(service = {service:String} AND protocol = {protocol:String} AND method = {method:String} AND name = {name:String})'

export interface EndpointCallsRow extends RedRow {
  readonly service: string
  readonly protocol: 'http' | 'rpc' | 'messaging' | 'other'
  readonly method: string
  readonly name: string
  readonly versions: readonly string[]
  readonly sampleTraceId: string
  readonly sampleAtMs: number
}

export function endpointsQuery(scope: Range & { application: string; limit: number }): Query {
  const from = redRows(endpointCalls, scope)
  return {
    sql: `${from.bounds}
SELECT
  service, protocol, method, name, arraySort(groupUniqArrayIf(20)(toString(version), version != '')) AS versions,
  lower(hex(argMax(sample, ${from.longestNs}))) AS sampleTraceId, toUnixTimestamp64Milli(argMax(at, ${from.longestNs})) AS sampleAtMs,
  ${from.red}
FROM (${from.rows})
GROUP BY service, protocol, method, name
ORDER BY calls DESC, service, protocol, name, method
LIMIT {limit:UInt32}`,
    params: { ...scope },
  }
}

export interface EndpointStepRow {
  readonly service: string
  readonly protocol: string
  readonly method: string
  readonly name: string
  readonly timeMs: number
  readonly calls: number
}

export function endpointStepsQuery(scope: Range & { application: string; stepMs: number }): Query {
  const from = redRows(endpointCalls, scope)
  return {
    sql: `${from.bounds}
SELECT service, protocol, method, name, ${stepOf('at')} AS timeMs, toFloat64(sum(${from.calls})) AS calls
FROM (${from.rows})
GROUP BY service, protocol, method, name, timeMs
ORDER BY service, protocol, method, name, timeMs
LIMIT 100000`,
    params: { ...scope },
  }
}
