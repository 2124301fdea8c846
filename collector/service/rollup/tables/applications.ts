import type { Query } from '../../query/query.ts'
import { eachMinute, type MinutesToCompute, minuteParams } from '../minutes.ts'
import { noRed, redCellColumns } from '../red-cells.ts'

/** The calls that enter each application, from red_1m as it was just written. */
export function applicationsQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO applications_1m (minute, application, ${redCellColumns}, generation)
SELECT
  minute, application, sum(calls), sum(errors), sum(duration_sum_ns), max(duration_max_ns), sumMap(duration_buckets, duration_counts).1,
  sumMap(duration_buckets, duration_counts).2, {generation:UInt64}
FROM red_1m
WHERE generation = {generation:UInt64} AND minute IN (SELECT ${eachMinute}) AND entering
GROUP BY minute, application
UNION ALL
SELECT ${eachMinute}, '', ${noRed}, {generation:UInt64}`,
    params: minuteParams(minutes),
  }
}
