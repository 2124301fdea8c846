import { initStatus, iso, lastInitTermination, status } from './container-status.ts'
import { backOffMs, goto, normal, type Step, type StepInput, warning } from './pod-step.ts'

/** Nothing changes but the count of the event, until somebody makes what is missing. */
export function stay({ life, workload, nowMs }: StepInput): Step {
  const { behaviour } = workload
  const next = goto(life, 'stuck', nowMs + 15_000)
  if (behaviour.type === 'mount-failing') {
    const message = `MountVolume.SetUp failed for volume "tls" : secret "${behaviour.secret}" not found`
    return { life: next, events: [warning('FailedMount', message)] }
  }
  if (behaviour.type !== 'config-missing') return { life: next, events: [] }
  const message = `configmap "${behaviour.configMap}" not found`
  const waiting = { reason: 'CreateContainerConfigError', message }
  return {
    life: next,
    events: [
      normal('Pulled', `Container image "${workload.image}" already present on machine`),
      warning('Failed', `Error: ${message}`),
    ],
    patch: { status: { containerStatuses: [status(workload, { waiting })] } },
  }
}

export function startInit({ life, pod, workload, nowMs }: StepInput): Step {
  const restarts = life.stage === 'init-failed' ? life.restarts + 1 : 0
  const afterMs = workload.behaviour.type === 'init-failing' ? workload.behaviour.afterMs : 1_000
  const state = { running: { startedAt: iso(nowMs) } }
  return {
    life: { stage: 'init-running', nextAtMs: nowMs + afterMs, restarts },
    events: [
      normal('Pulled', `Container image "${workload.image}" already present on machine`),
      normal('Created', 'Created container: schema'),
      normal('Started', 'Started container schema'),
    ],
    patch: { status: initStatus(workload, state, { restarts, last: lastInitTermination(pod) }) },
  }
}

export function failInit({ life, pod, workload, nowMs }: StepInput): Step {
  const waitMs = backOffMs(life.restarts)
  const terminated = { exitCode: 1, reason: 'Error', finishedAt: iso(nowMs) }
  const message = `back-off ${waitMs / 1000}s restarting failed container`
  return {
    life: goto(life, 'init-failed', nowMs + waitMs),
    events: [warning('BackOff', `Back-off restarting failed container schema in pod ${pod.metadata.name}`)],
    patch: {
      status: initStatus(
        workload,
        { waiting: { reason: 'CrashLoopBackOff', message } },
        { restarts: life.restarts, last: terminated },
      ),
    },
  }
}
