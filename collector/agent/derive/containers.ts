import type { ContainerState } from '../../record/kube.ts'
import { isSidecar } from './pod-status.ts'
import { cpuMillicores, memoryBytes } from './quantity.ts'
import { count, integer, type Json, list, object, text, timeMs } from './read.ts'

const containersMax = 256
const messageLengthMax = 1024

/** Containers of a pod as specified, with what the kubelet reports of each. Env, args, mounts and probes' details are left out. */
export function projectContainers(pod: Json): ContainerState[] {
  const spec = object(pod['spec'])
  const status = object(pod['status'])
  const reported = new Map<string, Json>()
  for (const key of ['initContainerStatuses', 'containerStatuses']) {
    for (const one of list(status[key])) reported.set(text(one['name']), one)
  }
  const of = (key: string, init: boolean) =>
    list(spec[key]).map((container) =>
      projectContainer(container, reported.get(text(container['name'])) ?? {}, init && !isSidecar(container)),
    )
  return [...of('initContainers', true), ...of('containers', false)].slice(0, containersMax)
}

function projectContainer(container: Json, status: Json, init: boolean): ContainerState {
  const state = object(status['state'])
  const waiting = object(state['waiting'])
  const terminated = object(state['terminated'])
  const last = object(object(status['lastState'])['terminated'])
  const startedAtMs = timeMs(object(state['running'])['startedAt']) || timeMs(terminated['startedAt'])
  const lastFinishedAtMs = timeMs(last['finishedAt'])
  return {
    name: text(container['name']),
    image: text(container['image']),
    init,
    ready: status['ready'] === true,
    restarts: count(status['restartCount']),
    state: stateOf(state),
    reason: text(waiting['reason']) || text(terminated['reason']),
    message: (text(waiting['message']) || text(terminated['message'])).slice(0, messageLengthMax),
    ...('exitCode' in terminated ? { exitCode: integer(terminated['exitCode']) } : {}),
    ...(startedAtMs > 0 ? { startedAtMs } : {}),
    ...('exitCode' in last ? { lastExitCode: integer(last['exitCode']) } : {}),
    ...(text(last['reason']) ? { lastReason: text(last['reason']) } : {}),
    ...(lastFinishedAtMs > 0 ? { lastFinishedAtMs } : {}),
    ...projectResources(container['resources']),
    readinessProbe: 'readinessProbe' in container,
    livenessProbe: 'livenessProbe' in container,
    privileged: object(container['securityContext'])['privileged'] === true,
  }
}

/** Of a container, or of a pod as a whole. */
export function projectResources(value: unknown) {
  const requests = object(object(value)['requests'])
  const limits = object(object(value)['limits'])
  return {
    cpuRequestMillicores: cpuMillicores(requests['cpu']),
    cpuLimitMillicores: cpuMillicores(limits['cpu']),
    memoryRequestBytes: memoryBytes(requests['memory']),
    memoryLimitBytes: memoryBytes(limits['memory']),
  }
}

function stateOf(state: Json): ContainerState['state'] {
  for (const name of ['running', 'waiting', 'terminated'] as const) if (state[name]) return name
  return 'unknown'
}
