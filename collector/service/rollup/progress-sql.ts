import type { Query } from '../query/query.ts'
import type { MinutesToCompute } from './minutes.ts'

/** What the job knows about itself. Times are Unix ms; minutes are Unix s, as a DateTime is. */

const ms = (name: string) => `fromUnixTimestamp64Milli({${name}:Int64})`

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

/** What is written first, in each lane of a computation: no other table has newer rows. */
const firstWritten = { minute: ['thresholds_1m', 'db_1m'], hour: ['red_1h'] } as const

/**
 * The newest rows of these minutes or this hour (Unix s), finished or left by a run that died: what is computed now must be
 * newer, or the old rows would stay valid.
 */
export function newestWrittenQuery(time: 'minute' | 'hour', times: readonly number[]): Query {
  const newest = firstWritten[time].map(
    (table) =>
      `(SELECT max(generation) FROM ${table} WHERE ${time} IN (SELECT toDateTime(arrayJoin({times:Array(UInt32)}), 'UTC')))`,
  )
  return { sql: `SELECT toString(arrayMax([${newest.join(', ')}])) AS newest`, params: { times } }
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

export function recordMinutesQuery({
  minutes,
  generation,
  naming,
  computedMs,
}: MinutesToCompute & { readonly computedMs: readonly number[] }): Query {
  return {
    sql: `
INSERT INTO rollup_minutes (minute, generation, computed_at, naming)
SELECT toDateTime(each.1, 'UTC'), {generation:UInt64}, fromUnixTimestamp64Milli(each.2), {naming:UInt64}
FROM (SELECT arrayJoin(arrayZip({minutes:Array(UInt32)}, {computedMs:Array(Int64)})) AS each)`,
    params: {
      minutes,
      generation: String(generation),
      computedMs,
      naming: naming.revision,
    },
  }
}

/**
 * Computed minutes whose names or thresholds are not those of now: of the last hours first, where they are looked at, and with
 * what their thresholds are made of before them; then the oldest.
 */
export function otherwiseNamedQuery(params: {
  readonly naming: number
  readonly sinceMs: number
  readonly recentMs: number
  readonly limit: number
}): Query {
  return {
    sql: `
SELECT toUnixTimestamp(minute) * 1000 AS minuteMs, toUnixTimestamp64Milli(computed_at) AS computedMs
FROM rollup_minutes FINAL
WHERE naming < {naming:UInt64} AND minute >= toDateTime(intDiv({sinceMs:Int64}, 1000))
ORDER BY minute < toDateTime(intDiv({recentMs:Int64}, 1000)), minute
LIMIT {limit:UInt32}`,
    params: { ...params },
  }
}

export function recordProgressQuery(params: {
  readonly job: 'red_1m' | 'red_1h'
  readonly untilMs: number
}): Query {
  return {
    sql: `INSERT INTO rollup_progress (job, received_until) SELECT {job:String}, ${ms('untilMs')}`,
    params,
  }
}
