import { inRange, type ListFilter, listParams, passes, type Query, type Range, stepOf } from './query.ts'

export interface EventFilter extends Range {
  readonly clusterId: string
  readonly namespace: ListFilter
  readonly severity: ListFilter
  readonly category: ListFilter
  readonly reason: ListFilter
  readonly workload: ListFilter
  /** uid of the object; '': any. */
  readonly objectUid: string
  /** Kind and name of the object, as `Node/worker-1`, for those whose events carry no uid of theirs; '': any. */
  readonly object?: string
  /** Part of the message or object name, in any case; '': any. */
  readonly text: string
}

const facetNames = ['namespace', 'severity', 'category', 'reason', 'workload'] as const

/** Occurrences of one version are drawn at most this many times; nothing is lost, one then stands for several. */
const pointsMax = 60

/**
 * Occurrences of events in the range. The API server counts: every version of an event carries the cumulative count since
 * `first_time`. A version adds what its count exceeds that of the version before it (nothing, when the count was reset).
 * When they happened is known of the newest, at `last_time`; the others, which were not seen one by one because a series
 * tells of them every 30 minutes or the agent was away, are spread evenly over the time since the version before.
 * The first version that is stored also knows its first occurrence, at `first_time`.
 * Versions before the range are needed for the difference. They come in the order of their resource versions, which are
 * numbers of any length: clocks of reporters jump, resource versions do not.
 */
export const occurrences = `
SELECT
  event_uid, namespace, type, reason, message, severity, category, object_kind, object_name, object_uid,
  workload_kind, workload, component, host, fromUnixTimestamp64Milli(part.1, 'UTC') AS at, part.2 AS times
FROM (
  SELECT *,
    toInt64(greatest(count, 1)) AS total,
    lagInFrame(total) OVER versions AS before,
    toUnixTimestamp64Milli(first_time) AS firstMs,
    toUnixTimestamp64Milli(last_time) AS lastMs,
    least(lastMs, if(before = 0, firstMs, lagInFrame(lastMs) OVER versions)) AS sinceMs,
    greatest(total - if(before = 0, 1, before), 0) AS added,
    least(added, ${pointsMax}) AS points
  FROM k8s_events FINAL
  WHERE cluster_id = {clusterId:String}
    AND first_time < fromUnixTimestamp64Milli({toMs:Int64})
    AND event_uid IN (
      SELECT event_uid FROM k8s_events
      WHERE cluster_id = {clusterId:String}
        AND first_time < fromUnixTimestamp64Milli({toMs:Int64})
        AND last_time >= fromUnixTimestamp64Milli({fromMs:Int64})
    )
  WINDOW versions AS (
    PARTITION BY cluster_id, event_uid ORDER BY length(resource_version), resource_version
    ROWS BETWEEN 1 PRECEDING AND CURRENT ROW
  )
)
ARRAY JOIN arrayConcat(
  if(before = 0, [(firstMs, toInt64(1))], []),
  arrayMap(
    i -> (sinceMs + intDiv((lastMs - sinceMs) * i, points), intDiv(added * i, points) - intDiv(added * (i - 1), points)),
    range(toInt64(1), points + 1)
  )
) AS part
WHERE ${inRange('at')}`

const passesText = `({text:String} = '' OR positionCaseInsensitiveUTF8(message, {text:String}) > 0 OR positionCaseInsensitiveUTF8(object_name, {text:String}) > 0)`
const passesObject = `({objectUid:String} = '' OR object_uid = {objectUid:String}) AND ({object:String} = '' OR concat(object_kind, '/', object_name) = {object:String})`
const passesAll = [...facetNames.map((name) => passes(name, name)), passesText, passesObject].join(' AND ')

export interface EventGroupRow {
  readonly eventUid: string
  readonly severity: 'info' | 'warning' | 'error'
  readonly category: string
  readonly type: string
  readonly reason: string
  readonly message: string
  readonly namespace: string
  readonly objectKind: string
  readonly objectName: string
  readonly objectUid: string
  readonly workloadKind: string
  readonly workload: string
  readonly component: string
  readonly host: string
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
}

/** SQL text: repeats on one object with one message are one row. */
export const eventGroups = (from: string): string => `SELECT
  argMax(event_uid, at) AS eventUid, argMax(o.severity, at) AS severity, argMax(o.category, at) AS category, type, reason,
  message, namespace, object_kind AS objectKind, object_name AS objectName, object_uid AS objectUid,
  argMax(workload_kind, at) AS workloadKind, argMax(o.workload, at) AS workload,
  argMax(o.component, at) AS component, argMax(o.host, at) AS host,
  toFloat64(sum(times)) AS count,
  toUnixTimestamp64Milli(min(at)) AS firstMs, toUnixTimestamp64Milli(max(at)) AS lastMs
FROM (${from}) AS o
GROUP BY namespace, objectKind, objectName, objectUid, type, reason, message`

/** Newest first. */
export function eventGroupsQuery(filter: EventFilter, limit: number): Query {
  return {
    sql: `
${eventGroups(`SELECT * FROM (${occurrences}) WHERE ${passesAll}`)}
ORDER BY lastMs DESC, objectName, reason
LIMIT {limit:UInt32}`,
    params: { ...eventParams(filter), limit },
  }
}

export interface EventTimelineRow {
  readonly timeMs: number
  readonly severity: string
  readonly times: number
}

export function eventTimelineQuery(filter: EventFilter, stepMs: number): Query {
  return {
    sql: `
SELECT ${stepOf('at')} AS timeMs, severity, toFloat64(sum(times)) AS times
FROM (${occurrences})
WHERE ${passesAll}
GROUP BY timeMs, severity
ORDER BY timeMs, severity`,
    params: { ...eventParams(filter), stepMs },
  }
}

export interface FacetRow {
  readonly facet: string
  readonly value: string
  readonly count: number
}

/** Counts per value of each facet under all filters but the facet's own, in one pass. */
export function eventFacetsQuery(filter: EventFilter): Query {
  return {
    sql: `
SELECT candidate.1 AS facet, candidate.2 AS value, toFloat64(sum(times)) AS count
FROM (${occurrences})
ARRAY JOIN [${facetNames.map((name) => `('${name}', toString(${name}), ${othersPass(name)})`).join(', ')}] AS candidate
WHERE candidate.3 AND ${passesText} AND ${passesObject}
GROUP BY facet, value
ORDER BY facet, count DESC, value
LIMIT 200 BY facet`,
    params: eventParams(filter),
  }
}

function othersPass(name: string): string {
  return facetNames
    .filter((other) => other !== name)
    .map((other) => passes(other, other))
    .join(' AND ')
}

function eventParams(filter: EventFilter): Record<string, unknown> {
  const {
    clusterId,
    fromMs,
    toMs,
    objectUid,
    object = '',
    text,
    namespace,
    severity,
    category,
    reason,
    workload,
  } = filter
  return {
    clusterId,
    fromMs,
    toMs,
    objectUid,
    object,
    text,
    ...listParams({ namespace, severity, category, reason, workload }),
  }
}

export interface EventIssueRow {
  readonly timeMs: number
  readonly errors: number
  readonly warnings: number
  readonly evictions: number
  readonly imageErrors: number
  readonly imagePulls: number
  readonly storageErrors: number
  readonly quotaErrors: number
  readonly scaleDowns: number
}

/** The occurrences per step behind the cluster dashboard's charts and figures. */
export function eventIssuesQuery(
  scope: Range & { clusterId: string; namespace: ListFilter; stepMs: number },
): Query {
  const { namespace, ...params } = scope
  const sumIf = (condition: string) => `toFloat64(sumIf(times, ${condition}))`
  return {
    sql: `
SELECT
  ${stepOf('at')} AS timeMs,
  ${sumIf("severity = 'error'")} AS errors,
  ${sumIf("severity = 'warning'")} AS warnings,
  ${sumIf("category = 'eviction'")} AS evictions,
  ${sumIf("category = 'image' AND severity != 'info'")} AS imageErrors,
  ${sumIf("reason = 'Pulling'")} AS imagePulls,
  ${sumIf("category = 'storage' AND severity != 'info'")} AS storageErrors,
  ${sumIf("category = 'quota'")} AS quotaErrors,
  ${sumIf("reason = 'ScalingReplicaSet' AND positionCaseInsensitiveUTF8(message, 'scaled down') > 0")} AS scaleDowns
FROM (${occurrences})
WHERE ${passes('namespace', 'namespace')}
GROUP BY timeMs
ORDER BY timeMs`,
    params: { ...params, ...listParams({ namespace }) },
  }
}
