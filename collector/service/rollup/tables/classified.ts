import { classOf } from '../../query/class-sql.ts'
import { guardedEntries } from './entries.ts'

/** SQL text: the guarded entry spans, each with its `class`, and the thresholds of its minute as `threshold`. */
export const classifiedEntries = `
SELECT entry.*, threshold.*, ${classOf('duration_ns / 1e6', 'entry.status = 2', 'threshold')} AS class
FROM (${guardedEntries}) AS entry
INNER JOIN (
  SELECT
    true AS found, minute AS thresholdMinute, application AS thresholdApplication, service AS thresholdService,
    transaction AS thresholdTransaction, operation AS thresholdOf, calls, mean_ms, sigma_ms, slow_ms, very_slow_ms, stall_ms, rule
  FROM thresholds_1m
  WHERE generation = {generation:UInt64} AND toUnixTimestamp(minute) IN {minutes:Array(UInt32)}
) AS threshold
ON thresholdMinute = entry.minute AND thresholdApplication = entry.application AND thresholdService = entry.service
  AND thresholdTransaction = entry.transaction AND thresholdOf = entry.of`
