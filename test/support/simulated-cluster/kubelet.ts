import type { KubeObject } from '../kube-api/objects.ts'
import type { FakeKubeApi } from '../kube-api/server.ts'
import type { Addresses } from './addresses.ts'
import { lastTermination, runningStatus } from './container-status.ts'
import type { RecordEvent } from './events.ts'
import { isReady, type Place, podAt } from './place.ts'
import { crashed, step } from './pod-life.ts'
import type { StartPodProcess } from './pod-process.ts'
import type { EnvVar } from './pod-spec.ts'
import type { Step } from './pod-step.ts'

/** The scheduler's and the kubelets' part: takes pods through their lives and runs the containers that are real. */
export interface Kubelet {
  /** Does what is due at this place. */
  advance(place: Place): void
  /** The pod shall end: its process is stopped, then the pod goes. */
  terminate(place: Place): void
  /** The pod is gone from the API: what runs in its place ends. */
  forget(place: Place): void
  /** Stops all processes; what ends from now on is no restart. */
  close(places: readonly Place[]): Promise<void>
}

export interface KubeletDeps {
  readonly api: FakeKubeApi
  readonly addresses: Addresses
  readonly record: RecordEvent
  readonly startProcess: StartPodProcess
  readonly nowMs: () => number
  readonly random: () => number
}

const never = Number.POSITIVE_INFINITY
const terminationMs = 2_000

interface Condition {
  readonly type: string
  readonly status: string
  readonly lastTransitionTime: string
}

/** A condition that stays as it was has the time at which it became so. */
function withTransitions(pod: KubeObject, patch: { status?: { conditions?: readonly Condition[] } }): object {
  const { conditions } = patch.status ?? {}
  if (!conditions) return patch
  const known = (pod['status'] as { conditions?: readonly Condition[] } | undefined)?.conditions ?? []
  const kept = conditions.map(
    (one) => known.find(({ type, status }) => type === one.type && status === one.status) ?? one,
  )
  return { ...patch, status: { ...patch.status, conditions: kept } }
}

export function createKubelet({ api, addresses, record, startProcess, nowMs, random }: KubeletDeps): Kubelet {
  let closing = false

  function apply(place: Place, pod: KubeObject, { life, events, patch }: Step): void {
    place.life = life
    if (patch)
      api.patch('Pod', { namespace: place.workload.namespace, name: place.name }, withTransitions(pod, patch))
    for (const event of events) record(podAt(api, place) ?? pod, event)
  }

  /** A real container. */
  function run(place: Place, pod: KubeObject): void {
    const { workload } = place
    if (workload.behaviour.type !== 'process') return
    const restarts = place.life.restarts + (place.life.stage === 'backing-off' ? 1 : 0)
    const last = lastTermination(pod)
    place.life = { stage: 'running', nextAtMs: never, restarts }
    const about = (reason: string, message: string) =>
      record(pod, { type: 'Normal', reason, message, component: 'kubelet', container: workload.app })
    about('Pulled', `Container image "${workload.image}" already present on machine`)
    about('Created', `Created container: ${workload.app}`)
    const podProcess = startProcess({ program: workload.behaviour.program, env: environmentOf(place, pod) })
    place.process = podProcess
    void podProcess.started.then(
      () => {
        const current = podAt(api, place)
        if (closing || !current || place.process !== podProcess) return
        about('Started', `Started container ${workload.app}`)
        const podIp = addresses.of(workload, place.ordinal).host
        const status = runningStatus(workload, { podIp, nowMs: nowMs(), ready: true, restarts, last })
        apply(place, current, { life: place.life, events: [], patch: { status } })
      },
      () => {},
    )
    void podProcess.exited.then((exitCode) => {
      const current = podAt(api, place)
      if (closing || !current || place.process !== podProcess) return
      place.process = undefined
      const reason = exitCode === 0 ? 'Completed' : 'Error'
      apply(place, current, crashed(place.life, workload, { nowMs: nowMs(), exitCode, reason }))
    })
  }

  /** What the pod's specification says, with the downward API resolved. */
  function environmentOf(place: Place, pod: KubeObject): Record<string, string> {
    const { containers } = pod['spec'] as { containers: { env: EnvVar[] }[] }
    const { host, port } = addresses.of(place.workload, place.ordinal)
    const fields: Record<string, string> = {
      'metadata.name': pod.metadata.name,
      'metadata.namespace': pod.metadata.namespace ?? '',
      'metadata.uid': pod.metadata.uid ?? '',
      'spec.nodeName': place.node,
      'status.podIP': host,
    }
    const entries = (containers[0]?.env ?? []).map((one): [string, string] =>
      'value' in one ? [one.name, one.value] : [one.name, fields[one.valueFrom.fieldRef.fieldPath] ?? ''],
    )
    // Where pods share an address, the port is the place's own.
    return { ...Object.fromEntries(entries), PORT: String(port) }
  }

  /** What an init container would wait for. */
  function hasReadyPods(namespace: string, workload: string): boolean {
    const pods = api.list('Pod', namespace).filter(({ metadata }) => metadata.name.startsWith(`${workload}-`))
    return pods.length > 0 && pods.every(isReady)
  }

  function stopProcess(place: Place): void {
    const { process } = place
    place.process = undefined
    void process?.stop()
  }

  return {
    advance(place) {
      const pod = podAt(api, place)
      if (!pod || place.life.nextAtMs > nowMs()) return
      const { workload, node, life } = place
      if (life.stage === 'terminating') {
        api.remove('Pod', { namespace: workload.namespace, name: place.name })
        return
      }
      if (workload.behaviour.type === 'process' && ['starting', 'backing-off'].includes(life.stage)) {
        if ((workload.after ?? []).every((name) => hasReadyPods(workload.namespace, name))) run(place, pod)
        return
      }
      const podIp = addresses.of(workload, place.ordinal).host
      apply(place, pod, step({ life, pod, workload, node, podIp, nowMs: nowMs(), random }))
    },
    terminate(place) {
      const pod = podAt(api, place)
      if (!pod || place.life.stage === 'terminating') return
      const { workload, name } = place
      const message = `Stopping container ${workload.app}`
      record(pod, {
        type: 'Normal',
        reason: 'Killing',
        message,
        component: 'kubelet',
        container: workload.app,
      })
      const deletionTimestamp = new Date(nowMs() + 30_000).toISOString().replace(/\.\d+Z$/, 'Z')
      api.patch(
        'Pod',
        { namespace: workload.namespace, name },
        {
          metadata: { deletionTimestamp, deletionGracePeriodSeconds: 30 },
        },
      )
      place.life = {
        ...place.life,
        stage: 'terminating',
        nextAtMs: nowMs() + terminationMs * (0.5 + random() / 2),
      }
      stopProcess(place)
    },
    forget: stopProcess,
    async close(places) {
      closing = true
      // Whoever calls ends before whoever is called: the load first, the database last.
      const rankOf = ({ workload }: Place) =>
        workload.name === 'load' ? 0 : workload.name === 'postgres' ? 2 : 1
      for (const rank of [0, 1, 2]) {
        await Promise.all(places.filter((one) => rankOf(one) === rank).map((one) => one.process?.stop()))
      }
    },
  }
}
