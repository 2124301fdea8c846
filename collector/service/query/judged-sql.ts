import { classOf, windowMinutes } from './class-sql.ts'
import { entriesOfApplication } from './entry-sql.ts'
import type { SpanWindow } from './pairing-sql.ts'
import type { Range } from './query.ts'
import { closedRows, openCells, openWindowOf, type RedSource } from './red-rollup.ts'
import { type Naming, otherTraffic } from './transaction-naming.ts'
import { transactionsMaxOf } from './transaction-rules-sql.ts'
import { textLiteral } from './transaction-sql.ts'

/**
 * The entry spans of an application (`{application:String}`) with their class, from raw spans: what the rollup does when a
 * minute is computed (rollup/tables), for minutes that are not. A call is compared with the thresholds of its minute; as long as
 * there are none, with the newest of the two hours before.
 */
const known = 'FROM transactions WHERE application = {application:String} AND naming >= {naming:UInt64}'

/**
 * SQL text: entry spans with the transaction that they count as (`{naming:UInt64}`). New transactions are the others only once
 * there is no more room.
 */
export const guarded = (entries: string, naming: Naming) => `
SELECT
  * REPLACE (
    if(transaction = '' OR (SELECT uniqExact(service, transaction) ${known}) < (${transactionsMaxOf(naming)}) OR (service, transaction) IN (SELECT service, transaction ${known}), transaction, ${textLiteral(otherTraffic)})
    AS transaction
  ),
  if(transaction = '', toString(operation), '') AS of, toStartOfMinute(start_time) AS minute
FROM (${entries})`

const thresholdsIn = ({ around }: SpanWindow) => {
  const within = around('minute', windowMinutes * 60_000, 0)
  return `
SELECT
  true AS found, minute AS since, service AS thresholdService, transaction AS thresholdTransaction, operation AS thresholdOf,
  calls, mean_ms, sigma_ms, slow_ms, very_slow_ms, stall_ms, rule
FROM thresholds_1m
WHERE ${within} AND application = {application:String}
  AND (minute, generation) IN (SELECT minute, max(generation) FROM thresholds_1m WHERE ${within} GROUP BY minute)`
}

/** SQL text: the columns of `entryColumns`, `class` and the thresholds. */
export const judgedEntries = (window: SpanWindow, naming: Naming, condition: string): string => `
SELECT entry.*, threshold.*, ${classOf('entry.duration_ns / 1e6', 'entry.status = 2', 'threshold')} AS class
FROM (${guarded(entriesOfApplication(window, naming, condition), naming)}) AS entry
ASOF LEFT JOIN (${thresholdsIn(window)}) AS threshold
ON thresholdService = entry.service AND thresholdTransaction = entry.transaction AND thresholdOf = entry.of AND entry.minute >= since`

interface JudgedRows {
  readonly range: Range
  readonly table: 'red' | 'transactions' | 'nodes'
  readonly source: Exclude<RedSource, 'raw'>
  /** Columns that the table and entry spans have. */
  readonly columns: string
  /** SQL text of a condition on columns that both have, beside that of the application. */
  readonly condition: string
  /** The same of raw spans alone, where they lack columns. */
  readonly rawCondition?: string
  readonly naming: Naming
}

const classCells = ['slow', 'very slow', 'stall']
  .map((name, index) => `if(class = '${name}', weight, 0) AS ${['slowN', 'verySlowN', 'stalledN'][index]}`)
  .join(', ')

/** SQL text: rows with the columns, `at`, whether they are of raw spans (`isOpen`), the cells of RED and how many calls are slow, very slow and stalled; within `closedBounds`. */
export function judgedRows({
  range,
  table,
  source,
  columns,
  condition,
  rawCondition = 'true',
  naming,
}: JudgedRows) {
  const entering = table === 'transactions' ? "transaction != ''" : 'true'
  return `
${closedRows({ table, source, judged: true, columns: `${columns}, false AS isOpen`, condition: `application = {application:String} AND ${condition}` })}
UNION ALL
SELECT ${columns}, true AS isOpen, start_time AS at, ${openCells()}, ${classCells}
FROM (${judgedEntries(openWindowOf(range), naming, rawCondition)})
WHERE ${entering} AND ${condition}`
}

/** SQL text: how many calls of such rows are of which class, beside `calls` and `errors`. */
export const classColumns =
  'toFloat64(sum(slowN)) AS slow, toFloat64(sum(verySlowN)) AS verySlow, toFloat64(sum(stalledN)) AS stalled'

export interface ClassCounts {
  readonly slow: number
  readonly verySlow: number
  readonly stalled: number
}
