import type { KubeObjectRow, ObjectCondition } from '../../../collector/record/kube.ts'
import type { FindingId } from '../../../collector/record/kube-facts.ts'
import { emptyObject } from './cluster.ts'

const minute = 60_000
const hour = 60 * minute
const gibi = 1024 ** 3

interface SeedObject {
  readonly kind: string
  readonly name: string
  readonly namespace?: string
  readonly over?: Partial<KubeObjectRow>
  readonly ageMs?: number
  readonly facts?: Readonly<Record<string, string>>
  readonly amounts?: Readonly<Record<string, number>>
  readonly conditions?: readonly ObjectCondition[]
  readonly findings?: Readonly<Partial<Record<FindingId, string>>>
}

/** Everything beside pods, deployments and namespaces; of each kind one that is fine and one that is not. */
export function seedKinds(nowMs: number): KubeObjectRow[] {
  return [...nodes(nowMs), ...workloads(nowMs), ...network, ...limits, ...autoscalers(nowMs)].map((object) =>
    objectRow(object, nowMs),
  )
}

/** worker-2 is cordoned, worker-3 is not ready and under memory pressure for 6 minutes. */
function nodes(nowMs: number): SeedObject[] {
  const node = (name: string, over: Partial<SeedObject> & { status?: string; pressure?: boolean }) => ({
    kind: 'Node',
    name,
    namespace: '',
    ageMs: 40 * 24 * hour,
    over: { status: over.status ?? 'Ready', version: 'v1.33.2' },
    facts: {
      roles: name.startsWith('control') ? 'control-plane' : '',
      kubeletVersion: 'v1.33.2',
      os: 'Debian GNU/Linux 13',
      architecture: 'arm64',
      zone: 'eu-1a',
      internalIp: '10.0.0.7',
      ...over.facts,
    },
    amounts: {
      ...{ cpuCapacityMillicores: 2_000, cpuAllocatableMillicores: 1_900 },
      ...{ memoryCapacityBytes: 8 * gibi, memoryAllocatableBytes: 7 * gibi },
      ...{ podsCapacity: 110, podsAllocatable: 110 },
    },
    conditions: [
      {
        type: 'Ready',
        status: over.status === 'NotReady' ? 'Unknown' : 'True',
        reason: over.status === 'NotReady' ? 'NodeStatusUnknown' : 'KubeletReady',
        message: over.status === 'NotReady' ? 'Kubelet stopped posting node status.' : '',
        sinceMs: nowMs - (over.status === 'NotReady' ? 6 * minute : 24 * hour),
      },
      {
        type: 'MemoryPressure',
        status: over.pressure ? 'True' : 'False',
        reason: over.pressure ? 'KubeletHasInsufficientMemory' : 'KubeletHasSufficientMemory',
        message: '',
        sinceMs: nowMs - (over.pressure ? 6 * minute : 24 * hour),
      },
    ],
    findings: over.findings ?? {},
  })
  return [
    node('control-1', { facts: { taints: 'node-role.kubernetes.io/control-plane:NoSchedule' } }),
    node('worker-1', {}),
    node('worker-2', {
      status: 'Ready,SchedulingDisabled',
      facts: { taints: 'node.kubernetes.io/unschedulable:NoSchedule' },
    }),
    node('worker-3', {
      status: 'NotReady',
      pressure: true,
      facts: { taints: 'node.kubernetes.io/unreachable:NoExecute' },
      findings: { 'node-pressure': 'MemoryPressure' },
    }),
  ]
}

/** postgres stays without an object of its own: it comes from its pods. */
function workloads(nowMs: number): SeedObject[] {
  const job = (
    name: string,
    over: Partial<SeedObject> & { active: number; succeeded: number; failed: number },
  ) => ({
    kind: 'Job',
    name,
    ageMs: 40 * minute,
    amounts: {
      ...{ active: over.active, succeeded: over.succeeded, failed: over.failed, parallelism: 1 },
      startedAtMs: nowMs - 40 * minute,
    },
    facts: { images: `registry.test/${name}:v1` },
    over: { ready: over.succeeded, desired: 1, ...over.over },
    findings: over.findings ?? {},
  })
  return [
    {
      kind: 'StatefulSet',
      name: 'report',
      over: { status: 'Degraded', ready: 0, desired: 1, version: 'v1' },
      facts: { strategy: 'RollingUpdate', images: 'registry.test/report:v1', serviceName: 'report' },
      amounts: { replicas: 1, updated: 1, available: 0 },
    },
    {
      kind: 'DaemonSet',
      name: 'node-tools',
      namespace: 'billing',
      over: { status: 'Available', ready: 1, desired: 1, version: 'v1' },
      facts: { strategy: 'RollingUpdate', images: 'registry.test/node-tools:v1' },
      amounts: { scheduled: 1, updated: 1, available: 1, misscheduled: 0 },
    },
    {
      kind: 'CronJob',
      name: 'import',
      over: { status: 'Active', version: 'v1' },
      facts: { schedule: '*/10 * * * *', timeZone: 'Europe/Vienna', images: 'registry.test/import:v1' },
      amounts: { active: 0, lastScheduledAtMs: nowMs - 10 * minute, lastSucceededAtMs: nowMs - 9 * minute },
    },
    ...[0, 1].map((index) =>
      job(`import-2891${index}`, {
        ...{ active: 0, succeeded: 1, failed: 0 },
        over: {
          ...{ owner_kind: 'CronJob', owner_name: 'import', workload_kind: 'CronJob', workload: 'import' },
          status: 'Complete',
        },
      }),
    ),
    job('migrate', {
      ...{ active: 0, succeeded: 0, failed: 3 },
      over: { status: 'Failed' },
      findings: { 'job-failed': 'BackoffLimitExceeded' },
    }),
    job('reindex', { active: 1, succeeded: 0, failed: 0, over: { status: 'Running' } }),
  ]
}

const service = (name: string, namespace: string, ready: number, notReady: number): SeedObject[] => {
  const amounts = { readyEndpoints: ready, notReadyEndpoints: notReady }
  return [
    {
      ...{ kind: 'Service', name, namespace, amounts },
      facts: { type: 'ClusterIP', clusterIp: '10.43.0.9', ports: 'http 80/TCP', selector: `app=${name}` },
      findings: ready === 0 ? { 'service-without-endpoints': `app=${name}` } : {},
    },
    {
      ...{ kind: 'EndpointSlice', name: `${name}-x2x4z`, namespace, amounts },
      facts: { service: name, addressType: 'IPv4', ports: 'http 8080/TCP' },
    },
  ]
}

const network: readonly SeedObject[] = [
  ...service('benigno', 'shop', 4, 0),
  ...service('magnanimo', 'shop', 2, 0),
  ...service('pagamenti', 'shop', 0, 1),
  ...service('billing-api', 'billing', 5, 0),
  {
    kind: 'Service',
    name: 'smtp',
    facts: { type: 'ExternalName', externalName: 'mail.example.net' },
  },
  {
    kind: 'EndpointSlice',
    name: 'old-frontend-7k2p9',
    facts: { service: 'old-frontend', addressType: 'IPv4', ports: 'http 8080/TCP' },
    amounts: { readyEndpoints: 0, notReadyEndpoints: 1 },
    findings: { 'orphan-endpoints': 'old-frontend' },
  },
]

const limits: readonly SeedObject[] = [
  {
    kind: 'ResourceQuota',
    name: 'compute',
    amounts: {
      ...{ 'hard:requests.cpu': 80, 'used:requests.cpu': 65.8 },
      ...{ 'hard:limits.cpu': 20, 'used:limits.cpu': 9.5 },
      ...{ 'hard:requests.memory': 4 * gibi, 'used:requests.memory': 2.5 * gibi },
      ...{ 'hard:limits.memory': 8 * gibi, 'used:limits.memory': 4.75 * gibi },
      ...{ 'hard:pods': 50, 'used:pods': 20 },
      ...{ 'hard:persistentvolumeclaims': 2, 'used:persistentvolumeclaims': 2 },
      ...{ 'hard:requests.storage': 40 * gibi, 'used:requests.storage': 30 * gibi },
    },
    findings: {
      'quota-exhausted': 'persistentvolumeclaims 2 of 2',
      'quota-nearly-used': 'requests.cpu 65.8 of 80',
    },
  },
  {
    kind: 'LimitRange',
    name: 'defaults',
    facts: { limits: 'Container: defaultRequest cpu=100m memory=128Mi, default cpu=500m memory=256Mi' },
  },
  {
    kind: 'PersistentVolumeClaim',
    name: 'data-postgres-0',
    over: { status: 'Bound' },
    facts: { storageClass: 'longhorn', volume: 'pvc-18c1', accessModes: 'RWO' },
    amounts: { requestBytes: 10 * gibi, capacityBytes: 10 * gibi },
  },
  {
    kind: 'PersistentVolumeClaim',
    name: 'data-report-0',
    over: { status: 'Pending' },
    ageMs: 20 * minute,
    facts: { storageClass: 'fast', volume: '', accessModes: 'RWO' },
    amounts: { requestBytes: 20 * gibi, capacityBytes: 0 },
    findings: { 'claim-not-bound': 'Pending' },
  },
]

function autoscalers(nowMs: number): SeedObject[] {
  return [
    {
      kind: 'HorizontalPodAutoscaler',
      name: 'benigno-v1',
      over: { status: 'Limited', ready: 3, desired: 3 },
      facts: { target: 'Deployment/benigno-v1', metrics: 'cpu 70%' },
      amounts: {
        ...{ replicasMin: 2, replicasMax: 3, replicas: 3, cpuTargetPercent: 70, cpuPercent: 92 },
        lastScaledAtMs: nowMs - 50 * minute,
      },
      conditions: [
        {
          type: 'ScalingLimited',
          status: 'True',
          reason: 'TooManyReplicas',
          message: 'the desired replica count is more than the maximum replica count',
          sinceMs: nowMs - 50 * minute,
        },
      ],
      findings: { 'autoscaler-at-maximum': '3 of 3 replicas' },
    },
    {
      kind: 'HorizontalPodAutoscaler',
      name: 'billing-api',
      namespace: 'billing',
      over: { status: 'OK', ready: 5, desired: 5 },
      facts: { target: 'Deployment/billing-api', metrics: 'cpu 70%' },
      amounts: { replicasMin: 2, replicasMax: 10, replicas: 5, cpuTargetPercent: 70, cpuPercent: 41 },
    },
  ]
}

function objectRow(object: SeedObject, nowMs: number): KubeObjectRow {
  const namespace = object.namespace ?? 'shop'
  return {
    ...emptyObject,
    workload_kind: object.kind,
    workload: object.name,
    labels: new Map<string, string>(),
    kind: object.kind,
    namespace,
    name: object.name,
    uid: `uid-${object.kind.toLowerCase()}-${object.name}`,
    observed_at: nowMs,
    received_at: nowMs,
    created_at: nowMs - (object.ageMs ?? 24 * hour),
    facts: new Map(Object.entries(object.facts ?? {})),
    amounts: new Map(Object.entries(object.amounts ?? {})),
    conditions: JSON.stringify(object.conditions ?? []),
    findings: new Map(Object.entries(object.findings ?? {})),
    ...object.over,
  }
}
