import { findingIdsOfObject } from './finding-sql.ts'
import { type ListFilter, listParams, passes, type Query, type Range, stepOf } from './query.ts'

/** Between two counts. */
export const countEveryMs = 5 * 60_000

/** The statement that counts what is there at a time, in all clusters. Twice for one time, the later count wins. */
export function countFindingsStatement(timeMs: number): Query {
  return {
    sql: `
INSERT INTO finding_counts (cluster_id, time, namespace, kind, finding, objects)
SELECT cluster_id, fromUnixTimestamp64Milli({toMs:Int64}), namespace, kind, finding, count()
FROM k8s_objects FINAL
ARRAY JOIN arrayConcat([''], ${findingIdsOfObject}) AS finding
WHERE created_at < fromUnixTimestamp64Milli({toMs:Int64})
  AND (NOT deleted OR observed_at >= fromUnixTimestamp64Milli({toMs:Int64}))
GROUP BY cluster_id, namespace, kind, finding`,
    params: { toMs: timeMs },
  }
}

export interface FindingStepsRow {
  /** '': all objects, of which there is a point for every count that was made. */
  readonly finding: string
  /** Objects as last counted in each step, in order of time; a count of none has no point. */
  readonly points: readonly (readonly [timeMs: number, objects: number])[]
}

/** Objects per finding over time, from the last count before the range on. */
export function findingStepsQuery(
  scope: Range & { clusterId: string; namespace: ListFilter; stepMs: number },
): Query {
  const { namespace, stepMs, ...params } = scope
  const counted = `cluster_id = {clusterId:String}
    AND time > fromUnixTimestamp64Milli({fromMs:Int64} - ${countEveryMs}) AND time <= fromUnixTimestamp64Milli({toMs:Int64})`
  return {
    sql: `
SELECT finding, arraySort(groupArray((timeMs, objects))) AS points
FROM (
  SELECT toString(finding) AS finding, toUnixTimestamp64Milli(time) AS timeMs, toFloat64(sum(objects)) AS objects
  FROM finding_counts FINAL
  WHERE ${counted} AND ${passes('namespace', 'namespace')}
    AND time IN (SELECT max(time) FROM finding_counts WHERE ${counted} GROUP BY ${stepOf('time')})
  GROUP BY finding, time
)
GROUP BY finding`,
    params: { ...params, stepMs: Math.max(stepMs, countEveryMs), ...listParams({ namespace }) },
  }
}
