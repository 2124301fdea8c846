import { backendId } from '../edge-sql.ts'
import { entriesOf } from '../entry-sql.ts'
import { behindSidecars, rangeWindow, skewMs, soonMs } from '../pairing-sql.ts'
import type { Query, Range } from '../query.ts'
import { between, inSpanRange, noParent } from '../span-sql.ts'
import type { Naming } from '../transaction-naming.ts'

/** What the questions below are about: an application, or only the traces that one transaction of it began. */
export interface CauseScope extends Range {
  readonly application: string
  /** Entry tier and name of the transaction; '': all. */
  readonly service: string
  readonly transaction: string
  readonly naming: Naming
  /** Keeps one trace in so many. */
  readonly sample: number
}

/** A reference is cut into buckets, counted from the start of the window, and has not the window in it. */
export interface ReferenceScope extends CauseScope {
  readonly windowFromMs: number
  readonly windowToMs: number
  readonly bucketMs: number
}

/** A cell is one row of at most so many, those with the most calls. */
const cellsMax = 50_000
const shapeNamesMax = 30
/** Children of a span that are looked at. */
const childrenMax = 1_000

const isSampled = 'cityHash64(trace_id) % {sample:UInt32} = 0'
const isAsked = 'application = {application:String}'
const bucket =
  'toInt32(floor((toUnixTimestamp64Milli(start_time) - {windowFromMs:Int64}) / {bucketMs:Int64}))'
const outsideWindow = `NOT (${between('start_time', '{windowFromMs:Int64}', '{windowToMs:Int64}')})`

/** SQL text: the requests: entry spans that enter the application, or those of one transaction. */
const entering = (condition: string, { service, naming }: Pick<CauseScope, 'service' | 'naming'>) => `
SELECT trace_id, start_time, duration_ns, status, weight
FROM (${entriesOf(rangeWindow, service === '' ? 'unnamed' : naming, `${isAsked} AND ${isSampled} AND ${condition}`)})
WHERE entering AND ({service:String} = '' OR (service = {service:String} AND transaction = {transaction:String}))`

const ofTransaction = (condition: string, scope: CauseScope) =>
  scope.service === '' ? 'true' : `trace_id IN (SELECT trace_id FROM (${entering(condition, scope)}))`

/**
 * SQL text: each span with its own time. Children are looked for a little beyond the range, so that the spans at its end have
 * theirs. A consumer is not waited for, nor a child that lasts mostly beyond its parent's end. A call's own time is the round
 * trip less its callee's time, whatever their clocks say.
 */
export const ownTimes = (condition: string, bucketOf: string, scope: CauseScope) => `
SELECT
  ${bucketOf} AS bucket, span_id, service, version, pod, operation, kind IN (3, 4) AS isCall, weight, status = 2 AS hasFailed,
  arrayFirst(child -> child.1 = 2, children) AS callee_,
  isCall AND callee_.1 = 2 AS answered,
  multiIf(NOT isCall, '', answered, callee_.2, ${backendId}) AS callee,
  if(answered, callee_.3, '') AS calleePod,
  hasFailed AND NOT arrayExists(child -> child.4, children) AS isOrigin,
  toUnixTimestamp64Nano(start_time) AS startNs, startNs + toInt64(duration_ns) AS endNs,
  arrayFilter(child -> child.6 - endNs <= (child.6 - child.5) / 2 AND child.6 > startNs AND child.5 < endNs, children) AS covering,
  duration_ns / 1e6 AS durationMs,
  greatest(0, toInt64(duration_ns) - if(answered,
    arraySum(child -> if(child.1 = 2, child.6 - child.5, 0), children),
    toInt64(arrayReduce('intervalLengthSum',
      arrayMap(child -> greatest(child.5, startNs), covering), arrayMap(child -> least(child.6, endNs), covering)))
  )) / 1e6 AS ownMs,
  arrayMap(child -> child.7, children) AS names,
  arraySlice(arraySort(arrayDistinct(names)), 1, ${shapeNamesMax}) AS shape,
  arrayMap(name -> countEqual(names, name), shape) AS times
FROM (
  SELECT * FROM spans FINAL
  WHERE ${isAsked} AND NOT sidecar AND ${isSampled} AND ${condition} AND ${ofTransaction(condition, scope)}
) AS parent
LEFT JOIN (
  SELECT trace_id, parent_span_id AS span_id, groupArray(${childrenMax})((kind, party, pod, failed, startNs, startNs + durationNs, name)) AS children
  FROM (${behindSidecars(
    rangeWindow,
    `
    SELECT
      trace_id, parent_span_id, kind, if(${isAsked}, concat('tier:', service), concat('external:', application, '/', service)) AS party,
      toString(pod) AS pod, status = 2 AS failed, toUnixTimestamp64Nano(start_time) AS startNs, toInt64(duration_ns) AS durationNs,
      concat(service, '/', operation) AS name
    FROM spans FINAL
    WHERE parent_span_id != ${noParent} AND kind != 5 AND NOT sidecar AND ${isSampled}
      AND ${between('start_time', `{fromMs:Int64} - ${skewMs}`, `{toMs:Int64} + ${soonMs}`)}`,
  )})
  GROUP BY trace_id, parent_span_id
) AS below ON below.trace_id = parent.trace_id AND below.span_id = parent.span_id`

const sums = `
  toFloat64(count()) AS n, toFloat64(sum(weight)) AS calls, toFloat64(sum(weight * weight)) AS squares,
  sum(ownMs * weight) AS sumMs, sum(ownMs * ownMs * weight) AS sumMs2, max(ownMs) AS maxMs, sum(durationMs * weight) AS totalMs,
  toFloat64(sumIf(weight, hasFailed)) AS failed, toFloat64(sumIf(weight, isOrigin)) AS origins,
  sumForEach(arrayMap(n -> n * weight, times)) AS childCounts,
  sumForEach(arrayMap(n -> n * n * weight, times)) AS childSquares`

/** SpanCell rows of the window, by pod and version. */
export function windowCellsQuery(scope: CauseScope): Query {
  return {
    sql: `
SELECT bucket, service, version, pod, operation, if(isCall, 'call', 'work') AS kind, callee, calleePod, shape, ${sums}
FROM (${ownTimes(inSpanRange('start_time'), 'toInt32(0)', scope)})
GROUP BY bucket, service, version, pod, operation, isCall, callee, calleePod, shape
ORDER BY calls DESC
LIMIT ${cellsMax}`,
    params: paramsOf(scope),
  }
}

/** SpanCell rows of the reference, by bucket. */
export function referenceCellsQuery(scope: ReferenceScope): Query {
  return {
    sql: `
SELECT bucket, service, '' AS version, '' AS pod, operation, if(isCall, 'call', 'work') AS kind, callee, '' AS calleePod, shape, ${sums}
FROM (${ownTimes(`${inSpanRange('start_time')} AND ${outsideWindow}`, bucket, scope)})
GROUP BY bucket, service, operation, isCall, callee, shape
ORDER BY calls DESC
LIMIT ${cellsMax}`,
    params: paramsOf(scope),
  }
}

const requests = (condition: string, bucketOf: string, scope: CauseScope) => `
SELECT
  ${bucketOf} AS bucket, toFloat64(sum(weight)) AS calls, toFloat64(sumIf(weight, status = 2)) AS failed,
  sum(duration_ns * weight) / 1e6 / calls AS meanMs
FROM (${entering(condition, scope)})
GROUP BY bucket
ORDER BY bucket
LIMIT 10000`

/** RequestCell rows. */
export const windowRequestsQuery = (scope: CauseScope): Query => ({
  sql: requests(inSpanRange('start_time'), 'toInt32(0)', scope),
  params: paramsOf(scope),
})
export const referenceRequestsQuery = (scope: ReferenceScope): Query => ({
  sql: requests(`${inSpanRange('start_time')} AND ${outsideWindow}`, bucket, scope),
  params: paramsOf(scope),
})

export function paramsOf({ naming: _, ...params }: CauseScope): Query['params'] {
  return params
}

/** How many spans the application has in the range: what decides on `sample`. */
export function spanCountQuery(scope: Range & { application: string }): Query {
  return {
    sql: `SELECT toFloat64(count()) AS spans FROM spans WHERE ${isAsked} AND ${inSpanRange('start_time')}`,
    params: { ...scope },
  }
}
