import { rangeWindowOf, type SpanWindow } from './pairing-sql.ts'
import { type Query, type Range, stepOf } from './query.ts'
import { type RedRow, redColumns } from './red.ts'
import {
  closedBoundsOf,
  closedRows,
  mergedRedColumns,
  openCells,
  openWindowOf,
  type RedSource,
  redSource,
} from './red-rollup.ts'

/** Calls of one kind (of statements, of endpoints, …), as they stand in a rollup table and as raw spans tell of them. */
export interface CallRows {
  readonly table: 'red' | 'edges' | 'db' | 'endpoints' | 'queues'
  /** Names that both have, besides `service` and `version` of who called or was called, and `sample`, a trace id. */
  readonly columns: string
  /** SQL text of all of them in the rollup table, in the order service, version, sample, columns; and of what its rows must meet. */
  readonly closedColumns: string
  readonly condition: string
  /** SQL text: raw rows with the columns, `start_time`, `durationNs`, `outcome`, `weight`. */
  readonly open: (window: SpanWindow) => string
}

/** Ranges up to this are read from raw spans alone, whose quantiles are exact; longer ones from minutes and hours. */
const rawMsMax = 30 * 60_000

export interface RedSourceRows {
  /** SQL text: WITH clause; columns of RedRow; the rows; and of a row: its calls, its failed calls, the duration of its longest. */
  readonly bounds: string
  readonly red: string
  readonly rows: string
  readonly calls: string
  readonly failed: string
  readonly longestNs: string
}

/** `narrow`: SQL text of a condition on the columns. */
export function redRows(
  rows: CallRows,
  scope: Range & { readonly stepMs?: number },
  narrow = 'true',
): RedSourceRows {
  const source: RedSource = redSource(scope, rawMsMax)
  const columns = `service, version, sample, ${rows.columns}`
  const open = (window: SpanWindow, cells: string) =>
    `SELECT ${columns}, start_time AS at, ${cells} FROM (${rows.open(window)}) WHERE ${narrow}`
  if (source === 'raw')
    return {
      bounds: '',
      red: redColumns('durationNs', 'outcome = 2'),
      rows: open(rangeWindowOf(scope), 'durationNs, outcome, weight'),
      calls: 'weight',
      failed: 'if(outcome = 2, weight, 0)',
      longestNs: 'durationNs',
    }
  const { table, closedColumns, condition } = rows
  return {
    bounds: closedBoundsOf(scope),
    red: mergedRedColumns(),
    rows: `
  SELECT * FROM (${closedRows({ table, source, columns: closedColumns, condition })}) WHERE ${narrow}
  UNION ALL ${open(openWindowOf(scope), openCells('durationNs', 'outcome = 2'))}`,
    calls: 'n',
    failed: 'failed',
    longestNs: 'maxNs',
  }
}

export const slowestMax = 10

export interface CallFiguresRow extends RedRow {
  /** Of all calls, of those of one service and version, or, where steps are asked for, of one step. */
  readonly level: 'whole' | 'part' | 'step'
  readonly service: string
  readonly version: string
  readonly timeMs: number
  /**
   * Of all calls: the slowest of them with a sample, a row each; where they are rolled up, the slowest of each minute. A trace
   * that has several is there as often.
   */
  readonly slowest: readonly (readonly [
    traceId: string,
    atMs: number,
    durationMs: number,
    service: string,
    version: string,
  ])[]
}

/** Rows of `slowest`. Where so many are of fewer traces than are wanted, `slowestCallsQuery` has them. */
export const slowestRowsMax = 50

/** All of them in one reading; of parts the busiest. */
export function callFiguresQuery(
  rows: CallRows,
  scope: Range & { readonly stepMs?: number },
  narrow: string,
): Query {
  const from = redRows(rows, scope, narrow)
  const [level, timeMs, set] =
    scope.stepMs === undefined
      ? ["if(grouping(service) = 0, 'part', 'whole')", '0 AS timeMs', '']
      : [
          "multiIf(grouping(service) = 0, 'part', grouping(timeMs) = 0, 'step', 'whole')",
          'timeMs',
          ', (timeMs)',
        ]
  const rowsByStep = set === '' ? from.rows : `SELECT *, ${stepOf('at')} AS timeMs FROM (${from.rows})`
  return {
    sql: `${from.bounds}
SELECT
  ${level} AS level, service, version, ${timeMs}, ${from.red},
  if(level = 'whole', arrayMap(
    one -> (lower(hex(one.2)), toUnixTimestamp64Milli(one.3), one.1 / -1e6, toString(one.4), toString(one.5)),
    groupArraySortedIf(${slowestRowsMax})((-toInt64(${from.longestNs}), sample, at, service, version), sample != toFixedString('', 16))
  ), []) AS slowest
FROM (${rowsByStep})
GROUP BY GROUPING SETS ((), (service, version)${set})
ORDER BY level, calls DESC, service, version
LIMIT 2000 BY level`,
    params: { ...scope },
  }
}

export interface SlowCallRow {
  readonly traceId: string
  /** Of its minute, where it is rolled up. */
  readonly atMs: number
  readonly durationMs: number
  readonly service: string
  readonly version: string
}

/** The slowest call of each minute that is rolled up, and all others: the slowest of them, one of each trace. */
export function slowestCallsQuery(
  rows: CallRows,
  scope: Range & { readonly stepMs?: number },
  narrow: string,
): Query {
  const from = redRows(rows, scope, narrow)
  return {
    sql: `${from.bounds}
SELECT
  lower(hex(sample)) AS traceId, toUnixTimestamp64Milli(at) AS atMs, ${from.longestNs} / 1e6 AS durationMs, service, version
FROM (${from.rows})
WHERE sample != toFixedString('', 16)
ORDER BY ${from.longestNs} DESC, traceId
LIMIT 1 BY sample
LIMIT ${slowestMax}`,
    params: { ...scope },
  }
}

/** The first minute in which the rollup has such a call; no row: there is none. */
export function sinceQuery(rows: CallRows, scope: Record<string, unknown>, narrow: string): Query {
  return {
    sql: `
SELECT toUnixTimestamp(min(at)) * 1000 AS sinceMs FROM (
  SELECT ${rows.closedColumns}, minute AS at FROM ${rows.table}_1m WHERE calls > 0 AND ${rows.condition}
)
WHERE ${narrow}
HAVING count() > 0`,
    params: { ...scope },
  }
}
