import type { KubeObject } from '../kube-api/objects.ts'
import type { FakeKubeApi } from '../kube-api/server.ts'
import type { Addresses } from './addresses.ts'
import { createAdmission } from './admission.ts'
import { createControllers } from './controllers.ts'
import { createEventRecorder } from './events.ts'
import { createJobs } from './jobs.ts'
import { createKubelet } from './kubelet.ts'
import { createNodes } from './nodes.ts'
import { podLogOf } from './pod-log.ts'
import { type StartPodProcess, startPodProcess } from './pod-process.ts'
import type { EnvVar } from './pod-spec.ts'
import { createSurroundings } from './surroundings.ts'
import { usageOf } from './usage.ts'
import { cronJobs, namespaces, type Workload } from './workloads.ts'

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
  /** Real processes by default. */
  readonly startProcess?: StartPodProcess
}

const clusterUid = '5f1c7a52-6a0e-4c1b-9a52-b1aacb1e0001'
const releaseEveryMs = 150_000
const scaleEveryMs = 100_000
const injectPaymentsAfterMs = 20_000
/** Long enough for the pod before to count as one that runs well. */
const releaseScontiAfterMs = 70_000
/** As the API server's --event-ttl. */
const eventTtlMs = 3_600_000
const reconcileEveryMs = 500
const surroundingsEveryMs = 1_000
const sweepEveryMs = 60_000

export function createSimulatedCluster(deps: SimulatedClusterDeps): SimulatedCluster {
  const { api, addresses, nowMs, random, startProcess = startPodProcess } = deps
  const record = createEventRecorder(api, nowMs)
  const kubelet = createKubelet({ api, addresses, record, startProcess, nowMs, random })
  const { terminate, forget } = kubelet
  const environment = (workload: Workload) => environmentOf(workload, deps)
  const nodes = createNodes({ api, nowMs })
  for (const namespace of namespaces) api.create('Namespace', namespaceOf(namespace))
  const admission = createAdmission(api)
  const controllers = createControllers({
    ...{ api, record, admission, terminate, forget, environment, nowMs, random },
  })
  const jobs = createJobs(cronJobs, { api, record, admission, nowMs, random })
  for (const workload of deps.workloads) controllers.deploy(workload)
  const surroundings = createSurroundings({ api, record, nowMs })
  api.usage = (pod) => usageOf(pod, { nowMs: nowMs(), random })
  api.logs = podLogOf
  const occasions = [
    /** A team deploys. */
    every(releaseEveryMs, nowMs, () => controllers.release('catalogo')),
    /** The load changes. */
    every(scaleEveryMs, nowMs, () =>
      controllers.scale('ricerca', controllers.replicasOf('ricerca') > 2 ? 2 : 3),
    ),
    /** A team asks for injection when its pods have long been there: they need a restart. */
    once(injectPaymentsAfterMs, nowMs, () =>
      api.patch(
        'Namespace',
        { name: 'payments' },
        { metadata: { labels: { 'binnacle.dev/inject': 'enabled' } } },
      ),
    ),
    /** And restarts one, which does not bear it. */
    once(releaseScontiAfterMs, nowMs, () => controllers.release('sconti')),
    every(reconcileEveryMs, nowMs, () => controllers.reconcile()),
    every(surroundingsEveryMs, nowMs, () => surroundings.reconcile()),
    every(surroundingsEveryMs, nowMs, () => nodes.tick()),
    every(sweepEveryMs, nowMs, () => api.faults.expireEvents(eventTtlMs)),
  ]

  return {
    tick() {
      for (const place of [...controllers.places]) kubelet.advance(place)
      for (const act of occasions) act()
      jobs.tick()
    },
    close: () => kubelet.close(controllers.places),
  }
}

function once(afterMs: number, nowMs: () => number, act: () => void): () => void {
  const atMs = nowMs() + afterMs
  let isDone = false
  return () => {
    if (isDone || nowMs() < atMs) return
    isDone = true
    act()
  }
}

function every(periodMs: number, nowMs: () => number, act: () => void): () => void {
  let nextAtMs = nowMs() + periodMs
  return () => {
    if (nowMs() < nextAtMs) return
    nextAtMs = nowMs() + periodMs
    act()
  }
}

/** As a chart would write it: what the service needs, what the downward API knows, where spans go. */
function environmentOf(
  workload: Workload,
  { addresses, otlpEndpoint }: Pick<SimulatedClusterDeps, 'addresses' | 'otlpEndpoint'>,
): EnvVar[] {
  const own = Object.entries(workload.env ?? {}).map(([name, value]) => ({
    name,
    value: addresses.expand(value),
  }))
  const { behaviour } = workload
  if (behaviour.type !== 'process') return own
  const field = (name: string, fieldPath: string): EnvVar => ({
    name,
    valueFrom: { fieldRef: { fieldPath } },
  })
  const version = `service.version=${workload.version},service.namespace=${workload.namespace}`
  return [
    field('HOST', 'status.podIP'),
    { name: 'PORT', value: String(behaviour.port) },
    field('POD_NAME', 'metadata.name'),
    field('POD_UID', 'metadata.uid'),
    field('POD_NAMESPACE', 'metadata.namespace'),
    field('NODE_NAME', 'spec.nodeName'),
    { name: 'SERVICE_VERSION', value: workload.version },
    { name: 'K8S_CONTAINER_NAME', value: workload.app },
    { name: 'OTEL_SERVICE_NAME', value: workload.app },
    { name: 'OTEL_RESOURCE_ATTRIBUTES', value: version },
    { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: otlpEndpoint },
    { name: 'OTEL_BSP_SCHEDULE_DELAY', value: '1000' },
    ...own,
  ]
}

function namespaceOf({ name, labels }: (typeof namespaces)[number]): KubeObject {
  return {
    metadata: {
      // A cluster is known by the uid of kube-system: the next start of the simulation is the same cluster again.
      ...(name === 'kube-system' ? { uid: clusterUid } : {}),
      name,
      labels: { 'kubernetes.io/metadata.name': name, ...labels },
    },
    status: { phase: 'Active' },
  }
}
