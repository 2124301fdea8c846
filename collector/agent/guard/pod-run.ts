import { injectedLabel, injectionContainer } from '../../record/injection.ts'
import type { ContainerState } from '../../record/kube.ts'
import type { ProjectedPod } from '../derive/projections.ts'

/** How a pod runs: all that the crash guard looks at. */
export interface PodRun {
  readonly name: string
  /** Hash of what was injected into it; '': nothing. */
  readonly variant: string
  /** What its workload made it from: a new one is a new try. */
  readonly template: string
  /** When it was placed on a node. */
  readonly startedMs: number
  /** Since when all of its containers run and it is ready; 0: they do not. */
  readonly wellSinceMs: number
  readonly crash: Crash | undefined
}

/** The container that ended with an error most often. */
export interface Crash {
  readonly container: string
  /** Ends with an error. */
  readonly times: number
  readonly exitCode: number
  readonly reason: string
  readonly message: string
  /** The last end; of an image that cannot be had, when that was said. */
  readonly atMs: number
  /** It is what brings the instrumentation, not a container of the application. */
  readonly isOurs: boolean
}

export function podRun(pod: ProjectedPod): PodRun {
  return {
    name: pod.name,
    variant: pod.labels[injectedLabel] ?? '',
    template:
      pod.labels['pod-template-hash'] ?? pod.labels['controller-revision-hash'] ?? (pod.owner.uid || pod.uid),
    startedMs: pod.amounts['scheduledAtMs'] ?? pod.createdAtMs,
    wellSinceMs: wellSinceMs(pod),
    crash: pod.containers
      .flatMap((container) => crashOf(container, pod.changedAtMs) ?? [])
      .sort((a, b) => Number(b.isOurs) - Number(a.isOurs) || b.times - a.times)[0],
  }
}

function wellSinceMs({ status, phase, deletingAtMs, containers }: ProjectedPod): number {
  if (phase !== 'Running' || deletingAtMs > 0 || status.ready < status.total) return 0
  const running = containers.filter(({ init }) => !init)
  return running.every(({ state }) => state === 'running')
    ? Math.max(0, ...running.map(({ startedAtMs }) => startedAtMs ?? 0))
    : 0
}

const noImage = /^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull)$/

function crashOf(container: ContainerState, saidMs: number): Crash | undefined {
  const { name, state, reason, message, restarts } = container
  const isOurs = container.init && name === injectionContainer
  if (isOurs && state === 'waiting' && noImage.test(reason))
    return { container: name, times: 0, exitCode: 0, reason, message, atMs: saidMs, isOurs }
  const ended = state === 'terminated'
  const exitCode = (ended ? container.exitCode : container.lastExitCode) ?? 0
  if (exitCode === 0) return undefined
  return {
    container: name,
    // Each restart followed an end; one that is not restarted yet comes on top.
    times: restarts + (ended || reason === 'CrashLoopBackOff' ? 1 : 0),
    exitCode,
    reason: (ended ? reason : container.lastReason) ?? '',
    message,
    atMs: (ended ? undefined : container.lastFinishedAtMs) ?? saidMs,
    isOurs,
  }
}
