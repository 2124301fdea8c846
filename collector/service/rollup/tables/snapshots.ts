import type { Query } from '../../query/query.ts'
import { snapshotsAmong } from '../../query/snapshot-sql.ts'
import { eachMinute, type MinutesToCompute, minuteParams } from '../minutes.ts'
import { classifiedEntries } from './classified.ts'

const columns =
  'start_time, duration_ns, trace_id, span_id, cluster_id, namespace, application, service, transaction, version, pod, operation, kind, http_status, exception_type, weight'
const baseline = 'calls, mean_ms, sigma_ms, rule'

/** The snapshots of the minutes. */
export function snapshotsQuery(minutes: MinutesToCompute): Query {
  return {
    sql: `
INSERT INTO snapshots (
  ${columns}, reason, threshold_ms, baseline_calls, baseline_mean_ms, baseline_sigma_ms, rule, alike, kept, generation
)
SELECT ${columns}, reason, threshold_ms, ${baseline}, alike, kept, {generation:UInt64}
FROM (${snapshotsAmong(classifiedEntries)})
UNION ALL
SELECT ${eachMinute}, 0, '', '', '', '', '', '', '', '', '', '', 255, 0, '', 0, 'computed', 0, 0, 0, 0, 'warm-up', 0, 0, {generation:UInt64}`,
    params: minuteParams(minutes),
  }
}
