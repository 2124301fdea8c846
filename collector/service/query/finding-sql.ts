import { isCrashLooping, isDone, isEvicted, isImageProblem, isPending, isRunningNotReady } from './pod-sql.ts'

/** The longest a pod may stay Pending before it is a finding. */
export const pendingLongMs = 5 * 60_000

/** What the state of an object says, beside the findings that its agent sent. */
const stateFindings: Readonly<Record<string, string>> = {
  'crash-looping': `kind = 'Pod' AND ${isCrashLooping}`,
  'image-pull': `kind = 'Pod' AND ${isImageProblem}`,
  evicted: `kind = 'Pod' AND ${isEvicted}`,
  'pending-long': `kind = 'Pod' AND ${isPending} AND toUnixTimestamp64Milli(created_at) < {toMs:Int64} - ${pendingLongMs}`,
  'not-ready': `kind = 'Pod' AND ${isRunningNotReady}`,
  'workload-not-ready': "kind IN ('Deployment', 'StatefulSet', 'DaemonSet') AND ready < desired",
  'node-not-ready': "kind = 'Node' AND NOT startsWith(status, 'Ready')",
  'node-cordoned': "kind = 'Node' AND endsWith(status, 'SchedulingDisabled')",
}

/** SQL text: pairs of finding and detail of an object of `objectsInRange`. Completed pods are left alone. */
export const findingsOfObject = `if(kind = 'Pod' AND ${isDone}, [], arrayConcat(
  CAST(findings, 'Array(Tuple(String, String))'),
  arrayFilter(f -> f.1 != '', [
${Object.entries(stateFindings)
  .map(
    ([id, test]) =>
      `    (if(${test}, '${id}', ''), if(kind = 'Pod' OR kind = 'Node', toString(status), concat(toString(ready), ' of ', toString(desired), ' ready')))`,
  )
  .join(',\n')}
  ])
))`

/** SQL text: the ids of them. */
export const findingIdsOfObject = `arrayMap(f -> f.1, ${findingsOfObject})`
