import type { KubeObject } from '../kube-api/objects.ts'
import type { FakeKubeApi } from '../kube-api/server.ts'
import type { RecordEvent } from './events.ts'
import { isReady } from './place.ts'

/**
 * What stands around the pods: Services with their EndpointSlices, a quota, a LimitRange, claims and autoscalers, and the part
 * of their controllers that keeps their status. Some are at fault: a service that selects nobody and one whose pods are never
 * ready, endpoints that nobody owns any more, a pending claim, a quota nearly used, an autoscaler that cannot scale.
 */
export interface Surroundings {
  /** Writes what follows from the pods as they are. */
  reconcile(): void
}

export interface SurroundingsDeps {
  readonly api: FakeKubeApi
  readonly record: RecordEvent
  readonly nowMs: () => number
}

let nextAddress = 10
const service = (
  namespace: string,
  name: string,
  { app = name, port = 80, headless = false }: { app?: string; port?: number; headless?: boolean } = {},
): KubeObject => ({
  metadata: { name, namespace, labels: { app } },
  spec: {
    type: 'ClusterIP',
    clusterIP: headless ? 'None' : `10.96.0.${nextAddress++}`,
    selector: { app },
    ports: [{ name: 'http', port, protocol: 'TCP', targetPort: 'http' }],
  },
})

const services: readonly KubeObject[] = [
  service('shop', 'magnanimo', { port: 4000 }),
  service('shop', 'benigno', { port: 5000 }),
  service('shop', 'ordini', { port: 5001 }),
  service('shop', 'catalogo'),
  service('shop', 'ricerca'),
  service('shop', 'postgres', { port: 5432, headless: true }),
  service('payments', 'incassi'),
  service('payments', 'gateway'),
  service('payments', 'rimborsi', { app: 'rimborsi-v2' }),
  {
    metadata: { name: 'banca', namespace: 'payments' },
    spec: { type: 'ExternalName', externalName: 'api.bank.example' },
  },
  service('staging', 'prova'),
  service('kube-system', 'kube-dns', { app: 'coredns', port: 53 }),
]

const quota: KubeObject = {
  metadata: { name: 'squadra-billing', namespace: 'payments' },
  spec: { hard: { pods: '40', 'requests.cpu': '72', 'requests.memory': '16Gi', services: '4' } },
  status: {},
}

const limitRange: KubeObject = {
  metadata: { name: 'predefiniti', namespace: 'payments' },
  spec: {
    limits: [
      {
        type: 'Container',
        defaultRequest: { cpu: '50m', memory: '64Mi' },
        default: { memory: '256Mi' },
        max: { memory: '4Gi' },
      },
    ],
  },
}

const claim = (namespace: string, name: string, size: string, phase: 'Bound' | 'Pending'): KubeObject => ({
  metadata: { name, namespace },
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: phase === 'Bound' ? 'standard' : 'archive',
    resources: { requests: { storage: size } },
    ...(phase === 'Bound' ? { volumeName: `pvc-${name}` } : {}),
  },
  status: phase === 'Bound' ? { phase, capacity: { storage: size } } : { phase },
})

const autoscaler = (namespace: string, name: string, bounds: { min: number; max: number }): KubeObject => ({
  metadata: { name, namespace },
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    minReplicas: bounds.min,
    maxReplicas: bounds.max,
    metrics: [
      {
        type: 'Resource',
        resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
      },
    ],
  },
  status: {},
})

export function createSurroundings({ api, record, nowMs }: SurroundingsDeps): Surroundings {
  const iso = () => new Date(nowMs()).toISOString().replace(/\.\d+Z$/, 'Z')
  for (const one of services) api.create('Service', one)
  api.create('EndpointSlice', sliceOf('vecchio', 'payments', [endpointAt('10.2.9.9', true)]))
  api.create('ResourceQuota', quota)
  api.create('LimitRange', limitRange)
  api.create('PersistentVolumeClaim', claim('shop', 'data-postgres-0', '8Gi', 'Bound'))
  const pending = api.create('PersistentVolumeClaim', claim('payments', 'archivio', '200Gi', 'Pending'))
  record(pending, {
    type: 'Warning',
    reason: 'ProvisioningFailed',
    message: 'storageclass.storage.k8s.io "archive" not found',
    component: 'persistentvolume-controller',
  })
  api.create('HorizontalPodAutoscaler', autoscaler('shop', 'ricerca', { min: 2, max: 3 }))
  api.create('HorizontalPodAutoscaler', autoscaler('payments', 'antifrode', { min: 1, max: 4 }))

  /** What was written last, by object: the API server's own comparison of whole objects is slow. */
  const written = new Map<string, string>()
  function isNews(key: string, value: unknown): boolean {
    const text = JSON.stringify(value)
    if (written.get(key) === text) return false
    written.set(key, text)
    return true
  }

  function writeEndpoints(one: KubeObject, pods: readonly KubeObject[]): void {
    const { name, namespace = '' } = one.metadata
    const { selector } = one['spec'] as { selector?: Record<string, string> }
    if (!selector || !api.get('Service', { namespace, name })) return
    const endpoints = pods
      .filter(({ metadata }) => metadata.namespace === namespace)
      .filter((pod) => Object.entries(selector).every(([key, value]) => pod.metadata.labels?.[key] === value))
      .flatMap((pod) => {
        const { podIP, phase } = pod['status'] as { podIP?: string; phase?: string }
        if (!podIP || phase !== 'Running') return []
        return [endpointAt(podIP, isReady(pod) && !pod.metadata.deletionTimestamp, pod)]
      })
    if (!isNews(`${namespace}/${name}`, endpoints)) return
    const slice = sliceOf(name, namespace, endpoints)
    const at = { namespace, name: slice.metadata.name }
    if (api.get('EndpointSlice', at)) api.patch('EndpointSlice', at, { endpoints })
    else api.create('EndpointSlice', slice)
  }

  function writeQuota(all: readonly KubeObject[]): void {
    const at = { namespace: 'payments', name: 'squadra-billing' }
    if (!api.get('ResourceQuota', at)) return
    const pods = all.filter((pod) => {
      if (pod.metadata.namespace !== 'payments') return false
      const { phase } = pod['status'] as { phase?: string }
      return phase !== 'Succeeded' && phase !== 'Failed'
    })
    const used = {
      pods: String(pods.length),
      'requests.cpu': `${sumOf(pods, 'cpu')}m`,
      'requests.memory': `${sumOf(pods, 'memory')}Mi`,
      services: String(api.list('Service', 'payments').length),
    }
    if (isNews('quota', used))
      api.patch('ResourceQuota', at, { status: { ...(quota['spec'] as object), used } })
  }

  function writeAutoscalers(): void {
    const ricerca = { namespace: 'shop', name: 'ricerca' }
    const { spec } = (api.get('Deployment', ricerca) ?? {}) as { spec?: { replicas?: number } }
    const replicas = spec?.replicas
    const before = api.get('HorizontalPodAutoscaler', ricerca)
    if (before && replicas !== undefined) {
      const { desiredReplicas } = before['status'] as { desiredReplicas?: number }
      const isLimited = replicas >= 3
      const limited = isLimited
        ? {
            status: 'True',
            reason: 'TooManyReplicas',
            message: 'the desired replica count is more than the maximum',
          }
        : { status: 'False', reason: 'DesiredWithinRange', message: 'the desired count is within the range' }
      if (desiredReplicas !== replicas)
        api.patch('HorizontalPodAutoscaler', ricerca, {
          status: {
            currentReplicas: replicas,
            desiredReplicas: replicas,
            lastScaleTime: iso(),
            currentMetrics: [
              {
                type: 'Resource',
                resource: { name: 'cpu', current: { averageUtilization: isLimited ? 91 : 64 } },
              },
            ],
            conditions: [
              { type: 'AbleToScale', status: 'True', reason: 'SucceededRescale', message: '' },
              { type: 'ScalingActive', status: 'True', reason: 'ValidMetricFound', message: '' },
              { type: 'ScalingLimited', ...limited },
            ],
          },
        })
    }
    const antifrode = { namespace: 'payments', name: 'antifrode' }
    if (!api.get('HorizontalPodAutoscaler', antifrode) || !isNews('antifrode', true)) return
    const message =
      'the HPA was unable to compute the replica count: failed to get cpu utilization: no pods are running'
    api.patch('HorizontalPodAutoscaler', antifrode, {
      status: {
        currentReplicas: 1,
        desiredReplicas: 1,
        conditions: [
          { type: 'AbleToScale', status: 'True', reason: 'SucceededGetScale', message: '' },
          { type: 'ScalingActive', status: 'False', reason: 'FailedGetResourceMetric', message },
        ],
      },
    })
  }

  return {
    reconcile() {
      const pods = api.list('Pod')
      for (const one of services) writeEndpoints(one, pods)
      writeQuota(pods)
      writeAutoscalers()
    },
  }
}

function sliceOf(name: string, namespace: string, endpoints: readonly object[]): KubeObject {
  return {
    metadata: { name: `${name}-x7k2p`, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
    endpoints: [...endpoints],
  }
}

function endpointAt(address: string, ready: boolean, pod?: KubeObject): object {
  return {
    addresses: [address],
    conditions: { ready, serving: ready, terminating: pod?.metadata.deletionTimestamp !== undefined },
    ...(pod ? { targetRef: { kind: 'Pod', name: pod.metadata.name, uid: pod.metadata.uid } } : {}),
  }
}

/** Of the containers' requests, in millicores or MiB. */
function sumOf(pods: readonly KubeObject[], resource: 'cpu' | 'memory'): number {
  return pods
    .flatMap(
      (pod) =>
        (pod['spec'] as { containers: { resources?: { requests?: Record<string, string> } }[] }).containers,
    )
    .reduce((sum, { resources }) => sum + Number.parseInt(resources?.requests?.[resource] ?? '0', 10), 0)
}
