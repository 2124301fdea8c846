import type { Query } from '../../../collector/service/query/query.ts'
import { isEntry } from '../../../collector/service/query/span-sql.ts'

/** The same question to both, in the plainest SQL: no word of the job's own. */
const keys =
  'minute, cluster_id, namespace, application, service, version, operation, kind, entering, calls, errors, sumNs, maxNs, buckets, counts'

export const rolledRed: Query = {
  sql: `
SELECT * FROM (
  SELECT minute, cluster_id, namespace, application, service, version, operation, kind, entering, calls, errors,
    duration_sum_ns AS sumNs, duration_max_ns AS maxNs, duration_buckets AS buckets, duration_counts AS counts
  FROM red_1m FINAL
  WHERE calls > 0 AND (minute, generation) IN (SELECT minute, max(generation) FROM red_1m GROUP BY minute)
) ORDER BY ${keys}`,
  params: {},
}

export const rawRed: Query = {
  sql: `
SELECT
  toStartOfMinute(start_time) AS minute, cluster_id, namespace, application, service, version, operation, kind, entering,
  sum(weight) AS calls, sumIf(weight, status = 2) AS errors, sum(duration_ns * weight) AS sumNs, max(duration_ns) AS maxNs,
  arraySort(groupUniqArray(bucket)) AS buckets,
  arrayMap(one -> arraySum(each -> if(each.1 = one, each.2, 0), groupArray((bucket, weight))), buckets) AS counts
FROM (
  SELECT s.*, toUInt16(floor(log2(s.duration_ns) * 8)) AS bucket,
    toBool(NOT (kind = 5 AND notEmpty(links_span_id)) AND (trace_id, parent_span_id, application) NOT IN (
      SELECT trace_id, span_id, application FROM spans
    )) AS entering
  FROM (SELECT * FROM spans FINAL LIMIT 1 BY trace_id, span_id) AS s
  WHERE ${isEntry}
)
GROUP BY minute, cluster_id, namespace, application, service, version, operation, kind, entering
ORDER BY ${keys}`,
  params: {},
}
