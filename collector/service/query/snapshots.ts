import { judgedEntries } from './judged-sql.ts'
import { type ListFilter, listParams, passes, type Query, type Range, stepOf } from './query.ts'
import { closedBoundsOf, newestWindowOf } from './red-rollup.ts'
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

const columns =
  'start_time, duration_ns, trace_id, span_id, cluster_id, namespace, application, service, transaction, version, pod, operation, kind, http_status, exception_type'
const ms = (name: string) => `fromUnixTimestamp64Milli(toInt64({${name}:Int64}))`

/** A recomputation of a minute writes each span once, so its rows need no FINAL. */
const kept = (conditions: string) => `
SELECT ${columns}, toString(reason) AS why, threshold_ms, baseline_calls, baseline_mean_ms, baseline_sigma_ms, toString(rule) AS ruleName, alike, snapshots.kept AS keptOf
FROM snapshots
WHERE start_time >= ${ms('fromMs')} AND start_time < ${ms('toMs')}
  AND toStartOfHour(start_time) >= toStartOfHour(${ms('fromMs')}) AND toStartOfHour(start_time) <= toStartOfHour(${ms('toMs')})
  AND ({application:String} = '' OR application = {application:String}) AND reason != 'computed'
  AND ${passes('reason', 'toString(reason)')} AND ${conditions}
  AND (toStartOfMinute(start_time), generation) IN (
    SELECT toStartOfMinute(start_time) AS minute, max(generation) FROM snapshots
    WHERE reason = 'computed' AND start_time >= toStartOfMinute(${ms('fromMs')}) AND start_time < ${ms('toMs')}
      AND toStartOfHour(start_time) >= toStartOfHour(${ms('fromMs')}) AND toStartOfHour(start_time) <= toStartOfHour(${ms('toMs')})
    GROUP BY minute
  )`

/** What is not rolled up, chosen in the same way; the sample of a minute is the same one for each page. */
function fresh(filter: SnapshotFilter, conditions: string): string {
  const { naming, reason } = filter
  const wantsNormal =
    !reason.out.includes('periodic') && (reason.in.length === 0 || reason.in.includes('periodic'))
  const judged = judgedEntries(newestWindowOf(filter), naming, 'true')
  const worthALook = wantsNormal ? judged : `SELECT * FROM (${judged}) WHERE class != 'normal'`
  return `
SELECT
  toDateTime64(start_time, 3, 'UTC') AS start_time, ${columns.replace('start_time, ', '')}, reason AS why, threshold_ms,
  calls AS baseline_calls, mean_ms AS baseline_mean_ms, sigma_ms AS baseline_sigma_ms, if(found, toString(rule), 'warm-up') AS ruleName, alike, kept AS keptOf
FROM (${snapshotsAmong(worthALook, 'trace_id, span_id')})
WHERE ${passes('reason', 'reason')} AND ${conditions}`
}

function rowsOf(filter: SnapshotFilter): string {
  const conditions = conditionsOf(filter)
  return filter.application === ''
    ? kept(conditions)
    : `SELECT * FROM (${kept(conditions)}) WHERE start_time < fromUnixTimestamp64Milli(toInt64(closedToMs)) UNION ALL ${fresh(filter, conditions)}`
}

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

export function snapshotsQuery(filter: SnapshotFilter, { sort, limit, before }: SnapshotPage): Query {
  const order =
    sort === 'newest' ? 'start_time DESC, trace_id DESC, span_id DESC' : 'duration_ns DESC, trace_id, span_id'
  const isBefore = before
    ? 'WHERE (start_time, trace_id, span_id) < (fromUnixTimestamp64Milli({beforeMs:Int64}), unhex({beforeTrace:String}), unhex({beforeSpan:String}))'
    : ''
  return {
    sql: `${closedBoundsOf(filter)}
SELECT
  lower(hex(trace_id)) AS traceId, lower(hex(span_id)) AS spanId, toFloat64(toUnixTimestamp64Milli(start_time)) AS startMs,
  duration_ns / 1e6 AS durationMs, cluster_id AS clusterId, namespace, application, service, transaction, version, pod, operation,
  http_status AS httpStatus, exception_type AS exceptionType, why AS reason, if(isFinite(threshold_ms), threshold_ms, NULL) AS thresholdMs,
  baseline_calls AS baselineCalls, baseline_mean_ms AS baselineMeanMs, baseline_sigma_ms AS baselineSigmaMs, ruleName AS rule,
  toFloat64(alike) AS alike, toFloat64(keptOf) AS kept
FROM (${rowsOf(filter)})
${isBefore}
ORDER BY ${order}
LIMIT {limit:UInt32}`,
    params: {
      ...paramsOf(filter),
      limit,
      ...(before && { beforeMs: before.startMs, beforeTrace: before.traceId, beforeSpan: before.spanId }),
    },
  }
}

export interface SnapshotStepRow {
  readonly timeMs: number
  readonly reason: string
  readonly kept: number
  /** How many there were: beyond a bound a minute, some are not kept. */
  readonly all: number
}

export function snapshotStepsQuery(filter: SnapshotFilter, stepMs: number): Query {
  return {
    sql: `${closedBoundsOf(filter)}
SELECT ${stepOf('start_time')} AS timeMs, why AS reason, toFloat64(count()) AS kept, round(sum(alike / keptOf)) AS all
FROM (${rowsOf(filter)})
GROUP BY timeMs, reason
ORDER BY timeMs, reason`,
    params: { ...paramsOf(filter), stepMs },
  }
}

function paramsOf({
  naming,
  fromMs,
  toMs,
  rolledUpMs,
  application,
  minMs,
  maxMs,
  text,
  ...filters
}: SnapshotFilter) {
  return {
    naming: naming.revision,
    fromMs,
    toMs,
    ...(rolledUpMs !== undefined && { rolledUpMs }),
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
