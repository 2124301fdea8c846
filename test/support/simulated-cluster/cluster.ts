import type { KubeObject } from '../kube-api/objects.ts'
import type { FakeKubeApi, UsageOfContainer } from '../kube-api/server.ts'
import type { Addresses } from './addresses.ts'
import { createEventRecorder } from './events.ts'
import { bornAt, crashed, type PodLife, runningStatus, type Step, step } from './pod-life.ts'
import { type PodProcess, startPodProcess } from './pod-process.ts'
import { deploymentOf, podOf, replicaSetOf } from './pod-spec.ts'
import { namespaces, nodes, type Workload } from './workloads.ts'

/**
 * A simulation of a Kubernetes cluster's controllers, scheduler and kubelets on the fake API server. Only the containers of
 * demo services are real: they run as processes, and what the cluster reports of them is what they do.
 */
export interface SimulatedCluster {
  /** Does what is due. */
  tick(): void
  /** Ends all processes. */
  close(): Promise<void>
}

export interface SimulatedClusterDeps {
  readonly api: FakeKubeApi
  readonly workloads: readonly Workload[]
  readonly addresses: Addresses
  readonly otlpEndpoint: string
  readonly nowMs: () => number
  readonly random: () => number
}

interface Place {
  workload: Workload
  readonly ordinal: number
  readonly node: string
  name: string
  life: PodLife
  process: PodProcess | undefined
}

const clusterUid = '5f1c7a52-6a0e-4c1b-9a52-b1aacb1e0001'
const rolloutEveryMs = 150_000
const scaleEveryMs = 100_000

export function createSimulatedCluster(deps: SimulatedClusterDeps): SimulatedCluster {
  const { api, addresses, nowMs, random } = deps
  const record = createEventRecorder(api, nowMs)
  const places: Place[] = []
  let closing = false
  let nextRolloutAtMs = nowMs() + rolloutEveryMs
  let nextScaleAtMs = nowMs() + scaleEveryMs

  const suffix = (length: number) =>
    Array.from({ length }, () => 'bcdfghjklmnpqrstvwxz2456789'[Math.floor(random() * 27)] ?? 'b').join('')

  for (const name of nodes) api.create('Node', nodeOf(name))
  for (const { name, labels } of namespaces) {
    api.create('Namespace', {
      metadata: {
        // A cluster is known by the uid of kube-system: the next start of the simulation is the same cluster again.
        ...(name === 'kube-system' ? { uid: clusterUid } : {}),
        name,
        labels: { 'kubernetes.io/metadata.name': name, ...labels },
      },
      status: { phase: 'Active' },
    })
  }
  for (const workload of deps.workloads) deploy(workload)
  api.usage = (pod) => usageOf(pod, { nowMs: nowMs(), random })

  function deploy(workload: Workload): void {
    const deployment = api.create('Deployment', deploymentOf(workload))
    rollOut(workload, deployment)
  }

  /** A new ReplicaSet with its pods. */
  function rollOut(workload: Workload, deployment: KubeObject): void {
    const replicaSet = api.create('ReplicaSet', replicaSetOf(workload, deployment, suffix(9)))
    record(
      deployment,
      scaling(`Scaled up replica set ${replicaSet.metadata.name} from 0 to ${workload.replicas}`),
    )
    for (let ordinal = 0; ordinal < workload.replicas; ordinal++) place(workload, replicaSet, ordinal)
  }

  function place(workload: Workload, replicaSet: KubeObject, ordinal: number): void {
    const pod = api.create('Pod', podOf(workload, replicaSet, suffix(5)))
    record(replicaSet, {
      type: 'Normal',
      reason: 'SuccessfulCreate',
      message: `Created pod: ${pod.metadata.name}`,
      component: 'replicaset-controller',
    })
    const node = nodes[places.length % nodes.length] ?? 'node-a'
    places.push({
      workload,
      ordinal,
      node,
      name: pod.metadata.name,
      life: bornAt(nowMs() + Math.round(random() * 800)),
      process: undefined,
    })
  }

  function podOfPlace(one: Place): KubeObject | undefined {
    return api.get('Pod', { namespace: one.workload.namespace, name: one.name })
  }

  function advance(one: Place): void {
    const pod = podOfPlace(one)
    if (!pod || one.life.nextAtMs > nowMs()) return
    const isProcess = one.workload.behaviour.type === 'process'
    if (isProcess && (one.life.stage === 'starting' || one.life.stage === 'backing-off')) {
      if ((one.workload.after ?? []).every(hasReadyPods)) run(one, pod)
      return
    }
    const podIp = addresses.of(one.workload, one.ordinal).host
    apply(
      one,
      pod,
      step({ life: one.life, pod, workload: one.workload, node: one.node, podIp, nowMs: nowMs(), random }),
    )
  }

  function hasReadyPods(name: string): boolean {
    const needed = places.filter(({ workload }) => workload.name === name)
    return needed.every((place) => {
      const pod = podOfPlace(place)
      return pod !== undefined && isReady(pod)
    })
  }

  function apply(one: Place, pod: KubeObject, { life, events, patch }: Step): void {
    one.life = life
    if (patch) {
      const { namespace = '', name } = pod.metadata
      api.patch('Pod', { namespace, name }, patch)
      countReady(one.workload)
    }
    for (const event of events) record(pod, event)
  }

  /** The kubelet's part for a real container. */
  function run(one: Place, pod: KubeObject): void {
    const { workload } = one
    const { behaviour } = workload
    if (behaviour.type !== 'process') return
    const restarted = one.life.stage === 'backing-off'
    const restarts = one.life.restarts + (restarted ? 1 : 0)
    const last = lastTermination(pod)
    one.life = { stage: 'running', nextAtMs: Number.POSITIVE_INFINITY, restarts }
    const podProcess = startPodProcess({ program: behaviour.program, env: envOf(one, pod) })
    one.process = podProcess
    record(pod, {
      type: 'Normal',
      reason: 'Created',
      message: `Created container: ${workload.app}`,
      component: 'kubelet',
    })
    void podProcess.started.then(
      () => {
        const current = podOfPlace(one)
        if (closing || !current) return
        record(current, {
          type: 'Normal',
          reason: 'Started',
          message: `Started container ${workload.app}`,
          component: 'kubelet',
        })
        const podIp = addresses.of(workload, one.ordinal).host
        const status = runningStatus(workload, { podIp, nowMs: nowMs(), ready: true, restarts, last })
        apply(one, current, { life: one.life, events: [], patch: { status } })
      },
      () => {},
    )
    void podProcess.exited.then((exitCode) => {
      const current = podOfPlace(one)
      if (closing || !current || one.process !== podProcess) return
      one.process = undefined
      apply(
        one,
        current,
        crashed(one.life, workload, {
          nowMs: nowMs(),
          exitCode,
          reason: exitCode === 0 ? 'Completed' : 'Error',
        }),
      )
    })
  }

  /** What the downward API and the workload's environment give the container. */
  function envOf({ workload, ordinal, node }: Place, pod: KubeObject): Record<string, string> {
    const { host, port } = addresses.of(workload, ordinal)
    const { name, uid = '', namespace = '' } = pod.metadata
    return {
      HOST: host,
      PORT: String(port),
      SERVICE_VERSION: workload.version,
      POD_NAME: name,
      POD_UID: uid,
      POD_NAMESPACE: namespace,
      NODE_NAME: node,
      K8S_CONTAINER_NAME: workload.app,
      OTEL_SERVICE_NAME: workload.app,
      OTEL_RESOURCE_ATTRIBUTES: `service.version=${workload.version},service.namespace=${namespace}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: deps.otlpEndpoint,
      OTEL_BSP_SCHEDULE_DELAY: '1000',
      ...Object.fromEntries(
        Object.entries(workload.env ?? {}).map(([key, value]) => [key, addresses.expand(value)]),
      ),
    }
  }

  function countReady(workload: Workload): void {
    const pods = api
      .list('Pod', workload.namespace)
      .filter(
        ({ metadata }) =>
          metadata.labels?.['app'] === workload.app && metadata.labels['version'] === workload.version,
      )
    const ready = pods.filter(isReady).length
    const status = {
      replicas: pods.length,
      updatedReplicas: pods.length,
      readyReplicas: ready,
      availableReplicas: ready,
      unavailableReplicas: pods.length - ready,
    }
    const available = ready >= workload.replicas
    api.patch(
      'Deployment',
      { namespace: workload.namespace, name: workload.name },
      {
        status: {
          ...status,
          conditions: [
            { type: 'Available', status: available ? 'True' : 'False' },
            { type: 'Progressing', status: 'True' },
          ],
        },
      },
    )
    for (const replicaSet of api.list('ReplicaSet', workload.namespace)) {
      if (!replicaSet.metadata.name.startsWith(`${workload.name}-`)) continue
      const mine = pods.filter(({ metadata }) => metadata.name.startsWith(`${replicaSet.metadata.name}-`))
      api.patch(
        'ReplicaSet',
        { namespace: workload.namespace, name: replicaSet.metadata.name },
        { status: { replicas: mine.length, readyReplicas: mine.filter(isReady).length } },
      )
    }
  }

  /** Now and then a team deploys: `catalogo` gets its next version. */
  function deployNextVersion(): void {
    const one = places.find(({ workload }) => workload.name === 'catalogo')
    if (!one) return
    const old = one.workload
    const version = nextVersion(old.version)
    const next: Workload = { ...old, version, image: old.image.replace(/:[^:]*$/, `:${version}`) }
    const template = deploymentOf(next)['spec'] as object
    const deployment = api.patch(
      'Deployment',
      { namespace: old.namespace, name: old.name },
      {
        metadata: { labels: { version } },
        spec: template,
      },
    )
    for (const gone of places.filter(({ workload }) => workload === old)) remove(gone)
    for (const replicaSet of api.list('ReplicaSet', old.namespace)) {
      if (!replicaSet.metadata.name.startsWith(`${old.name}-`)) continue
      record(
        deployment,
        scaling(`Scaled down replica set ${replicaSet.metadata.name} from ${old.replicas} to 0`),
      )
      api.remove('ReplicaSet', { namespace: old.namespace, name: replicaSet.metadata.name })
    }
    rollOut(next, deployment)
  }

  /** Now and then the load changes: `ricerca` goes between two and three pods. */
  function scale(): void {
    const mine = places.filter(({ workload }) => workload.name === 'ricerca')
    const [first] = mine
    if (!first) return
    const { namespace, name } = first.workload
    const replicas = mine.length > 2 ? 2 : 3
    const deployment = api.patch('Deployment', { namespace, name }, { spec: { replicas } })
    const replicaSet = api
      .list('ReplicaSet', namespace)
      .find(({ metadata }) => metadata.name.startsWith(`${name}-`))
    if (!replicaSet) return
    record(
      deployment,
      scaling(
        `Scaled ${replicas > mine.length ? 'up' : 'down'} replica set ${replicaSet.metadata.name} from ${mine.length} to ${replicas}`,
      ),
    )
    const workload: Workload = { ...first.workload, replicas }
    for (const one of mine) one.workload = workload
    if (replicas > mine.length) place(workload, replicaSet, mine.length)
    else for (const gone of mine.slice(replicas)) remove(gone)
  }

  function remove(one: Place): void {
    const pod = podOfPlace(one)
    if (pod)
      record(pod, {
        type: 'Normal',
        reason: 'Killing',
        message: `Stopping container ${one.workload.app}`,
        component: 'kubelet',
      })
    places.splice(places.indexOf(one), 1)
    const podProcess = one.process
    one.process = undefined
    void podProcess?.stop()
    api.remove('Pod', { namespace: one.workload.namespace, name: one.name })
  }

  return {
    tick() {
      for (const one of [...places]) advance(one)
      if (nowMs() >= nextRolloutAtMs) {
        nextRolloutAtMs = nowMs() + rolloutEveryMs
        deployNextVersion()
      }
      if (nowMs() >= nextScaleAtMs) {
        nextScaleAtMs = nowMs() + scaleEveryMs
        scale()
      }
    },
    async close() {
      closing = true
      const order = (one: Place) =>
        one.workload.name === 'load' ? 0 : one.workload.name === 'postgres' ? 2 : 1
      for (const rank of [0, 1, 2]) {
        await Promise.all(places.filter((one) => order(one) === rank).map((one) => one.process?.stop()))
      }
    },
  }
}

const scaling = (message: string) => ({
  type: 'Normal' as const,
  reason: 'ScalingReplicaSet',
  message,
  component: 'deployment-controller',
})

function isReady(pod: KubeObject): boolean {
  const { conditions = [] } = (pod['status'] ?? {}) as { conditions?: { type: string; status: string }[] }
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}

function lastTermination(pod: KubeObject): object | undefined {
  const { containerStatuses = [] } = (pod['status'] ?? {}) as {
    containerStatuses?: { lastState?: { terminated?: object } }[]
  }
  return containerStatuses[0]?.lastState?.terminated
}

function nextVersion(version: string): string {
  const [major = '1', minor = '0', patch = '0'] = version.split('.')
  return `${major}.${minor}.${Number(patch) + 1}`
}

function nodeOf(name: string): KubeObject {
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
    status: {
      capacity: { cpu: '8', memory: '16Gi', pods: '110' },
      allocatable: { cpu: '7800m', memory: '15Gi', pods: '110' },
      conditions: [{ type: 'Ready', status: 'True' }],
    },
  }
}

/** Plausible use of running containers: a share of the request that moves slowly, different for each pod. */
function usageOf(
  pod: KubeObject,
  { nowMs, random }: { nowMs: number; random: () => number },
): UsageOfContainer[] {
  const { phase } = (pod['status'] ?? {}) as { phase?: string }
  if (phase !== 'Running') return []
  const { containers } = pod['spec'] as {
    containers: { name: string; resources: { requests: Record<string, string> } }[]
  }
  const own = [...pod.metadata.name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0)
  const wave = 0.5 + 0.3 * Math.sin(nowMs / 90_000 + own) + 0.1 * random()
  return containers.map(({ name, resources }) => {
    const millicores = Number.parseInt(resources.requests['cpu'] ?? '50', 10)
    const mib = Number.parseInt(resources.requests['memory'] ?? '64', 10)
    const hungry = name === 'incassi' ? 1.9 : 0.8
    return {
      name,
      cpuNanocores: millicores * wave * 1e6,
      memoryBytes: mib * 1024 ** 2 * (hungry * (0.9 + 0.1 * wave)),
    }
  })
}
