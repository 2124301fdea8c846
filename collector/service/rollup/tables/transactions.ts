import type { Query } from '../../query/query.ts'
import { transactionsMaxOf } from '../../query/transaction-rules-sql.ts'
import { eachMinute, type MinutesToCompute, minuteParams } from '../minutes.ts'
import { noClasses, noRed, redCellColumns } from '../red-cells.ts'
import { knownTransactions, staged } from './entries.ts'

/**
 * Which transactions there are. New ones are admitted while their application has room, the busiest first; who is admitted
 * stays, so that a minute that is computed again gets the same rows. Two replicas that admit at once may go beyond the limit
 * by what one of them admits.
 */
export function knownTransactionsQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO transactions (application, service, transaction, first_seen, last_seen, naming)
SELECT application, service, transaction, first, last, {naming:UInt64} FROM (
  SELECT
    *, (application, service, transaction) IN (${knownTransactions}) AS known,
    row_number() OVER (PARTITION BY application, known ORDER BY calls DESC, service, transaction) AS place
  FROM (
    SELECT application, service, transaction, min(minute) AS first, max(minute) AS last, sum(weight) AS calls
    ${staged} AND transaction != ''
    GROUP BY application, service, transaction
  )
) AS found
LEFT JOIN (SELECT application, count() AS taken FROM (${knownTransactions}) GROUP BY application) AS room
ON room.application = found.application
WHERE known OR place + room.taken <= (${transactionsMaxOf(minutes.naming)})`,
    params: minuteParams(minutes),
  }
}

const keys = 'minute, application, service, transaction, version, cluster_id, namespace'

/** From red_1m as it was just written. */
export function transactionsQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO transactions_1m (${keys}, ${redCellColumns}, duration_sum_squares, slow, very_slow, stalled, generation)
SELECT
  ${keys}, sum(calls), sum(errors), sum(duration_sum_ns), max(duration_max_ns), sumMap(duration_buckets, duration_counts).1,
  sumMap(duration_buckets, duration_counts).2, sum(duration_sum_squares), sum(slow), sum(very_slow), sum(stalled),
  {generation:UInt64}
FROM red_1m
WHERE generation = {generation:UInt64} AND minute IN (SELECT ${eachMinute}) AND transaction != ''
GROUP BY ${keys}
UNION ALL
SELECT ${eachMinute}, '', '', '', '', '', '', ${noRed}, 0, ${noClasses}, {generation:UInt64}`,
    params: minuteParams(minutes),
  }
}
