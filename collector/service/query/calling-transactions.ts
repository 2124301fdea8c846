import { backendName, backendSystem, backendType, isSettled } from './edge-sql.ts'
import { entriesOf } from './entry-sql.ts'
import { guarded } from './judged-sql.ts'
import { rangeWindow } from './pairing-sql.ts'
import type { Query, Range } from './query.ts'
import { isMessage } from './queues.ts'
import { inSpanRange, once } from './span-sql.ts'
import { isDatabaseCall, statementHash } from './statement-sql.ts'
import { among, type FlowTraces } from './transaction-flow.ts'
import type { Naming } from './transaction-naming.ts'

/** What is called: a statement of a database (`name`: the peer), or a backend; names of backends: edge-sql.ts. */
export interface Called {
  readonly type: 'statement' | 'database' | 'external' | 'queue'
  readonly system: string
  readonly name: string
  /** Of a statement. */
  readonly hash: string
}

export interface CallToRow {
  readonly traceId: string
  /** The client or producer span. */
  readonly spanId: string
  readonly durationMs: number
  readonly weight: number
}

const isStatement = `${isDatabaseCall} AND db_system = {system:String} AND peer = {name:String} AND ${statementHash} = {hash:UInt64}`
const isBackend = `${backendType} = {type:String} AND ${backendSystem} = {system:String} AND ${backendName} = {name:String} AND ${isMessage}
    AND ${isSettled}`

/** The newest calls of an application, as they are counted: to a host those that are settled. */
export function callsToQuery(
  scope: Range & Called & { readonly application: string; readonly nowMs: number },
  limit: number,
): Query {
  return {
    sql: `
SELECT lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, duration_ns / 1e6 AS durationMs, weight
FROM (
  SELECT trace_id, span_id, start_time, duration_ns, weight FROM spans
  WHERE kind IN (3, 4) AND NOT sidecar AND application = {application:String} AND ${inSpanRange('start_time')}
    AND ${scope.type === 'statement' ? isStatement : isBackend}
  ${once}
)
ORDER BY start_time DESC, traceId, spanId
LIMIT {limit:UInt32}`,
    params: { ...scope, limit },
  }
}

export interface EnteredSpanRow {
  readonly traceId: string
  readonly spanId: string
  readonly service: string
  readonly transaction: string
}

/** Every call that entered the application in the traces. */
export function enteredSpansQuery(
  traces: FlowTraces & { readonly application: string },
  naming: Naming,
): Query {
  const condition = `application = {application:String} AND ${among}`
  return {
    sql: `
SELECT lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, service, transaction
FROM (${guarded(entriesOf(rangeWindow, naming, condition), naming)})
WHERE transaction != ''`,
    params: { ...traces, naming: naming.revision },
  }
}
