import { judgedEntries } from './judged-sql.ts'
import { rangeWindowOf } from './pairing-sql.ts'
import { type ListFilter, listParams, passes, type Query, type Range, stepOf } from './query.ts'
import { closedToMsOf } from './red-rollup.ts'
import { snapshotsAmong } from './snapshot-sql.ts'
import type { Naming } from './transaction-naming.ts'

export const snapshotReasons = ['error', 'stall', 'very slow', 'slow', 'periodic'] as const

export interface SnapshotFilter extends Range {
  /** '': of every application, and then without the newest minutes, which are not rolled up. */
  readonly application: string
  readonly service: ListFilter
  readonly transaction: ListFilter
  readonly reason: ListFilter
  readonly version: ListFilter
  readonly pod: ListFilter
  readonly namespace: ListFilter
  readonly exceptionType: ListFilter
  readonly minMs: number
  /** 0: no bound. */
  readonly maxMs: number
  /** Part of the transaction, operation or exception type; '': any. */
  readonly text: string
  readonly naming: Naming
}

const lists = {
  service: 'service',
  transaction: 'transaction',
  version: 'version',
  pod: 'pod',
  namespace: 'namespace',
  exceptionType: 'exception_type',
  reason: 'reason',
} as const

const hasText =
  '(positionCaseInsensitive(transaction, {text:String}) > 0 OR positionCaseInsensitive(operation, {text:String}) > 0 OR positionCaseInsensitive(exception_type, {text:String}) > 0)'

/** SQL text: of what is asked for alone, since each word of a question costs more than a row of its answer. */
function conditionsOf(filter: SnapshotFilter): string {
  const asked = Object.entries(lists).flatMap(([name, column]) => {
    const { in: wanted, out } = filter[name as keyof typeof lists]
    return wanted.length + out.length === 0 ? [] : [passes(name, `toString(${column})`)]
  })
  if (filter.minMs !== 0) asked.push('duration_ns >= {minMs:Float64} * 1e6')
  if (filter.maxMs !== 0) asked.push('duration_ns <= {maxMs:Float64} * 1e6')
  if (filter.text !== '') asked.push(hasText)
  return asked.length === 0 ? 'true' : asked.join(' AND ')
}

/**
 * What is rolled up of the range and what is not are questions of their own (api/snapshot-page.ts joins their answers): each is
 * understood for what it is. Without a name, minutes that are not rolled up have no snapshots.
 */
export function partsOf<Filter extends SnapshotFilter>(filter: Filter): { kept: Filter; open: Filter } {
  const untilMs = filter.application === '' ? filter.toMs : Math.min(filter.toMs, closedToMsOf(filter))
  return { kept: { ...filter, toMs: untilMs }, open: { ...filter, fromMs: untilMs } }
}

const at = (ms: string) => `fromUnixTimestamp64Milli(toInt64(${ms}))`
const within = (fromMs: string) => `start_time >= ${fromMs} AND start_time < ${at('{toMs:Int64}')}
  AND toStartOfHour(start_time) >= toStartOfHour(${at('{fromMs:Int64}')}) AND toStartOfHour(start_time) <= toStartOfHour(${at('{toMs:Int64}')})`
const inMinutes = within(`toStartOfMinute(${at('{fromMs:Int64}')})`)

const ofApplication = ({ application }: SnapshotFilter, condition: string) =>
  application === '' ? 'true' : condition

const isKept = (filter: SnapshotFilter) =>
  `${ofApplication(filter, 'application = {application:String}')} AND snapshots.reason != 'computed' AND ${conditionsOf(filter)}`

/** The columns of SnapshotRow that stored snapshots and others name alike. */
const columns = `
  lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, toFloat64(toUnixTimestamp64Milli(start_time)) AS startMs,
  duration_ns / 1e6 AS durationMs, cluster_id AS clusterId, namespace, application, service, transaction, version, pod, operation,
  http_status AS httpStatus, exception_type AS exceptionType, if(isFinite(threshold_ms), threshold_ms, NULL) AS thresholdMs,
  toFloat64(alike) AS alike, toFloat64(kept) AS kept`

const isBefore = (start: string) =>
  `(${start}, trace_id, span_id) < (${at('{beforeMs:Int64}')}, unhex({beforeTrace:String}), unhex({beforeSpan:String}))`

const orderOf = ({ sort }: SnapshotPage, start: string) =>
  sort === 'newest' ? `${start} DESC, trace_id DESC, span_id DESC` : 'duration_ns DESC, trace_id, span_id'

export interface SnapshotRow {
  readonly traceId: string
  readonly spanId: string
  readonly startMs: number
  readonly durationMs: number
  readonly clusterId: string
  readonly namespace: string
  readonly application: string
  readonly service: string
  readonly transaction: string
  readonly version: string
  readonly pod: string
  readonly operation: string
  readonly httpStatus: number
  readonly exceptionType: string
  readonly reason: string
  readonly thresholdMs: number | null
  readonly baselineCalls: number
  readonly baselineMeanMs: number
  readonly baselineSigmaMs: number
  readonly rule: string
  readonly alike: number
  readonly kept: number
}

export interface SnapshotPage {
  readonly sort: 'newest' | 'slowest'
  readonly limit: number
  /** Of the newest: those before this one. */
  readonly before?: { readonly startMs: number; readonly traceId: string; readonly spanId: string }
}

const pageParams = ({ limit, before }: SnapshotPage) => ({
  limit,
  ...(before && { beforeMs: before.startMs, beforeTrace: before.traceId, beforeSpan: before.spanId }),
})

/** A recomputation of a minute writes each span once, so its rows need no FINAL. */
export function snapshotsQuery(filter: SnapshotFilter, page: SnapshotPage): Query {
  return {
    sql: `
SELECT
  ${columns}, toString(reason) AS reason, baseline_calls AS baselineCalls, baseline_mean_ms AS baselineMeanMs,
  baseline_sigma_ms AS baselineSigmaMs, toString(rule) AS rule
FROM snapshots
WHERE ${within(at('{fromMs:Int64}'))} AND ${isKept(filter)}
  AND (toStartOfMinute(start_time), generation) IN (
    SELECT toStartOfMinute(start_time) AS minute, max(generation) FROM snapshots WHERE reason = 'computed' AND ${inMinutes} GROUP BY minute
  )${page.before ? ` AND ${isBefore('start_time')}` : ''}
ORDER BY ${orderOf(page, 'start_time')}
LIMIT {limit:UInt32}`,
    params: { ...paramsOf(filter), ...pageParams(page) },
  }
}

export interface SnapshotStepRow {
  readonly timeMs: number
  readonly reason: string
  readonly kept: number
  /** How many there were: beyond a bound a minute, some are not kept. Whole in sum. */
  readonly all: number
}

/** `stepMs`: whole minutes. The rows that say which generation of a minute counts are read with those that are counted. */
export function snapshotStepsQuery(filter: SnapshotFilter, stepMs: number): Query {
  // The rows of generations have no application.
  const either = ofApplication(filter, "application IN ('', {application:String})")
  return {
    sql: `
SELECT ${stepOf('toDateTime64(minute, 3)')} AS timeMs, why AS reason, toFloat64(sum(n)) AS kept, sum(share) AS all
FROM (
  SELECT *, max(if(why = 'computed', generation, 0)) OVER (PARTITION BY minute) AS newest FROM (
    SELECT toStartOfMinute(start_time) AS minute, generation, toString(reason) AS why, count() AS n, sum(alike / kept) AS share
    FROM snapshots
    WHERE ${inMinutes} AND ${either} AND (reason = 'computed' OR (start_time >= ${at('{fromMs:Int64}')} AND ${isKept(filter)}))
    GROUP BY minute, generation, why
  )
)
WHERE why != 'computed' AND generation = newest
GROUP BY timeMs, reason
ORDER BY timeMs, reason`,
    params: { ...paramsOf(filter), stepMs },
  }
}

/** A snapshot of minutes that are not rolled up, with what there is of its step and reason. */
export interface OpenSnapshotRow extends SnapshotRow {
  /** It is one of those before the cursor. */
  readonly onPage: boolean
  readonly step: SnapshotStepRow
}

/**
 * What is not rolled up, chosen in the same way; the sample of a minute is the same one for each page. One answer is enough for
 * page and steps: of each step and reason as many rows as the page has, those that may be on it first.
 */
export function openSnapshotsQuery(filter: SnapshotFilter, page: SnapshotPage, stepMs: number): Query {
  const { naming, reason } = filter
  const wantsNormal =
    !reason.out.includes('periodic') && (reason.in.length === 0 || reason.in.includes('periodic'))
  const judged = judgedEntries(rangeWindowOf(filter), naming, 'true')
  const worthALook = wantsNormal ? judged : `SELECT * FROM (${judged}) WHERE class != 'normal'`
  const inStep = 'OVER (PARTITION BY timeMs, reason)'
  // All that is newer than the cursor counts in the steps alone.
  const limit = page.before && page.before.startMs < filter.fromMs ? 1 : page.limit
  return {
    sql: `
WITH toDateTime64(start_time, 3, 'UTC') AS startAt, ${stepOf('startAt')} AS timeMs
SELECT
  ${columns}, reason, calls AS baselineCalls, mean_ms AS baselineMeanMs, sigma_ms AS baselineSigmaMs, if(found, toString(rule), 'warm-up') AS rule,
  toBool(${page.before ? isBefore('startAt') : 'true'}) AS onPage,
  (timeMs, reason, toFloat64(count() ${inStep}), sum(alike / kept) ${inStep})::Tuple(timeMs Int64, reason String, kept Float64, all Float64) AS step
FROM (${snapshotsAmong(worthALook, 'trace_id, span_id')})
WHERE ${conditionsOf(filter)}
ORDER BY onPage DESC, ${orderOf(page, 'startAt')}
LIMIT {limit:UInt32} BY timeMs, reason`,
    params: { ...paramsOf(filter), ...pageParams(page), limit, stepMs },
  }
}

function paramsOf({ naming, fromMs, toMs, application, minMs, maxMs, text, ...filters }: SnapshotFilter) {
  return {
    naming: naming.revision,
    fromMs,
    toMs,
    application,
    minMs,
    maxMs,
    text,
    ...listParams({
      service: filters.service,
      transaction: filters.transaction,
      reason: filters.reason,
      version: filters.version,
      pod: filters.pod,
      namespace: filters.namespace,
      exceptionType: filters.exceptionType,
    }),
  }
}
