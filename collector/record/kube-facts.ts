/**
 * What the kinds have beyond the columns they share: `facts` (words), `amounts` (numbers), `conditions` and `findings` of an
 * ObjectState (kube.ts). A kind leaves out what it has not; 0 and '' are said only where they mean something. Names carry the
 * unit. Agent, service and screens use these names and no others.
 */

/** Words, as Kubernetes spells them unless said otherwise. */
export const objectFacts = {
  /**
   * `workloadInferred`: 'true' where the workload is guessed from names, because an owner may not be seen.
   * `injection`: what the webhook says it did with the pod, `injected: node` or `skipped: <reason>`.
   */
  Pod: ['workloadInferred', 'injection'],
  Node: ['roles', 'taints', 'kubeletVersion', 'os', 'architecture', 'instanceType', 'zone', 'internalIp'],
  Deployment: ['strategy', 'paused', 'images'],
  StatefulSet: ['strategy', 'images', 'serviceName'],
  DaemonSet: ['strategy', 'images'],
  Job: ['images', 'suspended'],
  CronJob: ['schedule', 'timeZone', 'suspended', 'images'],
  Service: ['type', 'clusterIp', 'ports', 'selector', 'externalName'],
  EndpointSlice: ['service', 'addressType', 'ports'],
  ResourceQuota: ['scopes'],
  LimitRange: ['limits'],
  PersistentVolumeClaim: ['storageClass', 'volume', 'accessModes'],
  HorizontalPodAutoscaler: ['target', 'metrics'],
} as const satisfies Record<string, readonly string[]>

/**
 * Numbers; times are Unix ms. A ResourceQuota has `hard:<resource>` and `used:<resource>` for each of its resources, in the
 * base unit: cores, bytes, pieces. A Pod's `startedAtMs` is the start of the oldest container that runs or has run.
 */
export const objectAmounts = {
  Pod: ['scheduledAtMs', 'startedAtMs', 'readyAtMs', 'finishedAtMs', 'ephemeralStorageRequestBytes'],
  Node: [
    ...['cpuCapacityMillicores', 'cpuAllocatableMillicores', 'memoryCapacityBytes', 'memoryAllocatableBytes'],
    ...[
      'podsCapacity',
      'podsAllocatable',
      'ephemeralStorageCapacityBytes',
      'ephemeralStorageAllocatableBytes',
    ],
  ],
  Namespace: ['quotas', 'limitRanges'],
  Deployment: ['replicas', 'updated', 'available', 'unavailable', 'revision'],
  StatefulSet: ['replicas', 'updated', 'available'],
  DaemonSet: ['scheduled', 'updated', 'available', 'misscheduled'],
  Job: ['active', 'succeeded', 'failed', 'parallelism', 'startedAtMs', 'finishedAtMs'],
  CronJob: ['active', 'lastScheduledAtMs', 'lastSucceededAtMs'],
  Service: ['readyEndpoints', 'notReadyEndpoints'],
  EndpointSlice: ['readyEndpoints', 'notReadyEndpoints'],
  PersistentVolumeClaim: ['requestBytes', 'capacityBytes'],
  HorizontalPodAutoscaler: [
    ...['replicasMin', 'replicasMax', 'replicas', 'lastScaledAtMs', 'cpuTargetPercent', 'cpuPercent'],
    ...['memoryTargetPercent', 'memoryPercent'],
  ],
} as const satisfies Record<string, readonly string[]>

export type FindingSeverity = 'info' | 'warning' | 'error'

export interface FindingKind {
  readonly title: string
  readonly severity: FindingSeverity
  /** What to do, in one sentence. */
  readonly hint: string
}

/**
 * What is wrong or careless about an object. An object says each at most once; its text names where: containers, the missing
 * object, or figures. Missing objects are inferred from waiting reasons and events, never read.
 */
export const findingKinds = {
  'no-cpu-request': {
    title: 'No CPU request',
    severity: 'warning',
    hint: 'Set resources.requests.cpu, so that the scheduler knows what the container needs.',
  },
  'no-memory-request': {
    title: 'No memory request',
    severity: 'warning',
    hint: 'Set resources.requests.memory, so that the scheduler knows what the container needs.',
  },
  'no-cpu-limit': {
    title: 'No CPU limit',
    severity: 'info',
    hint: 'Many teams leave CPU without a limit on purpose; set resources.limits.cpu if yours does not.',
  },
  'no-memory-limit': {
    title: 'No memory limit',
    severity: 'warning',
    hint: 'Set resources.limits.memory: without it one leak can evict the pods beside it.',
  },
  'no-readiness-probe': {
    title: 'No readiness probe',
    severity: 'warning',
    hint: 'Add a readinessProbe: without it a pod gets requests before it can answer them.',
  },
  'no-liveness-probe': {
    title: 'No liveness probe',
    severity: 'info',
    hint: 'Add a livenessProbe if the process can hang without exiting.',
  },
  privileged: {
    title: 'Privileged container',
    severity: 'error',
    hint: 'Remove securityContext.privileged: it gives the container the whole node.',
  },
  'missing-secret': {
    title: 'Missing Secret',
    severity: 'error',
    hint: 'Create the Secret, or the key, that the pod waits for.',
  },
  'missing-config-map': {
    title: 'Missing ConfigMap',
    severity: 'error',
    hint: 'Create the ConfigMap, or the key, that the pod waits for.',
  },
  'missing-claim': {
    title: 'Missing PersistentVolumeClaim',
    severity: 'error',
    hint: 'Create the PersistentVolumeClaim that the pod waits for.',
  },
  'claim-not-bound': {
    title: 'Claim not bound',
    severity: 'warning',
    hint: 'Look at the events of the claim: no volume or provisioner satisfies it.',
  },
  'service-without-endpoints': {
    title: 'Service without ready endpoints',
    severity: 'error',
    hint: 'No pod that the selector matches is ready: compare it with the labels of the pods.',
  },
  'orphan-endpoints': {
    title: 'Endpoints without a Service',
    severity: 'info',
    hint: 'The Service of this EndpointSlice does not exist: remove the slice, or create the Service.',
  },
  'namespace-without-quota': {
    title: 'Namespace without quota',
    severity: 'info',
    hint: 'Add a ResourceQuota, so that one team cannot take the whole cluster.',
  },
  'quota-nearly-used': {
    title: 'Quota nearly used',
    severity: 'warning',
    hint: 'At 80 % of a quota: raise it, or find what grew.',
  },
  'quota-exhausted': {
    title: 'Quota exhausted',
    severity: 'error',
    hint: 'Nothing more can be created against this quota: raise it, or remove something.',
  },
  'autoscaler-at-maximum': {
    title: 'Autoscaler at its maximum',
    severity: 'warning',
    hint: 'More replicas are wanted than allowed: raise maxReplicas, or make the pods cheaper.',
  },
  'autoscaler-cannot-scale': {
    title: 'Autoscaler cannot scale',
    severity: 'error',
    hint: 'Look at its conditions: often the metrics API or a resource request is missing.',
  },
  'job-failed': {
    title: 'Job failed',
    severity: 'error',
    hint: 'Look at the last pod of the Job and its exit code.',
  },
  'injection-switched-off': {
    title: 'Injection switched off',
    severity: 'error',
    hint: 'Injected pods crashed again and again, so new ones are not injected. Restart the workload, mend the cause, then lift it: see Instrumentation.',
  },
  'node-pressure': {
    title: 'Node under pressure',
    severity: 'error',
    hint: 'Memory, disk or process ids of the node run out: pods will be evicted.',
  },
} as const satisfies Record<string, FindingKind>

export type FindingId = keyof typeof findingKinds
