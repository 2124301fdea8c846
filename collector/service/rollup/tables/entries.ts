import { entriesOf, entryColumns, pairedColumns } from '../../query/entry-sql.ts'
import type { Query } from '../../query/query.ts'
import { otherTraffic } from '../../query/transaction-naming.ts'
import { textLiteral } from '../../query/transaction-sql.ts'
import { type MinutesToCompute, minuteOf, minuteParams, windowOf } from '../minutes.ts'

/** `pairedColumns` as they are stored. */
const storedPaired =
  'messaging_system, messaging_destination, linked, paired, caller_application, caller_service, caller_version, caller_kind, caller_ns, caller_status'

/**
 * The entry spans of the minutes, set aside once for all tables that are made of them: which of them enter is dear to find out.
 *
 *   spans ──▶ rollup_entries ──▶ transactions (which there are) ──▶ thresholds_1m ──▶ red_1m ──▶ transactions_1m
 *     │                                                                 └──────────▶ nodes_1m, snapshots
 *     └─────▶ edges_1m
 */
export function entriesQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO rollup_entries (minute, ${entryColumns}, ${storedPaired}, generation)
SELECT ${minuteOf('start_time')}, ${entryColumns}, ${pairedColumns}, {generation:UInt64} FROM (${entriesOf(windowOf(minutes), minutes.naming)})`,
    params: minuteParams(minutes),
  }
}

export function dropEntriesQuery({ generation }: Pick<MinutesToCompute, 'generation'>): Query {
  return { sql: `ALTER TABLE rollup_entries DROP PARTITION ${generation}`, params: {} }
}

export const staged = 'FROM rollup_entries WHERE generation = {generation:UInt64}'

/** SQL text: `callColumns` of those with a parent alone. */
export const stagedCalls = `
SELECT
  start_time, application, service, version, kind, messaging_system, messaging_destination, duration_ns, status, weight,
  paired AND caller_kind != 5 AS paired, caller_application AS callerApplication, caller_service AS callerService,
  caller_version AS callerVersion, caller_kind AS callerKind, caller_ns AS callerNs, caller_status AS callerStatus
${staged} AND kind IN (2, 5) AND NOT linked`

/** Transactions that the application has under this naming. */
export const knownTransactions = `
SELECT application, service, transaction FROM transactions
GROUP BY application, service, transaction HAVING max(naming) >= {naming:UInt64}`

/**
 * SQL text: the entry spans with what they count as: the others of an application that has too many transactions are one.
 * `of`: the operation, where it is that which a call is compared by.
 */
export const guardedEntries = `
SELECT
  * REPLACE (
    if(transaction = '' OR (application, service, transaction) IN (${knownTransactions}), transaction, ${textLiteral(otherTraffic)}) AS transaction
  ),
  if(transaction = '', toString(operation), '') AS of
${staged}`
