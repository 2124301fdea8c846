import { backendName } from './edge-sql.ts'
import type { SpanWindow } from './pairing-sql.ts'
import { type Query, type Range, stepOf } from './query.ts'
import type { RedRow } from './red.ts'
import { type CallRows, redRows } from './red-rows.ts'

const operation =
  "coalesce(nullIf(attributes['messaging.operation.type'], ''), attributes['messaging.operation'])"

/** SQL text: a client span that only polls or settles is no message. */
export const isMessage = `(kind != 3 OR ${operation} NOT IN ('receive', 'process', 'poll', 'deliver', 'settle', 'ack', 'nack'))`

/**
 * SQL text: one row a message, put into a queue (producer spans, and clients that send) or taken from it (consumer spans).
 */
export const queueMessages = ({ own }: SpanWindow, condition = 'true'): string => `
  SELECT
    application, service, version, toString(messaging_system) AS system, ${backendName} AS name, toBool(kind = 5) AS consumes,
    trace_id, start_time, duration_ns AS durationNs, status AS outcome, weight
  FROM spans FINAL
  PREWHERE messaging_system != '' AND kind IN (3, 4, 5)
  WHERE db_system = '' AND NOT sidecar AND ${condition} AND ${own('start_time')}
    AND ${isMessage}`

/** Messages of the tiers of `{application:String}`. */
export const queueCalls: CallRows = {
  table: 'queues',
  columns: 'system, name, consumes',
  closedColumns:
    'service, version, sample_trace_id AS sample, toString(system) AS system, toString(name) AS name, consumes',
  condition: 'application = {application:String}',
  open: (window) => `
  SELECT service, version, trace_id AS sample, system, name, consumes, start_time, durationNs, outcome, weight
  FROM (${queueMessages(window, 'application = {application:String}')})`,
}

/** SQL text: the messages of one queue that are put into it, or taken from it. */
export const isQueue = (consumes: boolean): string =>
  `(system = {system:String} AND name = {name:String} AND consumes = ${consumes})`

export interface QueueCallsRow extends RedRow {
  /** Of a queue, or of one of those who put or take. */
  readonly level: 'queue' | 'part'
  readonly system: string
  readonly name: string
  readonly consumes: boolean
  readonly service: string
}

export function queuesQuery(scope: Range & { application: string; limit: number }): Query {
  const from = redRows(queueCalls, scope)
  return {
    sql: `${from.bounds}
SELECT if(grouping(service) = 0, 'part', 'queue') AS level, system, name, consumes, service, ${from.red}
FROM (${from.rows})
GROUP BY GROUPING SETS ((system, name, consumes), (system, name, consumes, service))
ORDER BY level, calls DESC, system, name, consumes, service
LIMIT {limit:UInt32} BY level`,
    params: { ...scope },
  }
}

export interface QueueStepRow {
  readonly system: string
  readonly name: string
  readonly timeMs: number
  readonly calls: number
}

/** Of what is put into them. */
export function queueStepsQuery(scope: Range & { application: string; stepMs: number }): Query {
  const from = redRows(queueCalls, scope, 'NOT consumes')
  return {
    sql: `${from.bounds}
SELECT system, name, ${stepOf('at')} AS timeMs, toFloat64(sum(${from.calls})) AS calls
FROM (${from.rows})
GROUP BY system, name, timeMs
ORDER BY system, name, timeMs
LIMIT 100000`,
    params: { ...scope },
  }
}
