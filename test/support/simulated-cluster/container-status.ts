import type { KubeObject } from '../kube-api/objects.ts'
import type { Workload } from './workloads.ts'

/** What the kubelet writes into a pod's status. */
export function runningStatus(
  workload: Workload,
  at: {
    readonly podIp: string
    readonly nowMs: number
    readonly ready: boolean
    readonly restarts: number
    readonly last?: object | undefined
  },
): object {
  return {
    phase: 'Running',
    podIP: at.podIp,
    podIPs: [{ ip: at.podIp }],
    conditions: conditions(at.ready, at.nowMs),
    containerStatuses: [
      status(
        workload,
        { running: { startedAt: iso(at.nowMs) } },
        { ready: at.ready, restarts: at.restarts, last: at.last },
      ),
    ],
  }
}

export function status(
  workload: Workload,
  state: object,
  {
    ready = false,
    restarts = 0,
    last,
  }: { readonly ready?: boolean; readonly restarts?: number; readonly last?: object | undefined } = {},
): object {
  return {
    name: workload.app,
    image: workload.image,
    imageID: `${workload.image}@sha256:0`,
    containerID: `containerd://${workload.namespace}-${workload.name}`,
    ready,
    started: 'running' in state,
    restartCount: restarts,
    state,
    lastState: last ? { terminated: last } : {},
  }
}

export function initStatus(
  workload: Workload,
  state: object,
  { restarts, last }: { readonly restarts: number; readonly last: object | undefined },
): object {
  return {
    initContainerStatuses: [
      { ...status(workload, state, { restarts, last }), name: 'schema', started: false },
    ],
    containerStatuses: [status(workload, { waiting: { reason: 'PodInitializing' } })],
  }
}

export function conditions(ready: boolean, nowMs: number): object[] {
  return [
    condition('PodScheduled', true, nowMs),
    condition('Initialized', true, nowMs),
    condition('ContainersReady', ready, nowMs),
    condition('Ready', ready, nowMs),
  ]
}

export function condition(type: string, value: boolean, nowMs: number, reason?: string): object {
  return {
    type,
    status: value ? 'True' : 'False',
    lastTransitionTime: iso(nowMs),
    ...(reason ? { reason } : {}),
  }
}

export function lastTermination(pod: KubeObject): object | undefined {
  const { containerStatuses } = pod['status'] as {
    containerStatuses?: { state?: { terminated?: object }; lastState?: { terminated?: object } }[]
  }
  const [first] = containerStatuses ?? []
  return first?.state?.terminated ?? first?.lastState?.terminated
}

export function lastInitTermination(pod: KubeObject): object | undefined {
  const { initContainerStatuses } = pod['status'] as {
    initContainerStatuses?: { lastState?: { terminated?: object } }[]
  }
  return initContainerStatuses?.[0]?.lastState?.terminated
}

export const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
