import type { Store } from '../../collector/service/store/store.ts'
import type { Tables } from './rollup-model.ts'

/** The valid rows of the rollup tables, as the lines that the model makes. */
const red =
  "concat(toString(calls), ' ', toString(errors), ' ', toString(duration_sum_ns), ' ', toString(duration_max_ns), ' ', toJSONString(arrayMap((b, n) -> [toFloat64(b), n], duration_buckets, duration_counts)))"
const tier =
  "toString(toUnixTimestamp(minute)), '|', cluster_id, '|', namespace, '|', application, '|', service, '|', version"
const redKey = tier.replace('minute', 'TIME')
const edgeKey =
  "toString(toUnixTimestamp(TIME)), '|', caller_type, '|', caller_application, '|', caller_service, '|', caller_version, '|', callee_type, '|', callee_application, '|', callee_service, '|', callee_version, '|', system, '|', toString(kind), '|', toString(async)"
const sample = "' ', lower(hex(sample_trace_id))"

const valid = (table: string, time: string, amount = 'calls') =>
  `${table} FINAL WHERE ${amount} > 0 AND (${time}, generation) IN (SELECT ${time}, max(generation) FROM ${table} GROUP BY ${time})`

const classes = "' ', toString(slow), ' ', toString(very_slow), ' ', toString(stalled)"
const redOf = (table: string, time: string, more = '') =>
  `SELECT concat(${redKey.replace('TIME', time)}, '|', operation, '|', toString(kind), '|', toString(entering)${more}, ' ', ${red}, ${classes}) AS line FROM ${valid(table, time)}`
const transactionsOf = (table: string, time: string) =>
  `SELECT concat(toString(toUnixTimestamp(${time})), '|', application, '|', service, '|', transaction, '|', version, '|', cluster_id, '|', namespace, ' ', ${red}, ${classes}) AS line FROM ${valid(table, time)}`
const edgesOf = (table: string, time: string) =>
  `SELECT concat(${edgeKey.replace('TIME', time)}, ' ', ${red}) AS line FROM ${valid(table, time)}`

const nodesOf = (table: string, time: string) =>
  `SELECT concat(toString(toUnixTimestamp(${time})), '|', application, '|', service, '|', version, '|', cluster_id, '|', namespace, '|', pod, ' ', ${red}, ${classes}) AS line FROM ${valid(table, time)}`
const applicationsOf = (table: string, time: string) =>
  `SELECT concat(toString(toUnixTimestamp(${time})), '|', application, ' ', ${red}) AS line FROM ${valid(table, time)}`
const dbOf = (table: string, time: string) => `
SELECT concat(${redKey.replace('TIME', time)}, '|', d.db_system, '|', peer, '|', s.statement, ' ', ${red}, ${sample}) AS line
FROM (SELECT * FROM ${valid(table, time)}) AS d
INNER JOIN (SELECT * FROM db_statements FINAL) AS s ON s.statement_hash = d.statement_hash AND s.db_system = d.db_system`
const queuesOf = (table: string, time: string) =>
  `SELECT concat(toString(toUnixTimestamp(${time})), '|', application, '|', service, '|', version, '|', system, '|', name, '|', toString(consumes), ' ', ${red}, ${sample}) AS line FROM ${valid(table, time)}`
const endpointsOf = (table: string, time: string) =>
  `SELECT concat(${redKey.replace('TIME', time)}, '|', protocol, '|', method, '|', name, ' ', ${red}, ${sample}) AS line FROM ${valid(table, time)}`

const frames =
  "replaceRegexpAll(arrayStringConcat(arrayPopFront(splitByChar('\\n', g.stack)), '\\n'), '[0-9]+', '?')"

const questions = {
  red_1m: redOf('red_1m', 'minute', ", '|', transaction"),
  red_1h: redOf('red_1h', 'hour'),
  transactions_1m: transactionsOf('transactions_1m', 'minute'),
  transactions_1h: transactionsOf('transactions_1h', 'hour'),
  nodes_1m: nodesOf('nodes_1m', 'minute'),
  nodes_1h: nodesOf('nodes_1h', 'hour'),
  applications_1m: applicationsOf('applications_1m', 'minute'),
  applications_1h: applicationsOf('applications_1h', 'hour'),
  thresholds_1m: `
SELECT concat(
  toString(toUnixTimestamp(minute)), '|', application, '|', service, '|', transaction, '|', operation, ' ',
  toString(calls), ' ', toDecimalString(mean_ms, 3), ' ', toDecimalString(sigma_ms, 3)
) AS line FROM ${valid('thresholds_1m', 'minute', 'slow_ms')}`,
  edges_1m: edgesOf('edges_1m', 'minute'),
  edges_1h: edgesOf('edges_1h', 'hour'),
  db_1m: dbOf('db_1m', 'minute'),
  db_1h: dbOf('db_1h', 'hour'),
  queues_1m: queuesOf('queues_1m', 'minute'),
  queues_1h: queuesOf('queues_1h', 'hour'),
  endpoints_1m: endpointsOf('endpoints_1m', 'minute'),
  endpoints_1h: endpointsOf('endpoints_1h', 'hour'),
  exceptions_1m: `
SELECT concat(${tier}, '|', operation, '|', e.exception_type, '|', ${frames}, ' ', toString(count), ${sample}, ' ', sample_message) AS line
FROM (SELECT * FROM ${valid('exceptions_1m', 'minute', 'count')}) AS e
INNER JOIN (SELECT * FROM exception_groups FINAL) AS g ON g.group_hash = e.group_hash`,
  exception_sightings: `
SELECT concat(
  s.application, '|', s.service, '|', s.version, '|', g.exception_type, '|', ${frames}, ' ',
  toString(toUnixTimestamp(min(first_seen))), ' ', toString(toUnixTimestamp(max(s.last_seen)))
) AS line
FROM exception_sightings AS s
INNER JOIN (SELECT * FROM exception_groups FINAL) AS g ON g.group_hash = s.group_hash
GROUP BY s.application, s.service, s.version, s.group_hash, g.exception_type, g.stack`,
  trace_index: `
SELECT concat(
  lower(hex(trace_id)), ' ', toString(toUnixTimestamp(minute)), ' ', toString(start_offset_ms), ' ', toString(duration_ms), ' ',
  toString(spans), ' ', toString(errors), ' ', root_service, ' ', root_operation, ' ', toString(root_duration_ms)
) AS line FROM trace_index FINAL`,
  snapshots: `
SELECT concat(
  toString(toUnixTimestamp(toStartOfMinute(start_time))), '|', cluster_id, '|', namespace, '|', application, '|', service, '|',
  transaction, '|', if(transaction = '', operation, ''), '|', operation, '|', toString(kind), '|', toString(reason), ' ',
  if(reason = 'periodic', 'any', lower(hex(span_id))), ' ', toString(alike), ' ', toString(kept)
) AS line
FROM snapshots FINAL
WHERE reason != 'computed' AND (toStartOfMinute(start_time), generation) IN (
  SELECT toStartOfMinute(start_time) AS minute, max(generation) FROM snapshots GROUP BY minute
)`,
} as const

export async function tablesOf(store: Pick<Store, 'query'>): Promise<Tables> {
  const tables: Record<string, string[]> = {}
  for (const [table, sql] of Object.entries(questions)) {
    const rows = await store.query<{ line: string }>({ sql, params: {} })
    tables[table] = rows.map(({ line }) => line).sort()
  }
  return tables
}
