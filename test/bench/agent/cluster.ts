import type { KubeObject } from '../../support/kube-api/objects.ts'
import { mix32 } from '../corpus/random.ts'

/**
 * Objects of a cluster in the shapes and proportions of real ones: pods of about 8 KB with managed fields, environment,
 * volumes and probes; a Deployment for five pods, with three old ReplicaSets, a Service and an EndpointSlice.
 * Everything follows from the numbers, nothing from chance.
 */
export interface ClusterSize {
  readonly pods: number
  readonly namespaces: number
}

export const podsPerDeployment = 5
const replicaSetsPerDeployment = 4

export interface Placed {
  readonly kind: string
  readonly object: KubeObject
}

/** Deployment `index` and all that belongs to it; the pods too. */
export function* deploymentObjects(index: number, namespace: string): Generator<Placed> {
  const app = appName(index)
  const labels = labelsOf(app, namespace)
  const deployment = { kind: 'Deployment', name: app, uid: uidOf('d', index) }
  const template = { metadata: { labels }, spec: podSpec(app, namespace, {}) }
  const status = {
    observedGeneration: replicaSetsPerDeployment,
    replicas: podsPerDeployment,
    updatedReplicas: podsPerDeployment,
    readyReplicas: podsPerDeployment,
    availableReplicas: podsPerDeployment,
    conditions: [
      { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', lastTransitionTime: longAgo },
      { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', lastTransitionTime: longAgo },
    ],
  }
  const selector = { matchLabels: { 'app.kubernetes.io/name': app } }
  yield {
    kind: 'Deployment',
    object: {
      metadata: {
        name: app,
        namespace,
        uid: deployment.uid,
        labels,
        managedFields: managedFields('apps/v1', 30),
      },
      spec: { replicas: podsPerDeployment, selector, template, strategy: { type: 'RollingUpdate' } },
      status,
    },
  }
  for (let revision = 0; revision < replicaSetsPerDeployment; revision++) {
    const current = revision === replicaSetsPerDeployment - 1
    const replicas = current ? podsPerDeployment : 0
    yield {
      kind: 'ReplicaSet',
      object: {
        metadata: {
          name: replicaSetName(app, index, revision),
          namespace,
          uid: uidOf('r', index * replicaSetsPerDeployment + revision),
          labels: { ...labels, 'pod-template-hash': hashOf(index, revision) },
          annotations: {
            'deployment.kubernetes.io/desired-replicas': String(podsPerDeployment),
            'deployment.kubernetes.io/revision': String(revision + 1),
          },
          ownerReferences: [{ apiVersion: 'apps/v1', ...deployment, controller: true }],
          managedFields: managedFields('apps/v1', 25),
        },
        spec: { replicas, selector, template },
        status: { replicas, readyReplicas: replicas, observedGeneration: 1 },
      },
    }
  }
  for (let ordinal = 0; ordinal < podsPerDeployment; ordinal++)
    yield { kind: 'Pod', object: podOf(index, ordinal, 0, namespace) }
  const ports = [{ name: 'http', port: 80, protocol: 'TCP' }]
  yield {
    kind: 'Service',
    object: {
      metadata: { name: app, namespace, labels, managedFields: managedFields('v1', 10) },
      spec: {
        type: 'ClusterIP',
        clusterIP: address(10_000_000 + index),
        ports,
        selector: selector.matchLabels,
      },
      status: { loadBalancer: {} },
    },
  }
  yield {
    kind: 'EndpointSlice',
    object: {
      metadata: {
        name: `${app}-${hashOf(index, 99).slice(0, 5)}`,
        namespace,
        labels: { ...labels, 'kubernetes.io/service-name': app },
      },
      addressType: 'IPv4',
      ports,
      endpoints: Array.from({ length: podsPerDeployment }, (_, ordinal) => ({
        addresses: [podAddress(index, ordinal, 0)],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: nodeName(index, ordinal),
        targetRef: {
          kind: 'Pod',
          namespace,
          name: podName(index, ordinal, 0),
          uid: podUid(index, ordinal, 0),
        },
      })),
    },
  }
}

/** Namespaces that opt in later: five deployments each. */
export const lateNamespaces = ['late-0', 'late-1', 'late-2', 'late-3', 'late-4'] as const
export const deploymentsPerLateNamespace = 5

export const namespaceName = (index: number) => `team-${String(index).padStart(3, '0')}`

export function namespaceOf(name: string, collected: boolean): KubeObject {
  return {
    metadata: {
      name,
      labels: {
        'kubernetes.io/metadata.name': name,
        ...(collected ? { 'binnacle.dev/collect': 'enabled' } : {}),
      },
    },
    status: { phase: 'Active' },
  }
}

/** `life`: how often the pod of this place was replaced. */
export function podOf(index: number, ordinal: number, life: number, namespace: string): KubeObject {
  const app = appName(index)
  const startedAt = life === 0 ? longAgo : iso(Date.now())
  const node = nodeName(index, ordinal)
  return {
    metadata: {
      name: podName(index, ordinal, life),
      generateName: `${replicaSetName(app, index, replicaSetsPerDeployment - 1)}-`,
      namespace,
      uid: podUid(index, ordinal, life),
      labels: {
        ...labelsOf(app, namespace),
        'pod-template-hash': hashOf(index, replicaSetsPerDeployment - 1),
      },
      annotations: {
        'checksum/config': `${hashOf(index, 7)}${hashOf(index, 8)}${hashOf(index, 9)}${hashOf(index, 10)}`,
        'prometheus.io/port': '9090',
        'prometheus.io/scrape': 'true',
        'kubectl.kubernetes.io/default-container': app,
      },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: replicaSetName(app, index, replicaSetsPerDeployment - 1),
          uid: uidOf('r', index * replicaSetsPerDeployment + replicaSetsPerDeployment - 1),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
      managedFields: managedFields('v1', 34),
      ...(life === 0 ? { creationTimestamp: longAgo } : {}),
    },
    spec: podSpec(app, namespace, { nodeName: node }),
    status: podStatus({ app, index, ordinal, life, startedAt, restarts: 0, ready: true }),
  }
}

export interface PodStatusFacts {
  readonly app: string
  readonly index: number
  readonly ordinal: number
  readonly life: number
  readonly startedAt: string
  readonly restarts: number
  readonly ready: boolean
}

export function podStatus({ app, index, ordinal, life, startedAt, restarts, ready }: PodStatusFacts): object {
  const condition = (type: string, status: boolean) => ({
    type,
    status: status ? 'True' : 'False',
    lastProbeTime: null,
    lastTransitionTime: startedAt,
    observedGeneration: 1,
    ...(status ? {} : { reason: 'ContainersNotReady', message: `containers with unready status: [${app}]` }),
  })
  const container = (name: string, image: string, own: boolean) => ({
    name,
    image,
    imageID: `${image.split(':')[0]}@sha256:${hashOf(index, 20).repeat(6)}${hashOf(index, 21).slice(0, 4)}`,
    containerID: `containerd://${hashOf(index * 7 + ordinal, life * 1000 + restarts).repeat(6)}${own ? 'aaaa' : 'bbbb'}`,
    ready: own ? ready : true,
    started: true,
    restartCount: own ? restarts : 0,
    state: { running: { startedAt } },
    lastState:
      own && restarts > 0
        ? {
            terminated: {
              exitCode: 1,
              reason: 'Error',
              startedAt: longAgo,
              finishedAt: startedAt,
              containerID: `containerd://${hashOf(index * 7 + ordinal, restarts).repeat(6)}cccc`,
            },
          }
        : {},
    resources: { limits: { memory: '512Mi' }, requests: { cpu: '100m', memory: '256Mi' } },
  })
  return {
    phase: 'Running',
    qosClass: 'Burstable',
    hostIP: address(20_000_000 + (index % 400)),
    podIP: podAddress(index, ordinal, life),
    podIPs: [{ ip: podAddress(index, ordinal, life) }],
    startTime: startedAt,
    conditions: [
      condition('PodReadyToStartContainers', true),
      condition('Initialized', true),
      condition('Ready', ready),
      condition('ContainersReady', ready),
      condition('PodScheduled', true),
    ],
    containerStatuses: [
      container(app, imageOf(app), true),
      container('proxy', 'registry.example/mesh/proxy:1.29.1', false),
    ],
  }
}

function podSpec(app: string, namespace: string, placed: object): object {
  const probe = (path: string) => ({
    httpGet: { path, port: 'http', scheme: 'HTTP' },
    periodSeconds: 10,
    timeoutSeconds: 1,
    successThreshold: 1,
    failureThreshold: 3,
  })
  const token = {
    name: 'kube-api-access',
    mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
    readOnly: true,
  }
  const container = (name: string, image: string, variables: number) => ({
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    env: [
      { name: 'POD_IP', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } },
      { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: `${app}-credentials`, key: 'password' } } },
      ...Array.from({ length: variables }, (_, at) => ({
        name: `SETTING_${at}`,
        value: `http://${app}.${namespace}.svc.cluster.local:80/v1/resources/${at}`,
      })),
    ],
    resources: { limits: { memory: '512Mi' }, requests: { cpu: '100m', memory: '256Mi' } },
    volumeMounts: [{ name: 'config', mountPath: '/etc/app', readOnly: true }, token],
    livenessProbe: probe('/livez'),
    readinessProbe: probe('/readyz'),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, runAsNonRoot: true },
  })
  return {
    containers: [
      container(app, imageOf(app), 12),
      container('proxy', 'registry.example/mesh/proxy:1.29.1', 6),
    ],
    volumes: [
      { name: 'config', configMap: { name: `${app}-config`, defaultMode: 420 } },
      {
        name: 'kube-api-access',
        projected: {
          defaultMode: 420,
          sources: [
            { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
            { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
          ],
        },
      },
    ],
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 100,
            podAffinityTerm: {
              topologyKey: 'kubernetes.io/hostname',
              labelSelector: { matchLabels: { 'app.kubernetes.io/name': app } },
            },
          },
        ],
      },
    },
    tolerations: ['not-ready', 'unreachable'].map((name) => ({
      key: `node.kubernetes.io/${name}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    })),
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    serviceAccountName: app,
    schedulerName: 'default-scheduler',
    terminationGracePeriodSeconds: 30,
    ...placed,
  }
}

/** Server-side apply writes down who set which field: a third of a pod. */
function managedFields(apiVersion: string, fields: number): object[] {
  const owned = (prefix: string, count: number) =>
    Object.fromEntries(
      Array.from({ length: count }, (_, at) => [`f:${prefix}${at}`, { '.': {}, 'f:value': {} }]),
    )
  return [
    {
      manager: 'kube-controller-manager',
      operation: 'Update',
      apiVersion,
      time: longAgo,
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:metadata': { 'f:labels': owned('label', 8) }, 'f:spec': owned('setting', fields) },
    },
    {
      manager: 'kubelet',
      operation: 'Update',
      apiVersion,
      time: longAgo,
      subresource: 'status',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:status': owned('condition', 16) },
    },
  ]
}

export interface EventFacts {
  readonly sequence: number
  readonly index: number
  readonly ordinal: number
  readonly life: number
  readonly namespace: string
}

const reasons = [
  ['Normal', 'Scheduled', 'default-scheduler', 'Successfully assigned to node'],
  ['Normal', 'Pulling', 'kubelet', 'Pulling image "registry.example/shop/app:1.2.3"'],
  [
    'Normal',
    'Pulled',
    'kubelet',
    'Container image "registry.example/shop/app:1.2.3" already present on machine',
  ],
  ['Normal', 'Created', 'kubelet', 'Created container: app'],
  ['Normal', 'Started', 'kubelet', 'Started container app'],
  ['Warning', 'Unhealthy', 'kubelet', 'Readiness probe failed: HTTP probe failed with statuscode: 503'],
  ['Warning', 'BackOff', 'kubelet', 'Back-off restarting failed container app in pod'],
] as const

/** About 1.1 KB, as the kubelet's recorder writes them. The message says when it was written: `at=<Unix ms>`. */
export function eventOf(
  { sequence, index, ordinal, life, namespace }: EventFacts,
  nowMs: number,
): KubeObject {
  const [type, reason, component, message] = reasons[sequence % reasons.length] ?? reasons[0]
  const name = podName(index, ordinal, life)
  const host = nodeName(index, ordinal)
  return {
    metadata: {
      name: `${name}.${(sequence + 0x18_0000_0000).toString(16)}`,
      namespace,
      uid: uidOf('e', sequence),
      managedFields: managedFields('v1', 4).slice(0, 1),
    },
    involvedObject: {
      kind: 'Pod',
      apiVersion: 'v1',
      namespace,
      name,
      uid: podUid(index, ordinal, life),
      resourceVersion: '1234567',
      fieldPath: `spec.containers{${appName(index)}}`,
    },
    type,
    reason,
    message: `${message} at=${nowMs}`,
    source: { component, host },
    reportingComponent: component,
    reportingInstance: host,
    firstTimestamp: iso(nowMs),
    lastTimestamp: iso(nowMs),
    eventTime: null,
    count: 1,
  }
}

export function usageOf(pod: KubeObject) {
  const spin = mix32(Date.now() / 15_000 + pod.metadata.name.length)
  return ['app', 'proxy'].map((name, at) => ({
    name: at === 0 ? (pod.metadata.labels?.['app.kubernetes.io/name'] ?? name) : name,
    cpuNanocores: 1_000_000 + (spin % 90_000_000),
    memoryBytes: 64 * 2 ** 20 + (spin % 2 ** 26),
  }))
}

const longAgo = '2026-01-05T08:30:00Z'
export const iso = (ms: number) => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
export const appName = (index: number) => `service-${String(index).padStart(5, '0')}`
const imageOf = (app: string) => `registry.example/${app}/app:1.${app.length}.3`
const labelsOf = (app: string, namespace: string): Record<string, string> => ({
  'app.kubernetes.io/name': app,
  'app.kubernetes.io/instance': `${namespace}-${app}`,
  'app.kubernetes.io/version': '1.2.3',
  'app.kubernetes.io/managed-by': 'Helm',
  'helm.sh/chart': 'service-4.2.1',
  tier: 'backend',
})
const nodesMax = 400
const nodeName = (index: number, ordinal: number) =>
  `node-${(index * podsPerDeployment + ordinal) % nodesMax}`
const hashOf = (index: number, salt: number) =>
  mix32(index * 131 + salt)
    .toString(36)
    .padStart(7, '0') +
  mix32(index + salt * 977)
    .toString(36)
    .slice(-3)
const replicaSetName = (app: string, index: number, revision: number) => `${app}-${hashOf(index, revision)}`
export const podName = (index: number, ordinal: number, life: number) =>
  `${replicaSetName(appName(index), index, replicaSetsPerDeployment - 1)}-${mix32(
    index * 64 + ordinal + life * 7_919,
  )
    .toString(36)
    .padStart(7, '0')
    .slice(-5)}`
const podUid = (index: number, ordinal: number, life: number) =>
  uidOf('p', (index * podsPerDeployment + ordinal) * 4096 + life)
const podAddress = (index: number, ordinal: number, life: number) =>
  address((index * podsPerDeployment + ordinal) * 8 + (life % 8))
const address = (number: number) => `10.${(number >> 16) & 0xff}.${(number >> 8) & 0xff}.${number & 0xff}`

function uidOf(prefix: string, number: number): string {
  const hex = (value: number) => mix32(value).toString(16).padStart(8, '0')
  const head = `${prefix.charCodeAt(0).toString(16)}${hex(number).slice(0, 6)}`
  const tail = number.toString(16).padStart(12, '0')
  return `${head}-${hex(number + 1).slice(0, 4)}-4${hex(number + 2).slice(0, 3)}-a${hex(number + 3).slice(0, 3)}-${tail}`
}
