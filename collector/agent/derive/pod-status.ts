import { count, integer, type Json, list, object, text, timeMs } from './read.ts'

/** The columns STATUS, READY and RESTARTS of `kubectl get pods`. */
export interface PodStatus {
  readonly status: string
  readonly ready: number
  readonly total: number
  readonly restarts: number
  /** 0: never restarted. */
  readonly lastRestartAtMs: number
}

/**
 * As the API server computes them for kubectl: printPod in
 * https://github.com/kubernetes/kubernetes/blob/master/pkg/printers/internalversion/printers.go
 */
export function podStatus(pod: Json): PodStatus {
  const status = object(pod['status'])
  const phase = text(status['phase'])
  const conditions = list(status['conditions'])
  const gated = conditions.some(
    (one) => one['type'] === 'PodScheduled' && one['reason'] === 'SchedulingGated',
  )
  const init = walkInitContainers(pod)
  let reason = gated ? 'SchedulingGated' : text(status['reason']) || phase
  let { ready, restarts, lastRestartAtMs } = init
  if (init.reason) reason = init.reason
  if (!init.reason || isTrue(conditions, 'Initialized')) {
    const main = walkContainers(list(status['containerStatuses']))
    reason = main.reason || reason
    ready += main.ready
    restarts = init.sidecarRestarts + main.restarts
    lastRestartAtMs = Math.max(init.sidecarLastRestartAtMs, main.lastRestartAtMs)
    if (reason === 'Completed' && main.ready > 0)
      reason = isTrue(conditions, 'Ready') ? 'Running' : 'NotReady'
  }
  if (timeMs(object(pod['metadata'])['deletionTimestamp']) > 0) {
    if (status['reason'] === 'NodeLost') reason = 'Unknown'
    else if (phase !== 'Succeeded' && phase !== 'Failed') reason = 'Terminating'
  }
  return { status: reason || 'Unknown', ready, total: init.total, restarts, lastRestartAtMs }
}

export function isSidecar(container: Json): boolean {
  return container['restartPolicy'] === 'Always'
}

interface InitWalk {
  /** Empty: every init container is done. */
  readonly reason: string
  readonly ready: number
  readonly total: number
  readonly restarts: number
  readonly lastRestartAtMs: number
  readonly sidecarRestarts: number
  readonly sidecarLastRestartAtMs: number
}

/** In order, up to the first init container that is not done. Sidecars (restartPolicy Always) count as containers. */
function walkInitContainers(pod: Json): InitWalk {
  const spec = object(pod['spec'])
  const inits = list(spec['initContainers'])
  const sidecars = new Set(inits.filter(isSidecar).map((one) => text(one['name'])))
  const total = list(spec['containers']).length + sidecars.size
  const walk = {
    reason: '',
    ready: 0,
    total,
    restarts: 0,
    lastRestartAtMs: 0,
    sidecarRestarts: 0,
    sidecarLastRestartAtMs: 0,
  }
  for (const [index, status] of list(object(pod['status'])['initContainerStatuses']).entries()) {
    const sidecar = sidecars.has(text(status['name']))
    walk.restarts += count(status['restartCount'])
    walk.lastRestartAtMs = Math.max(walk.lastRestartAtMs, lastFinishedAtMs(status))
    if (sidecar) {
      walk.sidecarRestarts += count(status['restartCount'])
      walk.sidecarLastRestartAtMs = Math.max(walk.sidecarLastRestartAtMs, lastFinishedAtMs(status))
    }
    const state = object(status['state'])
    const terminated = tryObject(state['terminated'])
    if (terminated && integer(terminated['exitCode']) === 0) continue
    if (sidecar && status['started'] === true) {
      if (status['ready'] === true) walk.ready++
      continue
    }
    walk.reason = `Init:${initReason(terminated, object(state['waiting'])) || `${index}/${inits.length}`}`
    break
  }
  return walk
}

function initReason(terminated: Json | undefined, waiting: Json): string {
  if (terminated) return terminationReason(terminated)
  const reason = text(waiting['reason'])
  return reason === 'PodInitializing' ? '' : reason
}

/** From last to first, so that the first container in trouble decides. */
function walkContainers(statuses: readonly Json[]) {
  const walk = { reason: '', ready: 0, restarts: 0, lastRestartAtMs: 0 }
  for (const status of statuses.toReversed()) {
    walk.restarts += count(status['restartCount'])
    walk.lastRestartAtMs = Math.max(walk.lastRestartAtMs, lastFinishedAtMs(status))
    const state = object(status['state'])
    const waitingReason = text(object(state['waiting'])['reason'])
    const terminated = tryObject(state['terminated'])
    if (waitingReason) walk.reason = waitingReason
    else if (terminated) walk.reason = terminationReason(terminated)
    else if (status['ready'] === true && tryObject(state['running'])) walk.ready++
  }
  return walk
}

function terminationReason(terminated: Json): string {
  const reason = text(terminated['reason'])
  if (reason) return reason
  const signal = integer(terminated['signal'])
  return signal !== 0 ? `Signal:${signal}` : `ExitCode:${integer(terminated['exitCode'])}`
}

function lastFinishedAtMs(status: Json): number {
  return timeMs(object(object(status['lastState'])['terminated'])['finishedAt'])
}

function isTrue(conditions: readonly Json[], type: string): boolean {
  return conditions.some((one) => one['type'] === type && one['status'] === 'True')
}

function tryObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null ? (value as Json) : undefined
}
