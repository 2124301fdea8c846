import { entriesOf } from './entry-sql.ts'
import { rangeWindow } from './pairing-sql.ts'
import type { Query, Range } from './query.ts'
import { type RedRow, redColumns } from './red.ts'
import { inSpanRange } from './span-sql.ts'
import type { Naming } from './transaction-naming.ts'

/** A look at some traces of a transaction: who served them, and what failed on the way (where their time goes: anatomy.ts). From raw spans of a short range. */
export interface SampleScope extends Range {
  readonly application: string
  readonly service: string
  readonly transaction: string
  readonly naming: Naming
}

const entriesIn = ({ naming }: SampleScope) =>
  `SELECT * FROM (${entriesOf(rangeWindow, naming, 'application = {application:String} AND service = {service:String}')}) WHERE transaction = {transaction:String}`

const paramsOf = ({ naming: _, ...scope }: SampleScope) => ({ ...scope })

export interface SampleNodeRow extends RedRow {
  readonly clusterId: string
  readonly namespace: string
  readonly pod: string
  readonly version: string
}

export function sampleNodesQuery(scope: SampleScope): Query {
  return {
    sql: `
SELECT cluster_id AS clusterId, namespace, pod, version, ${redColumns()}
FROM (${entriesIn(scope)})
GROUP BY clusterId, namespace, pod, version
ORDER BY calls DESC, pod, version
LIMIT 200`,
    params: paramsOf(scope),
  }
}

export interface SampleSpanRow {
  readonly traceId: string
  readonly service: string
  readonly failed: boolean
  readonly exceptionType: string
  readonly httpStatus: number
  readonly message: string
}

/** The spans of the newest traces, whole traces until `limit` is reached. */
export function sampleSpansQuery(
  scope: SampleScope,
  page: { readonly traces: number; readonly limit: number },
): Query {
  return {
    sql: `
SELECT
  lower(hex(trace_id)) AS traceId, service, toBool(status = 2) AS failed, exception_type AS exceptionType,
  http_status AS httpStatus, substring(status_message, 1, 200) AS message
FROM spans FINAL
WHERE ${inSpanRange('start_time', 120_000)} AND trace_id IN (
  SELECT trace_id FROM (${entriesIn(scope)}) ORDER BY start_time DESC LIMIT 1 BY trace_id LIMIT {traces:UInt32}
)
ORDER BY trace_id, start_time
LIMIT {limit:UInt32}`,
    params: { ...paramsOf(scope), ...page },
  }
}
