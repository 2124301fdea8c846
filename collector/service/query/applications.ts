import { behindSidecars, pairingMarginMs, rangeWindowOf, type SpanWindow, skewMs } from './pairing-sql.ts'
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
import { isEntry, noParent, once } from './span-sql.ts'

const isAsked = "({application:String} = '' OR application = {application:String})"

/**
 * SQL text: the calls that enter an application, so that its load is what its users ask for and not the sum of its tiers:
 * entry spans without a stored caller in the same application, and without a link to one (a message). `{application:String}` empty: of every application.
 * Callers are looked up by a hash of what tells them apart, as in `callerKey`: half the time of a join.
 */
const transactionsIn = (window: SpanWindow) => `
SELECT * FROM (${behindSidecars(
  window,
  `
  SELECT trace_id, parent_span_id, start_time, duration_ns, status, weight, application FROM spans
  WHERE ${isEntry} AND NOT (kind = 5 AND notEmpty(links_span_id)) AND ${window.own('start_time')}
    AND ${isAsked}
  ${once}`,
)})
WHERE parent_span_id = ${noParent} OR cityHash64(trace_id, parent_span_id, application) NOT IN (
  SELECT cityHash64(trace_id, span_id, application) FROM spans
  WHERE ${window.around('start_time', pairingMarginMs, skewMs)} AND ${isAsked}
)`

/** SQL text: the same from what is rolled up, and from raw spans around it. */
const rolledUpTransactions = (source: RedSource, range: Range) => `
${closedRows({ table: 'applications', source, columns: 'application', condition: isAsked })}
UNION ALL
SELECT application, start_time AS at, ${openCells()} FROM (${transactionsIn(openWindowOf(range))})`

/** SQL text: bounds, columns of RedRow, the rows that they are of, and the columns of their time and calls. */
function redOf(
  scope: Range & { stepMs?: number },
): [bounds: string, red: string, rows: string, time: string, calls: string] {
  const source = redSource(scope)
  return source === 'raw'
    ? ['', redColumns(), transactionsIn(rangeWindowOf(scope)), 'start_time', 'weight']
    : [closedBoundsOf(scope), mergedRedColumns(), rolledUpTransactions(source, scope), 'at', 'n']
}

export interface ApplicationRedRow extends RedRow {
  readonly application: string
  /** Where steps are asked for: those with calls, and how many. */
  readonly steps?: readonly [timesMs: readonly number[], calls: readonly number[]]
}

export function applicationsRedQuery(scope: Range & { application: string; stepMs?: number }): Query {
  const [bounds, red, source, time, calls] = redOf(scope)
  const steps =
    scope.stepMs === undefined ? '' : `, sumMap([toFloat64(${stepOf(time)})], [toFloat64(${calls})]) AS steps`
  return {
    sql: `${bounds}
SELECT application, ${red}${steps}
FROM (${source})
GROUP BY application
ORDER BY application
LIMIT 1000`,
    params: { ...scope },
  }
}

export interface ApplicationSizeRow {
  readonly application: string
  readonly tiers: number
  readonly nodes: number
  readonly lastSeenMs: number
}

/** SQL text: who took calls (entry spans), once for each minute or call; columns that nodes_1m and spans both have. */
export const calledNodes = (range: Range, columns: string, condition: string): string => `
${closedRows({ table: 'nodes', source: redSource(range, 0) === 'hours' ? 'hours' : 'minutes', bare: true, columns, condition })}
UNION ALL
SELECT ${columns}, start_time AS at FROM spans WHERE ${isEntry} AND ${openWindowOf(range).own('start_time')} AND ${condition}`

/**
 * A node is a pod, or the service itself where it runs outside of Kubernetes. When an application was last seen is known to the
 * minute where it is a while ago, and to the hour in ranges of which hours are read.
 */
export function applicationSizesQuery(scope: Range & { application: string }): Query {
  return {
    sql: `${closedBoundsOf(scope)}
SELECT
  application, toFloat64(uniqExact(service)) AS tiers, toFloat64(uniqExact(cluster_id, namespace, service, pod)) AS nodes,
  toUnixTimestamp64Milli(toDateTime64(max(at), 3)) AS lastSeenMs
FROM (${calledNodes(scope, 'application, cluster_id, namespace, service, pod', isAsked)})
GROUP BY application
ORDER BY application
LIMIT 1000`,
    params: { ...scope },
  }
}

export interface ApplicationStepRow extends RedRow {
  readonly application: string
  readonly timeMs: number
}

/** RED of applications per step, for charts. */
export function applicationStepsQuery(scope: Range & { application: string; stepMs: number }): Query {
  const [bounds, red, source, time] = redOf(scope)
  return {
    sql: `${bounds}
SELECT application, ${stepOf(time)} AS timeMs, ${red}
FROM (${source})
GROUP BY application, timeMs
ORDER BY application, timeMs`,
    params: { ...scope },
  }
}

/** Namespaces that an application's spans come from: whose deployments are its markers. */
export function applicationNamespacesQuery(scope: Range & { application: string }): Query {
  return {
    sql: `${closedBoundsOf(scope)}
SELECT DISTINCT namespace FROM (${calledNodes(scope, 'namespace', "application = {application:String} AND namespace != ''")})
ORDER BY namespace
LIMIT 100`,
    params: { ...scope },
  }
}

/** Whether spans of the application have been stored at all within the last weeks. */
export function applicationKnownQuery(key: { application: string }): Query {
  return {
    sql: 'SELECT 1 FROM resources WHERE application = {application:String} LIMIT 1',
    params: { ...key },
  }
}
