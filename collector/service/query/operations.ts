import { type ListFilter, listParams, passes, type Query, type Range, stepOf } from './query.ts'
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
import { inSpanRange, isEntry, kindName, once } from './span-sql.ts'

const isMine = 'application = {application:String}'
const entriesIn = (within: (column: string) => string) => `FROM spans
  WHERE ${isMine} AND ${isEntry} AND ${within('start_time')}
  ${once}`
const entries = `(
  SELECT cluster_id, namespace, service, version, pod, operation, kind, status, start_time, duration_ns, weight
  ${entriesIn(inSpanRange)}
) AS entry`

/** SQL text: the same from what is rolled up, and from raw spans around it. */
const rolledUpEntries = (source: RedSource, range: Range) => `(
  ${closedRows({ table: 'red', source, columns: 'service, version, operation, kind', condition: isMine })}
  UNION ALL
  SELECT service, version, operation, kind, start_time AS at, ${openCells()} ${entriesIn(openWindowOf(range).own)}
) AS entry`

export interface TierVersionRow extends RedRow {
  readonly service: string
  /** Set in the rows of one version. */
  readonly version: string
  /** True: the row is of the whole tier. */
  readonly whole: boolean
  readonly nodes: number
}

/** RED of each tier, whole and per version. Versions come with their share by dividing calls. */
export function tiersQuery(scope: Range & { application: string }): Query {
  const source = redSource(scope)
  const nodes = '(cluster_id, namespace, pod) AS node'
  const [bounds, red, rows] =
    source === 'raw'
      ? ['', redColumns(), `SELECT service, version, ${nodes}, status, duration_ns, weight FROM ${entries}`]
      : [
          closedBoundsOf(scope),
          mergedRedColumns(),
          `${closedRows({ table: 'nodes', source, columns: `service, version, ${nodes}`, condition: isMine })}
UNION ALL
SELECT service, version, ${nodes}, start_time AS at, ${openCells()} ${entriesIn(openWindowOf(scope).own)}`,
        ]
  return {
    sql: `${bounds}
SELECT service, version, toBool(grouping(version) = 1) AS whole, toFloat64(uniqExact(node)) AS nodes, ${red}
FROM (${rows})
GROUP BY GROUPING SETS ((service), (service, version))
ORDER BY service, whole DESC, version
LIMIT 5000`,
    params: { ...scope },
  }
}

export interface OperationListRow extends RedRow {
  readonly service: string
  readonly operation: string
  readonly kind: string
  readonly versions: readonly string[]
}

export function operationsQuery(
  scope: Range & { application: string; service: ListFilter; limit: number },
): Query {
  const { service, ...params } = scope
  const from = redSource(scope)
  const [bounds, red, source] =
    from === 'raw'
      ? ['', redColumns(), entries]
      : [closedBoundsOf(scope), mergedRedColumns(), rolledUpEntries(from, scope)]
  return {
    sql: `${bounds}
SELECT
  service, operation, ${kindName('entry.kind')} AS kind, arraySort(groupUniqArrayIf(20)(version, version != '')) AS versions, ${red}
FROM ${source}
WHERE ${passes('service', 'service')}
GROUP BY service, operation, kind
ORDER BY calls DESC, service, operation
LIMIT {limit:UInt32}`,
    params: { ...params, ...listParams({ service }) },
  }
}

export interface OperationStepRow {
  readonly service: string
  readonly operation: string
  readonly kind: string
  readonly timeMs: number
  readonly calls: number
}

/** Calls per step of the busiest operations, for spark lines. */
export function operationStepsQuery(
  scope: Range & { application: string; service: ListFilter; limit: number; stepMs: number },
): Query {
  const { service, ...params } = scope
  const from = redSource(scope)
  const [bounds, calls, source, time] =
    from === 'raw'
      ? ['', 'sum(weight)', entries, 'start_time']
      : [closedBoundsOf(scope), 'sum(n)', rolledUpEntries(from, scope), 'at']
  return {
    sql: `${bounds}
SELECT service, operation, kind, step.1 AS timeMs, step.2 AS calls FROM (
  SELECT service, operation, kind, groupArray((timeMs, calls)) AS steps FROM (
    SELECT service, operation, ${kindName('entry.kind')} AS kind, ${stepOf(time)} AS timeMs, toFloat64(${calls}) AS calls
    FROM ${source}
    WHERE ${passes('service', 'service')}
    GROUP BY service, operation, kind, timeMs
  )
  GROUP BY service, operation, kind
  ORDER BY sum(calls) DESC, service, operation
  LIMIT {limit:UInt32}
)
ARRAY JOIN steps AS step
ORDER BY service, operation, kind, timeMs`,
    params: { ...params, ...listParams({ service }) },
  }
}
