import { type Absent, pairingMarginMs, type SpanWindow } from '../query/pairing-sql.ts'
import type { Query } from '../query/query.ts'
import { between } from '../query/span-sql.ts'
import type { Naming } from '../query/transaction-naming.ts'

/** What one statement of the job computes: whole minutes (Unix s) of one UTC hour, so that their rows are of one partition. */
export interface MinutesToCompute {
  readonly minutes: readonly number[]
  readonly generation: bigint
  readonly naming: Naming
  /** What is known to be absent of the minutes and what is around them. */
  readonly absent?: Absent
}

/** The parameters that the conditions below name. */
export function minuteParams({ minutes, generation, naming }: MinutesToCompute): Record<string, unknown> {
  return {
    minutes,
    firstS: Math.min(...minutes),
    lastS: Math.max(...minutes),
    generation: String(generation),
    naming: naming.revision,
  }
}

export const minuteOf = (column: string): string => `toStartOfMinute(${column})`

const around: SpanWindow['around'] = (column, beforeMs, afterMs) =>
  between(column, `{firstS:Int64} * 1000 - ${beforeMs}`, `({lastS:Int64} + 60) * 1000 + ${afterMs}`)

/** SQL text: spans that start in the minutes, and those around them. */
export const minuteWindow: SpanWindow = {
  own: (column) =>
    `${around(column, 0, 0)} AND toUnixTimestamp(${minuteOf(column)}) IN {minutes:Array(UInt32)}`,
  around,
}

export const windowOf = ({ absent }: MinutesToCompute): SpanWindow => ({ ...minuteWindow, ...absent })

export interface PresentRow {
  readonly sidecars: boolean
  readonly links: boolean
}

/** Whether there are any at all around the minutes: most clusters have none, and to look for each span's is dear. */
export function presentQuery(minutes: readonly number[]): Query {
  const any = (condition: string) =>
    `toBool((SELECT count() FROM (SELECT 1 FROM spans WHERE ${condition} AND ${around('start_time', pairingMarginMs, pairingMarginMs)} LIMIT 1)))`
  return {
    sql: `SELECT ${any('sidecar')} AS sidecars, ${any('kind = 5 AND notEmpty(links_span_id)')} AS links`,
    params: { firstS: Math.min(...minutes), lastS: Math.max(...minutes) },
  }
}

export const absentOf = ({ sidecars, links }: PresentRow): Absent => ({
  ...(!sidecars && { sidecars }),
  ...(!links && { links }),
})

/** SQL text: a row for each minute, for those that only say its generation. */
export const eachMinute = "toDateTime(arrayJoin({minutes:Array(UInt32)}), 'UTC')"
