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

export function recordMinutesQuery(params: MinutesToCompute & { readonly computedMs: number }): Query {
  return {
    sql: `
INSERT INTO rollup_minutes (minute, generation, computed_at)
SELECT toDateTime(arrayJoin({minutes:Array(UInt32)}), 'UTC'), {generation:UInt64}, ${ms('computedMs')}`,
    params: { ...params, generation: String(params.generation) },
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
