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
export const isDone = "(phase = 'Succeeded' OR status IN ('Completed', 'Succeeded'))"
/** Takes no room on its node any more. */
export const hasEnded = "phase IN ('Succeeded', 'Failed')"
/** Waits without a problem that is known: not scheduled, creating, initialising. */
export const isPending = `(phase = 'Pending' AND NOT ${hasFailed})`

export const podHealth = `multiIf(${isDone}, 'done', ${hasFailed}, 'failed', ${isPending}, 'pending', ready < desired OR status != 'Running', 'warning', 'ok')`
/** Neither fine nor done: its list is that of these three. */
export const isNotReady = `${podHealth} IN ('failed', 'pending', 'warning')`

export const isRunningNotReady = `(phase = 'Running' AND ready < desired AND NOT ${hasFailed})`

/**
 * SQL text: objects of one kind (SQL text; all: `kind`) that were there at some time of the range, newest projection each.
 * `aliveAtEnd` tells those that are there at its end; a tombstone's observation time is the deletion.
 */
export const objectsInRange = (kind: string): string => `
SELECT
  *,
  NOT deleted OR observed_at >= fromUnixTimestamp64Milli({toMs:Int64}) AS aliveAtEnd,
  created_at < fromUnixTimestamp64Milli({fromMs:Int64}) AS aliveAtStart
FROM k8s_objects FINAL
WHERE cluster_id = {clusterId:String} AND kind = ${kind}
  AND created_at < fromUnixTimestamp64Milli({toMs:Int64})
  AND (NOT deleted OR observed_at >= fromUnixTimestamp64Milli({fromMs:Int64}))`

export const podsInRange = objectsInRange("'Pod'")
