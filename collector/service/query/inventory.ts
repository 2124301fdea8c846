import { findingsOfPod, podsInRange } from './pod-sql.ts'
import { type ListFilter, listParams, passes, type Query, type Range } from './query.ts'

export interface FindingRow {
  readonly id: string
  readonly count: number
  /** At most `objectsMax` pods, as [namespace, name, owner, detail]. */
  readonly objects: readonly (readonly [namespace: string, name: string, owner: string, detail: string])[]
}

const objectsMax = 200

/** Pods per finding at the end of the range. */
export function podFindingsQuery(scope: Range & { clusterId: string; namespace: ListFilter }): Query {
  const { namespace, ...params } = scope
  return {
    sql: `
SELECT
  finding.1 AS id,
  toFloat64(count()) AS count,
  arraySort(groupArray(${objectsMax})((toString(namespace), name, concat(workload_kind, '/', workload), finding.2))) AS objects
FROM (${podsInRange})
ARRAY JOIN ${findingsOfPod} AS finding
WHERE aliveAtEnd AND ${passes('namespace', 'namespace')}
GROUP BY id
ORDER BY id`,
    params: { ...params, ...listParams({ namespace }) },
  }
}

export interface ObjectCountRow {
  readonly kind: string
  readonly count: number
  readonly notReady: number
}

/** Objects per kind at the end of the range; a workload is ready when all its replicas are. */
export function objectCountsQuery(scope: Range & { clusterId: string; namespace: ListFilter }): Query {
  const { namespace, ...params } = scope
  return {
    sql: `
SELECT kind, toFloat64(count()) AS count, toFloat64(countIf(ready < desired AND phase != 'Succeeded')) AS notReady
FROM k8s_objects FINAL
WHERE cluster_id = {clusterId:String} AND created_at < fromUnixTimestamp64Milli({toMs:Int64})
  AND (NOT deleted OR observed_at >= fromUnixTimestamp64Milli({toMs:Int64}))
  AND ${passes('namespace', 'namespace')}
GROUP BY kind
ORDER BY kind`,
    params: { ...params, ...listParams({ namespace }) },
  }
}
