import type { KubeObject } from '../kube-api/objects.ts'
import type { EventSpec } from './events.ts'
import type { Workload } from './workloads.ts'

/** One step of a pod's life: where it stands, and what the scheduler and the kubelet would write next. */
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
  /** A volume cannot be mounted, or the container cannot be made. */
  | 'stuck'
  | 'init-running'
  | 'init-failed'
  | 'terminating'

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

/** CrashLoopBackOff: 10 s, doubled, at most 5 min; the demo is shorter so that it is seen. */
const backOffFirstMs = 10_000
const backOffMaxMs = 80_000

export const backOffMs = (restarts: number): number => Math.min(backOffMaxMs, backOffFirstMs * 2 ** restarts)

export const goto = (life: PodLife, stage: Stage, nextAtMs: number): PodLife => ({ ...life, stage, nextAtMs })
const kubelet = 'kubelet'
export const normal = (reason: string, message: string, component = kubelet): EventSpec => ({
  type: 'Normal',
  reason,
  message,
  component,
})
export const warning = (reason: string, message: string, component = kubelet): EventSpec => ({
  type: 'Warning',
  reason,
  message,
  component,
})
