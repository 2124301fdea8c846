import { entriesOf, entryColumns } from '../../query/entry-sql.ts'
import type { Query } from '../../query/query.ts'
import { otherTraffic } from '../../query/transaction-naming.ts'
import { textLiteral } from '../../query/transaction-sql.ts'
import { type MinutesToCompute, minuteOf, minuteParams, minuteWindow } from '../minutes.ts'

/**
 * The entry spans of the minutes, set aside once for all tables that are made of them: which of them enter is dear to find out.
 *
 *   spans ──▶ rollup_entries ──▶ transactions (which there are) ──▶ thresholds_1m ──▶ red_1m ──▶ transactions_1m
 *                                                                       └──────────▶ nodes_1m, snapshots
 */
export function entriesQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO rollup_entries (minute, ${entryColumns}, generation)
SELECT ${minuteOf('start_time')}, ${entryColumns}, {generation:UInt64} FROM (${entriesOf(minuteWindow, minutes.naming)})`,
    params: minuteParams(minutes),
  }
}

export function dropEntriesQuery({ generation }: Pick<MinutesToCompute, 'generation'>): Query {
  return { sql: `ALTER TABLE rollup_entries DROP PARTITION ${generation}`, params: {} }
}

export const staged = 'FROM rollup_entries WHERE generation = {generation:UInt64}'

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
