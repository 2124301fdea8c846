import { edgeKeys } from '../query/edge-sql.ts'
import type { Query } from '../query/query.ts'
import { noRed, redCellColumns } from './red-cells.ts'

/** Hours from the valid rows of their minutes. Hours are Unix s. */
export interface HourToCompute {
  readonly hour: number
  readonly generation: bigint
  /** The newest generation of its minutes that the rows are made of. */
  readonly newest: string
}

interface HourTable {
  readonly name: 'red' | 'edges' | 'transactions' | 'applications' | 'nodes' | 'db' | 'endpoints' | 'queues'
  readonly keys: string
  /** The keys of the row that only says its generation. */
  readonly none: string
  /** Columns that add up, beside RED. */
  readonly sums?: readonly string[]
  /** With the trace of the slowest call. */
  readonly sample?: true
}

/** Hours that are over, with minutes that were computed after they were; the oldest first. */
export function staleHoursQuery(params: { readonly beforeMs: number }): Query {
  return {
    sql: `
SELECT toUnixTimestamp(minutes.hour) AS hour, toString(minutes.newest) AS newest
FROM (
  SELECT toStartOfHour(minute) AS hour, max(generation) AS newest FROM rollup_minutes
  WHERE toStartOfHour(minute) + INTERVAL 1 HOUR <= fromUnixTimestamp64Milli({beforeMs:Int64})
  GROUP BY hour
) AS minutes
LEFT JOIN (SELECT hour, max(generation) AS done FROM rollup_hours GROUP BY hour) AS hours ON hours.hour = minutes.hour
WHERE minutes.newest > hours.done
ORDER BY hour`,
    params,
  }
}

function hourQuery(
  { name, keys, none, sums = [], sample }: HourTable,
  { hour, generation }: HourToCompute,
): Query {
  const own = (column: string) =>
    `${column} >= toDateTime({hour:UInt32}, 'UTC') AND ${column} < toDateTime({hour:UInt32} + 3600, 'UTC')`
  const more = (text: (column: string) => string, ofSample: string) =>
    `${sums.map((column) => `, ${text(column)}`).join('')}${sample ? `, ${ofSample}` : ''}`
  return {
    sql: `
INSERT INTO ${name}_1h (hour, ${keys}, ${redCellColumns}${more((column) => column, 'sample_trace_id')}, generation)
SELECT
  toDateTime({hour:UInt32}, 'UTC'), ${keys}, sum(calls), sum(errors), sum(duration_sum_ns), max(duration_max_ns),
  sumMap(duration_buckets, duration_counts).1, sumMap(duration_buckets, duration_counts).2${more((column) => `sum(${column})`, 'max((duration_max_ns, sample_trace_id)).2')},
  {generation:UInt64}
FROM ${name}_1m
WHERE ${own('minute')} AND calls > 0
  AND (minute, generation) IN (SELECT minute, max(generation) FROM ${name}_1m WHERE ${own('minute')} GROUP BY minute)
GROUP BY ${keys}
UNION ALL
SELECT toDateTime({hour:UInt32}, 'UTC'), ${none}, ${noRed}${more(() => '0', "''")}, {generation:UInt64}`,
    params: { hour, generation: String(generation) },
  }
}

const judged = ['duration_sum_squares', 'slow', 'very_slow', 'stalled'] as const
const red: HourTable = {
  name: 'red',
  keys: 'cluster_id, namespace, application, service, version, operation, kind, entering',
  none: "'', '', '', '', '', '', 255, false",
  sums: judged,
}
const transactions: HourTable = {
  name: 'transactions',
  keys: 'application, service, transaction, version, cluster_id, namespace',
  none: "'', '', '', '', '', ''",
  sums: judged,
}
const edges: HourTable = {
  name: 'edges',
  keys: edgeKeys,
  none: "'', '', '', '', '', '', '', '', '', 255, false",
}
const applications: HourTable = { name: 'applications', keys: 'application', none: "''" }
const nodes: HourTable = {
  name: 'nodes',
  keys: 'application, service, version, cluster_id, namespace, pod',
  none: "'', '', '', '', '', ''",
  sums: judged,
}
const db: HourTable = {
  name: 'db',
  keys: 'cluster_id, namespace, application, service, version, db_system, peer, statement_hash',
  none: "'', '', '', '', '', '', '', 0",
  sample: true,
}
const endpoints: HourTable = {
  name: 'endpoints',
  keys: 'cluster_id, namespace, application, service, version, protocol, method, name',
  none: "'', '', '', '', '', '', '', ''",
  sample: true,
}
const queues: HourTable = {
  name: 'queues',
  keys: 'application, service, version, system, name, consumes',
  none: "'', '', '', '', '', false",
  sample: true,
}
const hourTables = [red, transactions, edges, applications, nodes, db, endpoints, queues]

/** The rows first, then that the hour is done. */
export const hourQueries = (hour: HourToCompute): readonly Query[] => [
  ...hourTables.map((table) => hourQuery(table, hour)),
  {
    sql: "INSERT INTO rollup_hours (hour, generation) SELECT toDateTime({hour:UInt32}, 'UTC'), {newest:UInt64}",
    params: { hour: hour.hour, newest: hour.newest },
  },
]
