import type { Query } from '../../query/query.ts'
import { eachMinute, type MinutesToCompute, minuteParams } from '../minutes.ts'
import { classifiedEntries } from './classified.ts'

/**
 * Entry spans worth a look: what failed, stalled, was very slow or slow (class-sql.ts), and one normal call of each operation
 * and minute as a periodic sample. Of each operation, minute and reason the `snapshotsMax` slowest are kept, and how many
 * there were.
 */
const snapshotsMax = 10

const group = 'minute, cluster_id, namespace, application, service, transaction, operation, kind, reason'
const columns =
  'start_time, duration_ns, trace_id, span_id, cluster_id, namespace, application, service, transaction, version, pod, operation, kind, http_status, exception_type, weight'
const baseline = 'calls, mean_ms, sigma_ms, rule'

/** The threshold that the call passed; a failed or normal one: what would have made it slow. */
const passed = "multiIf(class = 'stall', stall_ms, class = 'very slow', very_slow_ms, slow_ms)"
const judged = `SELECT *, if(class = 'normal', 'periodic', class) AS reason, ${passed} AS threshold_ms FROM (${classifiedEntries})`

export function snapshotsQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO snapshots (
  ${columns}, reason, threshold_ms, baseline_calls, baseline_mean_ms, baseline_sigma_ms, rule, alike, kept, generation
)
SELECT ${columns}, reason, threshold_ms, ${baseline}, alike, least(alike, ${snapshotsMax}), {generation:UInt64} FROM (
  SELECT *, count() OVER (PARTITION BY ${group}) AS alike FROM (
    -- Of what has no other reason one is enough, whichever, before anything is sorted.
    SELECT * FROM (${judged})
    LIMIT 1 BY ${group}, if(reason = 'periodic', '', concat(trace_id, span_id))
  )
  ORDER BY ${group}, duration_ns DESC, trace_id, span_id
  LIMIT ${snapshotsMax} BY ${group}
)
UNION ALL
SELECT ${eachMinute}, 0, '', '', '', '', '', '', '', '', '', '', 255, 0, '', 0, 'computed', 0, 0, 0, 0, 'warm-up', 0, 0, {generation:UInt64}`,
    params: minuteParams(minutes),
  }
}
