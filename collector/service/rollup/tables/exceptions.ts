import type { Query } from '../../query/query.ts'
import { eachMinute, type MinutesToCompute, minuteOf, minuteParams, minuteWindow } from '../minutes.ts'

/**
 * Exceptions that spans recorded as events. Two belong to one group when type and top of stack are the same: the first
 * `framesMax` lines of the stack that look like frames (of Python, whose last frame is the top: the last), without numbers and
 * addresses, so that another line of the same function, or another build, is the same group.
 */
const framesMax = 5
const stackCharsMax = 8_192
const messageCharsMax = 500

const keys =
  'minute, cluster_id, namespace, application, service, version, operation, group_hash, exception_type'

const frames = `arrayFilter(line -> match(line, '^\\\\s*(at\\\\s|File "|#?\\\\d+[:\\\\s]|[\\\\w./$]+\\\\()'), splitByChar('\\n', stack))`
const top = `replaceRegexpAll(arrayStringConcat(
    if(startsWith(stack, 'Traceback'), arraySlice(${frames}, -${framesMax}), arraySlice(${frames}, 1, ${framesMax})), '\\n'
  ), '0x[0-9a-fA-F]+|[0-9]+', '?')`

const events = `
SELECT *, cityHash64(exception_type, ${top}) AS group_hash FROM (
  SELECT
    ${minuteOf('start_time')} AS minute, start_time, cluster_id, namespace, application, service, version, operation, trace_id, weight,
    event['exception.type'] AS exception_type, substring(event['exception.message'], 1, ${messageCharsMax}) AS message,
    substring(event['exception.stacktrace'], 1, ${stackCharsMax}) AS stack
  FROM (
    SELECT * EXCEPT (names, attributes), arrayJoin(arrayFilter((a, name) -> name = 'exception', attributes, names)) AS event
    FROM (
      SELECT
        start_time, cluster_id, namespace, application, service, version, operation, trace_id, weight,
        events_name AS names, events_attributes AS attributes
      FROM spans FINAL
      WHERE has(events_name, 'exception') AND ${minuteWindow.own('start_time')}
    )
  )
)`

export function exceptionsQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO exceptions_1m (${keys}, count, sample_trace_id, sample_message, generation)
SELECT ${keys}, sum(weight), max((trace_id, message)).1, max((trace_id, message)).2, {generation:UInt64}
FROM (${events})
GROUP BY ${keys}
UNION ALL
SELECT ${eachMinute}, '', '', '', '', '', '', 0, '', 0, '', '', {generation:UInt64}`,
    params: minuteParams(minutes),
  }
}

/** Since when, and until when, a version has thrown a group: rows of the same key collapse to the first and the last. */
export function exceptionSightingsQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO exception_sightings (application, group_hash, service, version, first_seen, last_seen)
SELECT application, group_hash, service, version, min(start_time), max(start_time)
FROM (${events})
GROUP BY application, group_hash, service, version`,
    params: minuteParams(minutes),
  }
}

/** What a group is: one message and one stack of it. */
export function exceptionGroupsQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO exception_groups (group_hash, exception_type, message, stack, last_seen)
SELECT group_hash, exception_type, max((message, stack)).1, max((message, stack)).2, max(minute)
FROM (${events})
GROUP BY group_hash, exception_type`,
    params: minuteParams(minutes),
  }
}
