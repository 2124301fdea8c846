/**
 * SQL text about pods, shared by the pod list, the dashboard and the inventory, so that every number leads to the same rows.
 */

const crash = 'CrashLoopBackOff'
const imageProblems =
  'ImagePullBackOff|ErrImagePull|ErrImageNeverPull|InvalidImageName|ErrImageInspect|RegistryUnavailable'
const startProblems =
  'CreateContainerConfigError|CreateContainerError|RunContainerError|StartError|ContainerCannotRun|DeadlineExceeded'

export const isCrashLooping = `endsWith(status, '${crash}')`
export const isImageProblem = `match(status, '(^|:)(${imageProblems})$')`
export const isEvicted = "(status = 'Evicted' OR reason = 'Evicted')"
const hasFailed = `(phase = 'Failed' OR match(status, '(^|:)(${crash}|${imageProblems}|${startProblems}|Error|OOMKilled|Evicted|Failed|ExitCode:.*|Signal:.*)$'))`
const isDone = "(phase = 'Succeeded' OR status IN ('Completed', 'Succeeded'))"
/** Waits without a problem that is known: not scheduled, creating, initialising. */
export const isPending = `(phase = 'Pending' AND NOT ${hasFailed})`

export const podHealth = `multiIf(${isDone}, 'done', ${hasFailed}, 'failed', ${isPending}, 'pending', ready < desired OR status != 'Running', 'warning', 'ok')`
export const isNotReady = `(NOT ${isDone} AND (ready < desired OR phase != 'Running'))`

/** The longest a pod may stay Pending before it is a finding. */
export const pendingLongMs = 5 * 60_000

const containerList =
  "JSONExtract(containers, 'Array(Tuple(name String, image String, init Bool, cpuRequestMillicores UInt64, cpuLimitMillicores UInt64, memoryRequestBytes UInt64, memoryLimitBytes UInt64, readinessProbe Bool, livenessProbe Bool, privileged Bool))')"

/** Per finding: the containers' test, or the pod's. Init containers need no probes; jobs are not probed. */
const containerFindings: Readonly<Record<string, string>> = {
  'no-limits': 'NOT c.init AND (c.cpuLimitMillicores = 0 OR c.memoryLimitBytes = 0)',
  'no-requests': 'NOT c.init AND (c.cpuRequestMillicores = 0 OR c.memoryRequestBytes = 0)',
  'no-readiness-probe': "NOT c.init AND NOT c.readinessProbe AND workload_kind NOT IN ('Job', 'CronJob')",
  'no-liveness-probe': "NOT c.init AND NOT c.livenessProbe AND workload_kind NOT IN ('Job', 'CronJob')",
  privileged: 'c.privileged',
  'latest-tag': "endsWith(c.image, ':latest') OR NOT match(c.image, '[:@][^/]*$')",
}

const podFindings: Readonly<Record<string, string>> = {
  'crash-looping': isCrashLooping,
  'image-pull': isImageProblem,
  evicted: isEvicted,
  'pending-long': `${isPending} AND toUnixTimestamp64Milli(created_at) < {toMs:Int64} - ${pendingLongMs}`,
  'not-ready': `phase = 'Running' AND ready < desired AND NOT ${hasFailed}`,
}

/** SQL text: pairs of finding and detail of a pod; the detail names its containers. Completed pods are left alone. */
export const findingsOfPod = `if(${isDone}, [], arrayFilter(f -> f.1 != '', [
${[
  ...Object.entries(containerFindings).map(
    ([id, test]) =>
      `  (if(arrayExists(c -> ${test}, containerList), '${id}', ''), arrayStringConcat(arrayMap(c -> c.name, arrayFilter(c -> ${test}, containerList)), ', '))`,
  ),
  ...Object.entries(podFindings).map(([id, test]) => `  (if(${test}, '${id}', ''), toString(status))`),
].join(',\n')}
]))`

/**
 * SQL text: pods that were there at some time of the range, newest projection each. `aliveAtEnd` tells those that are
 * there at its end; a tombstone's observation time is the deletion.
 */
export const podsInRange = `
SELECT
  *, ${containerList} AS containerList,
  NOT deleted OR observed_at >= fromUnixTimestamp64Milli({toMs:Int64}) AS aliveAtEnd,
  created_at < fromUnixTimestamp64Milli({fromMs:Int64}) AS aliveAtStart
FROM k8s_objects FINAL
WHERE cluster_id = {clusterId:String} AND kind = 'Pod'
  AND created_at < fromUnixTimestamp64Milli({toMs:Int64})
  AND (NOT deleted OR observed_at >= fromUnixTimestamp64Milli({fromMs:Int64}))`
