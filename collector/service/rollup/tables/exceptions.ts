import { exceptionEvents } from '../../query/exception-sql.ts'
import type { Query } from '../../query/query.ts'
import { eachMinute, type MinutesToCompute, minuteOf, minuteParams, minuteWindow } from '../minutes.ts'

const keys =
  'minute, cluster_id, namespace, application, service, version, operation, group_hash, exception_type'

const events = `SELECT *, ${minuteOf('start_time')} AS minute FROM (${exceptionEvents(minuteWindow)})`

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
