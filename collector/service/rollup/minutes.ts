import type { SpanWindow } from '../query/pairing-sql.ts'
import { between } from '../query/span-sql.ts'
import type { Naming } from '../query/transaction-naming.ts'

/** What one statement of the job computes: whole minutes (Unix s) of one UTC hour, so that their rows are of one partition. */
export interface MinutesToCompute {
  readonly minutes: readonly number[]
  readonly generation: bigint
  readonly naming: Naming
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

/** SQL text: a row for each minute, for those that only say its generation. */
export const eachMinute = "toDateTime(arrayJoin({minutes:Array(UInt32)}), 'UTC')"
