import type { KubeObject } from '../kube-api/objects.ts'
import type { EventSpec } from './events.ts'
import type { Behaviour, Workload } from './workloads.ts'

/**
 * The life of one simulated pod as a state machine: what the scheduler and the kubelet would do next, when, and what they
 * would write. Pure: time and chance are passed in.
 */
export type Stage =
  | 'created'
  | 'unschedulable'
  | 'pulling'
  | 'image-missing'
  | 'starting'
  | 'running'
  | 'unready'
  | 'failed'
  | 'backing-off'
  | 'evicted'

export interface PodLife {
  readonly stage: Stage
  readonly nextAtMs: number
  readonly restarts: number
}

export interface Step {
  readonly life: PodLife
  readonly events: readonly EventSpec[]
  /** Merged into the pod; undefined: nothing changes. */
  readonly patch?: object
}

export interface StepInput {
  readonly life: PodLife
  readonly pod: KubeObject
  readonly workload: Workload
  readonly node: string
  readonly podIp: string
  readonly nowMs: number
  readonly random: () => number
}

const kubelet = 'kubelet'
const scheduler = 'default-scheduler'
/** CrashLoopBackOff: 10 s, doubled, at most 5 min; the demo is shorter so that it is seen. */
const backOffFirstMs = 10_000
const backOffMaxMs = 80_000

export function bornAt(nowMs: number): PodLife {
  return { stage: 'created', nextAtMs: nowMs, restarts: 0 }
}

export function step(input: StepInput): Step {
  switch (input.life.stage) {
    case 'created':
    case 'unschedulable':
      return schedule(input)
    case 'pulling':
    case 'image-missing':
      return pull(input)
    case 'starting':
      return start(input)
    case 'running':
    case 'unready':
      return live(input)
    case 'failed':
      return backOff(input)
    case 'backing-off':
      return restart(input)
    case 'evicted':
      return { life: { ...input.life, nextAtMs: Number.POSITIVE_INFINITY }, events: [] }
  }
}

const goto = (life: PodLife, stage: Stage, nextAtMs: number): PodLife => ({ ...life, stage, nextAtMs })
const normal = (reason: string, message: string, component = kubelet): EventSpec => ({
  type: 'Normal',
  reason,
  message,
  component,
})
const warning = (reason: string, message: string, component = kubelet): EventSpec => ({
  type: 'Warning',
  reason,
  message,
  component,
})
const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

function schedule({ life, pod, workload, node, nowMs }: StepInput): Step {
  if (workload.behaviour.type === 'unschedulable') {
    return {
      life: goto(life, 'unschedulable', nowMs + 20_000),
      events: [
        warning(
          'FailedScheduling',
          '0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found.',
          scheduler,
        ),
      ],
      patch: {
        status: { phase: 'Pending', conditions: [condition('PodScheduled', false, nowMs, 'Unschedulable')] },
      },
    }
  }
  return {
    life: goto(life, 'pulling', nowMs + 300),
    events: [
      normal(
        'Scheduled',
        `Successfully assigned ${pod.metadata.namespace}/${pod.metadata.name} to ${node}`,
        scheduler,
      ),
    ],
    patch: {
      spec: { nodeName: node },
      status: {
        phase: 'Pending',
        startTime: iso(nowMs),
        conditions: [condition('PodScheduled', true, nowMs)],
        containerStatuses: [status(workload, { waiting: { reason: 'ContainerCreating' } })],
      },
    },
  }
}

function pull({ life, workload, nowMs, random }: StepInput): Step {
  const { image } = workload
  if (workload.behaviour.type === 'image-missing') {
    const backingOff = life.stage === 'image-missing'
    const reason = backingOff ? 'ImagePullBackOff' : 'ErrImagePull'
    return {
      life: goto(life, 'image-missing', nowMs + 15_000),
      events: backingOff
        ? [
            normal('BackOff', `Back-off pulling image "${image}"`),
            warning('Failed', 'Error: ImagePullBackOff'),
          ]
        : [
            normal('Pulling', `Pulling image "${image}"`),
            warning('Failed', `Failed to pull image "${image}": manifest unknown`),
            warning('Failed', 'Error: ErrImagePull'),
          ],
      patch: {
        status: {
          containerStatuses: [
            status(workload, { waiting: { reason, message: `manifest for ${image} not found` } }),
          ],
        },
      },
    }
  }
  const tookMs = Math.round(200 + random() * 1_500)
  return {
    life: goto(life, 'starting', nowMs + tookMs),
    events: [normal('Pulling', `Pulling image "${image}"`)],
  }
}

function start({ life, workload, podIp, nowMs }: StepInput): Step {
  const ready = workload.behaviour.type !== 'never-ready'
  return {
    life: goto(life, ready ? 'running' : 'unready', nowMs + lifetime(workload.behaviour)),
    events: [
      normal('Pulled', `Successfully pulled image "${workload.image}" in 812ms`),
      normal('Created', `Created container: ${workload.app}`),
      normal('Started', `Started container ${workload.app}`),
    ],
    patch: { status: runningStatus(workload, { podIp, nowMs, ready, restarts: life.restarts }) },
  }
}

function lifetime(behaviour: Behaviour): number {
  switch (behaviour.type) {
    case 'crash-loop':
    case 'out-of-memory':
      return behaviour.afterMs
    case 'never-ready':
      return 10_000
    case 'evicted':
      return 25_000
    default:
      return Number.POSITIVE_INFINITY
  }
}

function live({ life, workload, nowMs }: StepInput): Step {
  const { behaviour } = workload
  switch (behaviour.type) {
    case 'never-ready':
      return {
        life: goto(life, 'unready', nowMs + 10_000),
        events: [warning('Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503')],
      }
    case 'evicted':
      return {
        life: goto(life, 'evicted', Number.POSITIVE_INFINITY),
        events: [
          warning(
            'Evicted',
            'The node was low on resource: memory. Threshold quantity: 100Mi, available: 62Mi.',
          ),
        ],
        patch: {
          status: {
            phase: 'Failed',
            reason: 'Evicted',
            message: 'The node was low on resource: memory.',
            conditions: [
              condition('Ready', false, nowMs),
              condition('DisruptionTarget', true, nowMs, 'TerminationByKubelet'),
            ],
            containerStatuses: null,
          },
        },
      }
    case 'crash-loop':
      return crashed(life, workload, { nowMs, exitCode: behaviour.exitCode, reason: 'Error' })
    case 'out-of-memory':
      return crashed(life, workload, { nowMs, exitCode: 137, reason: 'OOMKilled' })
    default:
      return { life: { ...life, nextAtMs: Number.POSITIVE_INFINITY }, events: [] }
  }
}

/** A container that ended: what the kubelet writes at once. */
export function crashed(
  life: PodLife,
  workload: Workload,
  end: { readonly nowMs: number; readonly exitCode: number; readonly reason: string },
): Step {
  const terminated = { exitCode: end.exitCode, reason: end.reason, finishedAt: iso(end.nowMs) }
  return {
    life: goto(life, 'failed', end.nowMs + 1_000),
    events: [],
    patch: {
      status: {
        conditions: conditions(false, end.nowMs),
        containerStatuses: [status(workload, { terminated }, { restarts: life.restarts })],
      },
    },
  }
}

function backOff({ life, pod, workload, nowMs }: StepInput): Step {
  const waitMs = Math.min(backOffMaxMs, backOffFirstMs * 2 ** life.restarts)
  const last = lastTermination(pod)
  return {
    life: goto(life, 'backing-off', nowMs + waitMs),
    events: [
      warning('BackOff', `Back-off restarting failed container ${workload.app} in pod ${pod.metadata.name}`),
    ],
    patch: {
      status: {
        containerStatuses: [
          status(
            workload,
            {
              waiting: {
                reason: 'CrashLoopBackOff',
                message: `back-off ${waitMs / 1000}s restarting failed container`,
              },
            },
            { restarts: life.restarts, last },
          ),
        ],
      },
    },
  }
}

function restart({ life, pod, workload, podIp, nowMs }: StepInput): Step {
  const restarts = life.restarts + 1
  return {
    life: { stage: 'running', nextAtMs: nowMs + lifetime(workload.behaviour), restarts },
    events: [normal('Started', `Started container ${workload.app}`)],
    patch: {
      status: runningStatus(workload, { podIp, nowMs, ready: true, restarts, last: lastTermination(pod) }),
    },
  }
}

function lastTermination(pod: KubeObject): object | undefined {
  const { containerStatuses } = pod['status'] as {
    containerStatuses?: { state?: { terminated?: object }; lastState?: { terminated?: object } }[]
  }
  const [first] = containerStatuses ?? []
  return first?.state?.terminated ?? first?.lastState?.terminated
}

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

function conditions(ready: boolean, nowMs: number): object[] {
  return [
    condition('PodScheduled', true, nowMs),
    condition('Initialized', true, nowMs),
    condition('ContainersReady', ready, nowMs),
    condition('Ready', ready, nowMs),
  ]
}

function condition(type: string, value: boolean, nowMs: number, reason?: string): object {
  return {
    type,
    status: value ? 'True' : 'False',
    lastTransitionTime: iso(nowMs),
    ...(reason ? { reason } : {}),
  }
}

function status(
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
