import type { Query } from './query.ts'
import { between } from './span-sql.ts'

export interface NamespacesReportRow {
  /** JSON of a NamespacesReport. */
  readonly report: string
  readonly reportedAtMs: number
}

/** The newest report about the cluster's namespaces, of whichever of its agents. */
export function namespacesReportQuery(clusterId: string): Query {
  return {
    sql: `
SELECT report, toUnixTimestamp64Milli(reported_at) AS reportedAtMs
FROM agent_namespaces FINAL
WHERE cluster_id = {clusterId:String}
ORDER BY reported_at DESC
LIMIT 1`,
    params: { clusterId },
  }
}

export interface NamespaceLoadRow {
  readonly namespace: string
  readonly pods: number
  readonly spansPerMinute: number
}

export const spanRateMinutes = 5

/** What is in each namespace now, and what it sent in the last minutes. */
export function namespaceLoadQuery(scope: { readonly clusterId: string; readonly nowMs: number }): Query {
  const sent = between('start_time', `{nowMs:Int64} - ${spanRateMinutes * 60_000}`, '{nowMs:Int64}')
  return {
    sql: `
SELECT namespace, toFloat64(sum(podCount)) AS pods, sum(spanRate) AS spansPerMinute
FROM (
  SELECT toString(namespace) AS namespace, count() AS podCount, 0. AS spanRate
  FROM k8s_objects FINAL
  WHERE cluster_id = {clusterId:String} AND kind = 'Pod' AND NOT deleted
  GROUP BY namespace
  UNION ALL
  SELECT toString(namespace) AS namespace, 0 AS podCount, sum(toFloat64(weight)) / ${spanRateMinutes} AS spanRate
  FROM spans FINAL
  WHERE cluster_id = {clusterId:String} AND ${sent}
  GROUP BY namespace
)
GROUP BY namespace`,
    params: { ...scope },
  }
}
