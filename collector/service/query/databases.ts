import { pairingMarginMs, rangeWindow } from './pairing-sql.ts'
import { type Query, type Range, stepOf } from './query.ts'
import type { RedRow } from './red.ts'
import { type CallRows, redRows } from './red-rows.ts'
import { inSpanRange, isEntry, once } from './span-sql.ts'
import { isDatabaseCall, statementHash, statementText } from './statement-sql.ts'

/** Calls of the tiers of `{application:String}` to databases and caches. */
export const databaseCalls: CallRows = {
  table: 'db',
  columns: 'db_system, peer, statement_hash, text',
  closedColumns: "service, version, sample_trace_id AS sample, db_system, peer, statement_hash, '' AS text",
  condition: 'application = {application:String}',
  open: ({ own }) => `
  SELECT
    service, version, trace_id AS sample, db_system, peer, ${statementHash} AS statement_hash, ${statementText} AS text,
    start_time, duration_ns AS durationNs, status AS outcome, weight
  FROM spans
  WHERE ${isDatabaseCall} AND application = {application:String} AND ${own('start_time')}
  ${once}`,
}

/** SQL text: the calls of one statement. */
export const isStatement =
  '(db_system = {system:String} AND peer = {peer:String} AND statement_hash = {hash:UInt64})'

export interface DatabaseCallsRow extends RedRow {
  /** Of a database, of one of its statements, or of one of its callers. */
  readonly level: 'database' | 'statement' | 'caller'
  readonly system: string
  readonly peer: string
  /** A decimal number beyond 2^53. */
  readonly statementHash: string
  /** '' where all of its calls are rolled up: see db_statements. */
  readonly statement: string
  readonly service: string
  readonly services: readonly string[]
  readonly sampleTraceId: string
  readonly sampleAtMs: number
}

/** Those that take the most time first. */
export function databasesQuery(scope: Range & { application: string; limit: number }): Query {
  const from = redRows(databaseCalls, scope)
  return {
    sql: `${from.bounds}
SELECT
  multiIf(grouping(statement_hash) = 0, 'statement', grouping(service) = 0, 'caller', 'database') AS level,
  db_system AS system, peer, toString(statement_hash) AS statementHash, anyIf(text, text != '') AS statement, service,
  arraySort(groupUniqArray(20)(toString(rows.service))) AS services,
  lower(hex(argMax(sample, ${from.longestNs}))) AS sampleTraceId, toUnixTimestamp64Milli(argMax(at, ${from.longestNs})) AS sampleAtMs,
  ${from.red}
FROM (${from.rows}) AS rows
GROUP BY GROUPING SETS ((db_system, peer), (db_system, peer, service), (db_system, peer, statement_hash))
ORDER BY level, meanMs * calls DESC, system, peer, statementHash, service
LIMIT {limit:UInt32} BY level`,
    params: { ...scope },
  }
}

export interface DatabaseStepRow {
  readonly system: string
  readonly peer: string
  readonly timeMs: number
  readonly calls: number
}

export function databaseStepsQuery(scope: Range & { application: string; stepMs: number }): Query {
  const from = redRows(databaseCalls, scope)
  return {
    sql: `${from.bounds}
SELECT db_system AS system, peer, ${stepOf('at')} AS timeMs, toFloat64(sum(${from.calls})) AS calls
FROM (${from.rows})
GROUP BY system, peer, timeMs
ORDER BY system, peer, timeMs
LIMIT 100000`,
    params: { ...scope },
  }
}

export interface StatementTextRow {
  readonly statementHash: string
  readonly statement: string
}

export function statementTextsQuery(hashes: readonly string[]): Query {
  return {
    sql: `
SELECT toString(statement_hash) AS statementHash, any(statement) AS statement FROM db_statements
WHERE statement_hash IN (SELECT toUInt64(arrayJoin({hashes:Array(String)})))
GROUP BY statement_hash`,
    params: { hashes },
  }
}

/** Of a statement whose minutes are not rolled up yet. The range should be short. */
export function openStatementTextQuery(
  scope: Range & { application: string; system: string; peer: string; hash: string },
): Query {
  return {
    sql: `
SELECT toString(statement_hash) AS statementHash, text AS statement FROM (${databaseCalls.open(rangeWindow)})
WHERE ${isStatement} LIMIT 1`,
    params: { ...scope },
  }
}

export interface StatementCallerRow {
  readonly service: string
  /** '': the entry span is not stored. */
  readonly operation: string
  readonly calls: number
  readonly meanMs: number
}

/** Calls looked at, the newest, for what only raw spans know. */
const recentCallsMax = 2_000

/** Which entry operations make the calls of a statement: of the newest calls of the range, which should be short. */
export function statementCallersQuery(
  scope: Range & { application: string; system: string; peer: string; hash: string },
): Query {
  const calls = `
  SELECT sample AS trace_id, service, durationNs, weight FROM (${databaseCalls.open(rangeWindow)}) WHERE ${isStatement}
  ORDER BY start_time DESC, trace_id
  LIMIT ${recentCallsMax}`
  return {
    sql: `
SELECT
  call.service AS service, entry.operation AS operation, toFloat64(sum(call.weight)) AS calls,
  sum(call.durationNs * call.weight) / calls / 1e6 AS meanMs
FROM (${calls}) AS call
LEFT JOIN (
  SELECT trace_id, service, argMin(operation, start_time) AS operation FROM spans
  WHERE ${isEntry} AND application = {application:String} AND ${inSpanRange('start_time', pairingMarginMs)}
    AND trace_id IN (SELECT trace_id FROM (${calls}))
  GROUP BY trace_id, service
) AS entry ON entry.trace_id = call.trace_id AND entry.service = call.service
GROUP BY service, operation
ORDER BY calls DESC, service, operation
LIMIT 50`,
    params: { ...scope },
  }
}
