import { bucketOf } from '../query/duration-buckets.ts'
import type { Query } from '../query/query.ts'
import { between, isEntry, noParent, pairingMarginMs } from '../query/span-sql.ts'

/** SQL text of the job. Times are Unix ms; minutes are Unix s, as a DateTime is. */

const ms = (name: string) => `fromUnixTimestamp64Milli({${name}:Int64})`
const minuteOf = (column: string) => `toStartOfMinute(${column})`

export interface ProgressRow {
  /** 0: nothing has been rolled up yet. */
  readonly receivedUntilMs: number
  /** A decimal number beyond 2^53. */
  readonly newestGeneration: string
}

export function progressQuery(): Query {
  return {
    sql: `
SELECT
  (SELECT toUnixTimestamp64Milli(max(received_until)) FROM rollup_progress WHERE job = 'red_1m') AS receivedUntilMs,
  toString((SELECT max(generation) FROM rollup_minutes)) AS newestGeneration`,
    params: {},
  }
}

/** The receipt of the first span since then; no row: there is none. */
export function firstReceivedQuery(params: { sinceMs: number; beforeMs: number }): Query {
  return {
    sql: `
SELECT toUnixTimestamp64Milli(min(received_at)) AS firstMs
FROM spans WHERE received_at >= ${ms('sinceMs')} AND received_at < ${ms('beforeMs')}
HAVING count() > 0`,
    params,
  }
}

export interface TouchedRow {
  readonly minuteMs: number
  /** The receipt of the first span that the minute may not have yet. */
  readonly firstReceivedMs: number
  /** 0: never. */
  readonly computedMs: number
}

export interface TouchedWindow {
  readonly sinceMs: number
  readonly beforeMs: number
  /** A span is visible at most so long after its receipt. */
  readonly overlapMs: number
}

/**
 * The minutes that spans received in the window may change: those that they start in, and those of calls, already rolled up,
 * whose caller is one of them, for a caller that arrives late decides whether its callee enters the application.
 */
export function touchedMinutesQuery(window: TouchedWindow): Query {
  const received = `received_at >= ${ms('sinceMs')} AND received_at < ${ms('beforeMs')}`
  const rolledUp = `start_time < (SELECT max(minute) FROM rollup_minutes) + INTERVAL 1 MINUTE`
  const near = ['-', '+'].map(
    (sign) => `toStartOfHour(start_time ${sign} INTERVAL ${pairingMarginMs / 1000} SECOND)`,
  )
  return {
    sql: `
SELECT
  toUnixTimestamp(touched.minute) * 1000 AS minuteMs,
  toUnixTimestamp64Milli(min(touched.received)) AS firstReceivedMs,
  greatest(0, toUnixTimestamp64Milli(any(computed.computed_at))) AS computedMs
FROM (
  SELECT ${minuteOf('start_time')} AS minute, received_at AS received FROM spans WHERE ${received}
  UNION ALL
  SELECT ${minuteOf('callee.start_time')} AS minute, caller.received_at AS received
  FROM (
    SELECT trace_id, parent_span_id, start_time FROM spans
    WHERE ${isEntry} AND parent_span_id != ${noParent} AND ${rolledUp}
      AND toStartOfHour(start_time) IN (SELECT DISTINCT arrayJoin([${near.join(', ')}]) FROM spans WHERE ${received})
  ) AS callee
  INNER JOIN (
    SELECT trace_id, span_id, received_at FROM spans
    WHERE ${received} AND start_time < (SELECT max(minute) FROM rollup_minutes) + INTERVAL ${60 + pairingMarginMs / 1000} SECOND
  ) AS caller ON caller.trace_id = callee.trace_id AND caller.span_id = callee.parent_span_id
) AS touched
LEFT JOIN (SELECT minute, computed_at FROM rollup_minutes FINAL) AS computed ON computed.minute = touched.minute
WHERE toUnixTimestamp64Milli(touched.received) > toUnixTimestamp64Milli(computed.computed_at) - {overlapMs:Int64}
GROUP BY touched.minute
ORDER BY computedMs, minuteMs`,
    params: { ...window },
  }
}

export interface MinutesToCompute {
  /** Of one UTC hour: the rows are of one partition, so that they are committed together. */
  readonly minutes: readonly number[]
  readonly generation: bigint
}

/** Writes all rows of the minutes, and one without calls for each. */
export function computeMinutesQuery({ minutes, generation }: MinutesToCompute): Query {
  const within = (marginMs: number) =>
    between('start_time', `{firstS:Int64} * 1000 - ${marginMs}`, `({lastS:Int64} + 60) * 1000 + ${marginMs}`)
  const entries = `${isEntry} AND ${within(0)} AND toUnixTimestamp(${minuteOf('start_time')}) IN {minutes:Array(UInt32)}`
  const keys = 'minute, cluster_id, namespace, application, service, version, operation, kind, entering'
  return {
    sql: `
INSERT INTO red_1m (${keys}, calls, errors, duration_sum_ns, duration_sum_squares, duration_max_ns, duration_buckets, duration_counts, generation)
SELECT
  ${keys}, sum(n) AS calls, sum(failed) AS errors, sum(sumNs) AS duration_sum_ns, sum(squares) AS duration_sum_squares, max(maxNs) AS duration_max_ns,
  arraySort(groupArray((bucket, n))).1, arraySort(groupArray((bucket, n))).2, {generation:UInt64}
FROM (
  SELECT ${keys}, bucket, sum(weight) AS n, sumIf(weight, status = 2) AS failed, sum(duration_ns * weight) AS sumNs,
    sum(pow(duration_ns / 1e6, 2) * weight) AS squares, max(duration_ns) AS maxNs
  FROM (
    SELECT
      ${minuteOf('entry.start_time')} AS minute, entry.cluster_id AS cluster_id, entry.namespace AS namespace,
      entry.application AS application, entry.service AS service, entry.version AS version, entry.operation AS operation,
      entry.kind AS kind, entry.status AS status, entry.duration_ns AS duration_ns, entry.weight AS weight, ${bucketOf('entry.duration_ns')} AS bucket,
      -- A consumer with a link is called by what it links to, as in the questions to raw spans.
      NOT (entry.kind = 5 AND entry.linked) AND NOT (
        caller.found AND caller.application = entry.application
        AND abs(dateDiff('millisecond', caller.start_time, entry.start_time)) <= ${pairingMarginMs}
      ) AS entering
    FROM (
      SELECT
        trace_id, parent_span_id, start_time, cluster_id, namespace, application, service, version, operation, kind, status,
        duration_ns, weight, notEmpty(links_span_id) AS linked
      FROM spans FINAL
      WHERE ${entries}
    ) AS entry
    LEFT JOIN (
      SELECT trace_id, span_id, application, start_time, true AS found FROM spans
      WHERE ${within(pairingMarginMs)}
        AND (trace_id, span_id) IN (SELECT trace_id, parent_span_id FROM spans WHERE ${entries})
      LIMIT 1 BY trace_id, span_id
    ) AS caller ON caller.trace_id = entry.trace_id AND caller.span_id = entry.parent_span_id
  )
  GROUP BY ${keys}, bucket
)
GROUP BY ${keys}
UNION ALL
SELECT
  toDateTime(arrayJoin({minutes:Array(UInt32)}), 'UTC'), '', '', '', '', '', '', 255, false, 0, 0, 0, 0, 0, [], [], {generation:UInt64}`,
    params: {
      minutes,
      firstS: Math.min(...minutes),
      lastS: Math.max(...minutes),
      generation: String(generation),
    },
  }
}

export function recordMinutesQuery(params: MinutesToCompute & { readonly computedMs: number }): Query {
  return {
    sql: `
INSERT INTO rollup_minutes (minute, generation, computed_at)
SELECT toDateTime(arrayJoin({minutes:Array(UInt32)}), 'UTC'), {generation:UInt64}, ${ms('computedMs')}`,
    params: { ...params, generation: String(params.generation) },
  }
}

export function recordProgressQuery(params: { receivedUntilMs: number }): Query {
  return {
    sql: `INSERT INTO rollup_progress (job, received_until) SELECT 'red_1m', ${ms('receivedUntilMs')}`,
    params,
  }
}
