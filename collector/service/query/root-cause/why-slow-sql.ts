import type { Query } from '../query.ts'
import { inSpanRange } from '../span-sql.ts'
import { type CauseScope, ownTimes, paramsOf } from './cells-sql.ts'

const isTrace = 'trace_id = toFixedString(unhex({traceId:String}), 16)'

/** The application of the first span of a trace that starts within the range. */
export function traceApplicationQuery(key: { traceId: string; fromMs: number; toMs: number }): Query {
  return {
    sql: `SELECT application FROM spans WHERE ${isTrace} AND ${inSpanRange('start_time')} ORDER BY start_time LIMIT 1`,
    params: { ...key },
  }
}

export interface OwnTimeRow {
  readonly spanId: string
  readonly service: string
  readonly operation: string
  readonly callee: string
  readonly ownMs: number
}

const spansMax = 10_000

/** The own time of each span of a trace in its application. */
export function traceOwnTimesQuery(scope: CauseScope & { traceId: string }): Query {
  return {
    sql: `
SELECT lower(hex(span_id)) AS spanId, service, operation, callee, ownMs
FROM (${ownTimes(`${isTrace} AND ${inSpanRange('start_time')}`, 'toInt32(0)', scope)})
ORDER BY ownMs DESC
LIMIT ${spansMax}`,
    params: paramsOf(scope),
  }
}

export interface UsualTimeRow {
  readonly service: string
  readonly operation: string
  readonly callee: string
  readonly n: number
  readonly p25Ms: number
  readonly p50Ms: number
  readonly p75Ms: number
}

/** What spans of each operation usually take themselves. */
export function usualTimesQuery(scope: CauseScope): Query {
  return {
    sql: `
SELECT
  service, operation, callee, toFloat64(count()) AS n, quantiles(0.25, 0.5, 0.75)(ownMs) AS quartiles,
  quartiles[1] AS p25Ms, quartiles[2] AS p50Ms, quartiles[3] AS p75Ms
FROM (${ownTimes(inSpanRange('start_time'), 'toInt32(0)', scope)})
GROUP BY service, operation, callee
ORDER BY n DESC
LIMIT 10000`,
    params: paramsOf(scope),
  }
}
