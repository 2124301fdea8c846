import type { Query } from '../../query/query.ts'
import { noParent } from '../../query/span-sql.ts'
import { type MinutesToCompute, minuteOf, minuteParams, minuteWindow } from '../minutes.ts'

const isRoot = `parent_span_id = ${noParent}`
const wholeMs = (expression: string) => `toUInt32(least(${expression}, 4294967295))`
const root = `minIf((start_time, span_id, service, operation, duration_ns), ${isRoot})`

/** One row a trace and minute. Not valid by generation: see the table. */
export function traceIndexQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO trace_index (
  trace_id, minute, start_offset_ms, duration_ms, spans, errors, root_service, root_operation, root_duration_ms, generation
)
SELECT
  trace_id, minute, toUnixTimestamp64Milli(first) % 60000,
  ${wholeMs('greatest(0, intDiv(lastNs, 1000000) - toUnixTimestamp64Milli(first))')}, spans, errors,
  rootSpan.3, rootSpan.4, ${wholeMs('intDiv(rootSpan.5, 1000000)')}, {generation:UInt64}
FROM (
  SELECT
    trace_id, ${minuteOf('start_time')} AS minute, min(start_time) AS first,
    max(toUnixTimestamp64Nano(start_time) + toInt64(duration_ns)) AS lastNs, count() AS spans, countIf(status = 2) AS errors,
    ${root} AS rootSpan
  FROM spans FINAL
  WHERE ${minuteWindow.own('start_time')}
  GROUP BY trace_id, minute
)`,
    params: minuteParams(minutes),
  }
}
