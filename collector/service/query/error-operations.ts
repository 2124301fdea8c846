import { type Query, type Range, stepOf } from './query.ts'
import type { RedRow } from './red.ts'
import { type CallRows, redRows } from './red-rows.ts'
import { isEntry, kindName } from './span-sql.ts'

/** Entry spans of the tiers of `{application:String}`. */
const entryCalls: CallRows = {
  table: 'red',
  columns: 'operation, kind',
  closedColumns: "service, version, toFixedString('', 16) AS sample, operation, kind",
  condition: 'application = {application:String}',
  open: ({ own }) => `
  SELECT
    service, version, trace_id AS sample, operation, kind, start_time, duration_ns AS durationNs, status AS outcome, weight
  FROM spans FINAL
  WHERE ${isEntry} AND application = {application:String} AND ${own('start_time')}`,
}

export interface ErrorOperationRow extends RedRow {
  readonly service: string
  readonly operation: string
  readonly kind: string
  /** Of the failed calls. */
  readonly versions: readonly string[]
}

/** Entry operations that failed at all; those that failed the most first. */
export function errorOperationsQuery(scope: Range & { application: string; limit: number }): Query {
  const from = redRows(entryCalls, scope)
  return {
    sql: `${from.bounds}
SELECT
  service, operation, ${kindName('call.kind')} AS kind,
  arraySort(groupUniqArrayIf(20)(toString(version), version != '' AND ${from.failed} > 0)) AS versions, ${from.red}
FROM (${from.rows}) AS call
GROUP BY service, operation, kind
HAVING errors > 0
ORDER BY errors DESC, service, operation
LIMIT {limit:UInt32}`,
    params: { ...scope },
  }
}

export interface ErrorStepRow {
  readonly service: string
  readonly operation: string
  readonly kind: string
  readonly timeMs: number
  readonly errors: number
}

export function errorStepsQuery(scope: Range & { application: string; stepMs: number }): Query {
  const from = redRows(entryCalls, scope)
  return {
    sql: `${from.bounds}
SELECT service, operation, ${kindName('call.kind')} AS kind, ${stepOf('at')} AS timeMs, toFloat64(sum(${from.failed})) AS errors
FROM (${from.rows}) AS call
GROUP BY service, operation, kind, timeMs
HAVING errors > 0
ORDER BY service, operation, kind, timeMs
LIMIT 100000`,
    params: { ...scope },
  }
}
