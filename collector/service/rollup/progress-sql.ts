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

/**
 * The newest rows of these minutes or this hour (Unix s), finished or left by a run that died: what is computed now must be
 * newer, or the old rows would stay valid. These tables are written first, so no other has newer ones.
 */
export function newestWrittenQuery(table: 'thresholds_1m' | 'red_1h', times: readonly number[]): Query {
  const time = table === 'thresholds_1m' ? 'minute' : 'hour'
  return {
    sql: `
SELECT toString(max(generation)) AS newest FROM ${table}
WHERE ${time} IN (SELECT toDateTime(arrayJoin({times:Array(UInt32)}), 'UTC'))`,
    params: { times },
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

export function recordMinutesQuery({
  minutes,
  generation,
  naming,
  computedMs,
}: MinutesToCompute & { readonly computedMs: number }): Query {
  return {
    sql: `
INSERT INTO rollup_minutes (minute, generation, computed_at, naming)
SELECT toDateTime(arrayJoin({minutes:Array(UInt32)}), 'UTC'), {generation:UInt64}, ${ms('computedMs')}, {naming:UInt64}`,
    params: {
      minutes,
      generation: String(generation),
      computedMs,
      naming: naming.revision,
    },
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
