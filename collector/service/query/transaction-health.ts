import type { BaselineWindow } from './baseline.ts'
import { type BaselineHoursRow, entityHoursQuery } from './baseline-sql.ts'
import type { Query } from './query.ts'
import { isValid } from './red-rollup.ts'
import { otherTraffic } from './transaction-naming.ts'
import { textLiteral } from './transaction-sql.ts'

/**
 * Transactions of all applications beside the hours that say what is usual for them at this hour of the day: from minutes that are rolled up, and
 * of those that are called often enough, the busiest first; so it costs little however many there are.
 */
export const transactionsJudgedMax = 5_000

export interface BusyTransactionRow extends BaselineHoursRow {
  readonly application: string
  readonly service: string
  readonly transaction: string
  readonly calls: number
  readonly errors: number
  readonly meanMs: number
  /** How many transactions are called so often. */
  readonly busy: number
}

/** Without those that have no past at this hour. The window begins and ends with a minute. */
export function transactionHealthQuery(params: {
  readonly fromMs: number
  readonly toMs: number
  readonly callsPerMinute: number
  readonly window: BaselineWindow
}): Query {
  const { window, ...scope } = params
  const at = (name: string) => `toDateTime(intDiv({${name}:Int64}, 1000), 'UTC')`
  const minutes = `minute >= ${at('fromMs')} AND minute < ${at('toMs')}`
  const past = entityHoursQuery(
    { level: 'transaction', application: '', season: 'daily', zone: 'UTC' },
    window,
    '(application, service, transaction) IN (SELECT application, service, transaction FROM busy)',
  )
  return {
    sql: `
WITH busy AS (
  SELECT
    application, service, transaction, toFloat64(sum(calls)) AS n, toFloat64(sum(errors)) AS failed,
    sum(duration_sum_ns) / n / 1e6 AS mean, count() OVER () AS all
  FROM transactions_1m
  WHERE ${isValid('transactions_1m', 'minute', minutes)} AND transaction NOT IN ('', ${textLiteral(otherTraffic)})
  GROUP BY application, service, transaction
  HAVING n > {callsPerMinute:Float64} * ({toMs:Int64} - {fromMs:Int64}) / 60000
  ORDER BY n DESC, application, service, transaction
  LIMIT ${transactionsJudgedMax}
)
SELECT
  busy.application AS application, busy.service AS service, busy.transaction AS transaction, n AS calls, failed AS errors,
  mean AS meanMs, toFloat64(all) AS busy, past.stored AS stored, past.called AS called
FROM busy
INNER JOIN (${past.sql}) AS past
ON past.application = busy.application AND past.service = busy.service AND past.transaction = busy.transaction
ORDER BY calls DESC, application, service, transaction`,
    params: { ...past.params, ...scope },
  }
}
