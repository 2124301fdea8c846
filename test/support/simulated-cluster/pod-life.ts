import { condition, conditions, iso, lastTermination, runningStatus, status } from './container-status.ts'
import { failInit, startInit, stay } from './pod-faults.ts'
import { backOffMs, goto, normal, type PodLife, type Step, type StepInput, warning } from './pod-step.ts'
import type { Behaviour, Workload } from './workloads.ts'

/**
 * The life of one simulated pod as a state machine: what the scheduler and the kubelet would do next, when, and what they
 * would write. Pure: time and chance are passed in.
 */
const scheduler = 'default-scheduler'

export function bornAt(nowMs: number): PodLife {
  return { stage: 'created', nextAtMs: nowMs, restarts: 0 }
}

export function step(given: StepInput): Step {
  const input = { ...given, workload: asItBehaves(given) }
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
    case 'stuck':
      return stay(input)
    case 'init-running':
      return failInit(input)
    case 'init-failed':
      return startInit(input)
    case 'terminating':
    case 'evicted':
      return { life: { ...input.life, nextAtMs: Number.POSITIVE_INFINITY }, events: [] }
  }
}

function asItBehaves({ workload, pod }: StepInput): Workload {
  const { behaviour } = workload
  if (behaviour.type !== 'crash-when-injected') return workload
  const isInjected = 'binnacle.dev/injected' in (pod.metadata.labels ?? {})
  return {
    ...workload,
    behaviour: isInjected ? { ...behaviour, type: 'crash-loop', neverReady: true } : { type: 'healthy' },
  }
}

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

function pull(input: StepInput): Step {
  const { life, workload, nowMs, random } = input
  const { image } = workload
  if (workload.behaviour.type === 'mount-failing' || workload.behaviour.type === 'config-missing')
    return stay(input)
  if (workload.behaviour.type === 'init-failing') return startInit(input)
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
  const ready = becomesReady(workload.behaviour)
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

function becomesReady(behaviour: Behaviour): boolean {
  return behaviour.type !== 'never-ready' && !(behaviour.type === 'crash-loop' && behaviour.neverReady)
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
  const waitMs = backOffMs(life.restarts)
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
    events: [
      normal('Pulled', `Container image "${workload.image}" already present on machine`),
      normal('Created', `Created container: ${workload.app}`),
      normal('Started', `Started container ${workload.app}`),
    ],
    patch: {
      status: runningStatus(workload, {
        podIp,
        nowMs,
        ready: becomesReady(workload.behaviour),
        restarts,
        last: lastTermination(pod),
      }),
    },
  }
}
