import { Value } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { projectAutoscaler } from '../../../collector/agent/derive/kinds/autoscaler.ts'
import { projectClaim } from '../../../collector/agent/derive/kinds/claim.ts'
import type { Described } from '../../../collector/agent/derive/kinds/described.ts'
import { projectCronJob, projectJob } from '../../../collector/agent/derive/kinds/jobs.ts'
import { projectEndpointSlice, projectService } from '../../../collector/agent/derive/kinds/network.ts'
import { projectNode } from '../../../collector/agent/derive/kinds/node.ts'
import { projectLimitRange, projectResourceQuota } from '../../../collector/agent/derive/kinds/quotas.ts'
import {
  projectDaemonSet,
  projectDeployment,
  projectStatefulSet,
} from '../../../collector/agent/derive/kinds/workloads.ts'
import { deriveChanges } from '../../../collector/agent/derive/object-changes.ts'
import { deriveObjectState } from '../../../collector/agent/derive/object-state.ts'
import { ObjectState } from '../../../collector/record/kube.ts'
import { findingKinds, objectAmounts, objectFacts } from '../../../collector/record/kube-facts.ts'

type Raw = { readonly [key: string]: unknown }

const at = '2026-01-01T12:00:00Z'
const atMs = Date.parse(at)
const condition = (type: string, status: string, reason = '', message = '') => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: at,
})
const of = (spec: Raw, status: Raw, more: Raw = {}, metadata: Raw = {}): Raw => ({
  metadata: { uid: 'u', name: 'one', namespace: 'shop', resourceVersion: '7', generation: 1, ...metadata },
  spec,
  status,
  ...more,
})
const template = (image = 'web:2') => ({ spec: { containers: [{ name: 'web', image }] } })

function stateOf(project: (raw: Raw) => Described | undefined, raw: Raw): ObjectState {
  const object = project(raw)
  if (!object) throw new Error('nothing projected')
  return deriveObjectState(object, {
    workload: { kind: '', name: '' },
    observedAtMs: atMs,
    deleted: false,
  })
}

type Row = readonly [string, (raw: Raw) => Described | undefined, Raw, Partial<ObjectState>]

const nodeStatus = (ready: string, more: readonly object[] = []) => ({
  conditions: [condition('Ready', ready, ready === 'True' ? 'KubeletReady' : 'NodeStatusUnknown'), ...more],
  capacity: { cpu: '4', memory: '8Gi', pods: '110', 'ephemeral-storage': '100Gi' },
  allocatable: { cpu: '3900m', memory: '7Gi', pods: '110' },
  addresses: [
    { type: 'Hostname', address: 'n' },
    { type: 'InternalIP', address: '10.0.0.7' },
  ],
  nodeInfo: {
    kubeletVersion: 'v1.34.1',
    osImage: 'Linux 1',
    operatingSystem: 'linux',
    architecture: 'arm64',
  },
  images: [{ names: ['a'.repeat(9_000)] }],
})
const nodes: Row[] = [
  [
    'ready',
    projectNode,
    of(
      {
        taints: [
          { key: 'gpu', value: 'yes', effect: 'NoSchedule' },
          { key: 'spare', effect: 'NoExecute' },
        ],
      },
      nodeStatus('True'),
      {},
      {
        labels: {
          'node-role.kubernetes.io/worker': '',
          'node-role.kubernetes.io/control-plane': '',
          'node.kubernetes.io/instance-type': 'm5.large',
          'topology.kubernetes.io/zone': 'z1',
        },
      },
    ),
    {
      status: 'Ready',
      ready: 1,
      desired: 1,
      facts: {
        roles: 'control-plane,worker',
        taints: 'gpu=yes:NoSchedule, spare:NoExecute',
        kubeletVersion: 'v1.34.1',
        os: 'Linux 1',
        architecture: 'arm64',
        instanceType: 'm5.large',
        zone: 'z1',
        internalIp: '10.0.0.7',
      },
      amounts: {
        cpuCapacityMillicores: 4000,
        cpuAllocatableMillicores: 3900,
        memoryCapacityBytes: 8 * 1024 ** 3,
        memoryAllocatableBytes: 7 * 1024 ** 3,
        podsCapacity: 110,
        podsAllocatable: 110,
        ephemeralStorageCapacityBytes: 100 * 1024 ** 3,
        ephemeralStorageAllocatableBytes: 0,
      },
      findings: {},
    },
  ],
  [
    'cordoned',
    projectNode,
    of({ unschedulable: true }, nodeStatus('True')),
    { status: 'Ready,SchedulingDisabled' },
  ],
  [
    'lost',
    projectNode,
    of({}, nodeStatus('Unknown')),
    { status: 'NotReady', ready: 0, reason: 'NodeStatusUnknown' },
  ],
  ['new', projectNode, of({}, {}), { status: 'Unknown' }],
  [
    'under pressure',
    projectNode,
    of(
      {},
      nodeStatus('True', [
        condition('MemoryPressure', 'True'),
        condition('PIDPressure', 'False'),
        condition('DiskPressure', 'True'),
      ]),
    ),
    { status: 'Ready', findings: { 'node-pressure': 'MemoryPressure, DiskPressure' } },
  ],
]

const statefulSet = (status: Raw, spec: Raw = {}) =>
  of(
    {
      replicas: 3,
      serviceName: 'db',
      template: template(),
      updateStrategy: { type: 'RollingUpdate' },
      ...spec,
    },
    {
      observedGeneration: 1,
      replicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      updatedReplicas: 3,
      currentRevision: 'a',
      updateRevision: 'a',
      ...status,
    },
  )
const daemonSet = (status: Raw, type = 'RollingUpdate') =>
  of(
    { template: template(), updateStrategy: { type } },
    {
      observedGeneration: 1,
      desiredNumberScheduled: 3,
      currentNumberScheduled: 3,
      updatedNumberScheduled: 3,
      numberReady: 3,
      numberAvailable: 3,
      numberMisscheduled: 0,
      ...status,
    },
  )
const workloads: Row[] = [
  [
    'all there',
    projectStatefulSet,
    statefulSet({}),
    {
      status: 'Available',
      ready: 3,
      desired: 3,
      version: '2',
      facts: { strategy: 'RollingUpdate', images: 'web:2', serviceName: 'db' },
      amounts: { replicas: 3, updated: 3, available: 3 },
    },
  ],
  [
    'a pod of it lost',
    projectStatefulSet,
    statefulSet({ readyReplicas: 2, availableReplicas: 2 }),
    { status: 'Degraded', ready: 2 },
  ],
  [
    'being made one by one',
    projectStatefulSet,
    statefulSet({ replicas: 1, readyReplicas: 0, availableReplicas: 0 }),
    { status: 'Progressing' },
  ],
  [
    'being updated',
    projectStatefulSet,
    statefulSet({ updateRevision: 'b', updatedReplicas: 1 }),
    { status: 'Progressing' },
  ],
  [
    'updated down to its partition',
    projectStatefulSet,
    statefulSet(
      { updateRevision: 'b', updatedReplicas: 1 },
      { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } },
    ),
    { status: 'Available' },
  ],
  [
    'updated only when pods are deleted',
    projectStatefulSet,
    statefulSet({ updateRevision: 'b', updatedReplicas: 0 }, { updateStrategy: { type: 'OnDelete' } }),
    { status: 'Available' },
  ],
  [
    'not seen by its controller',
    projectStatefulSet,
    statefulSet({ observedGeneration: 0 }),
    { status: 'Progressing' },
  ],
  [
    'of a server that tells no available pods',
    projectStatefulSet,
    statefulSet({ availableReplicas: undefined }),
    { status: 'Degraded' },
  ],
  [
    'on all nodes',
    projectDaemonSet,
    daemonSet({}),
    {
      status: 'Available',
      ready: 3,
      desired: 3,
      facts: { strategy: 'RollingUpdate', images: 'web:2' },
      amounts: { scheduled: 3, updated: 3, available: 3, misscheduled: 0 },
    },
  ],
  [
    'on no node',
    projectDaemonSet,
    daemonSet({
      desiredNumberScheduled: 0,
      currentNumberScheduled: 0,
      updatedNumberScheduled: 0,
      numberReady: 0,
      numberAvailable: 0,
    }),
    { status: 'Available' },
  ],
  [
    'a pod of it not ready',
    projectDaemonSet,
    daemonSet({ numberReady: 2, numberAvailable: 2 }),
    { status: 'Degraded' },
  ],
  ['being updated', projectDaemonSet, daemonSet({ updatedNumberScheduled: 1 }), { status: 'Progressing' }],
  [
    'updated only when pods are deleted',
    projectDaemonSet,
    daemonSet({ updatedNumberScheduled: 1 }, 'OnDelete'),
    { status: 'Available' },
  ],
  [
    'paused',
    projectDeployment,
    of(
      { replicas: 0, paused: true, template: template(), strategy: { type: 'Recreate' } },
      { observedGeneration: 1 },
      {},
      { annotations: { 'deployment.kubernetes.io/revision': '4' } },
    ),
    {
      status: 'Available',
      facts: { strategy: 'Recreate', paused: 'true', images: 'web:2' },
      amounts: { replicas: 0, updated: 0, available: 0, unavailable: 0, revision: 4 },
    },
  ],
]

const job = (spec: Raw, status: Raw) => of({ template: template(), ...spec }, status)
const jobs: Row[] = [
  [
    'running',
    projectJob,
    job({ completions: 5, parallelism: 2 }, { active: 2, succeeded: 1, startTime: at }),
    {
      status: 'Running',
      ready: 1,
      desired: 5,
      amounts: { active: 2, succeeded: 1, failed: 0, parallelism: 2, startedAtMs: atMs },
      findings: {},
    },
  ],
  [
    'complete',
    projectJob,
    job({}, { succeeded: 1, completionTime: at, conditions: [condition('Complete', 'True')] }),
    {
      status: 'Complete',
      ready: 1,
      desired: 1,
      amounts: { active: 0, succeeded: 1, failed: 0, parallelism: 1, finishedAtMs: atMs },
    },
  ],
  [
    'failed',
    projectJob,
    job({}, { failed: 3, conditions: [condition('Failed', 'True', 'BackoffLimitExceeded', 'too often')] }),
    {
      status: 'Failed',
      reason: 'BackoffLimitExceeded',
      amounts: { active: 0, succeeded: 0, failed: 3, parallelism: 1, finishedAtMs: atMs },
      findings: { 'job-failed': 'BackoffLimitExceeded: too often' },
    },
  ],
  [
    'about to fail',
    projectJob,
    job({}, { conditions: [condition('FailureTarget', 'True')] }),
    { status: 'Failed', findings: { 'job-failed': 'Failed' } },
  ],
  [
    'not failed after all',
    projectJob,
    job({}, { conditions: [condition('Failed', 'False')] }),
    { status: 'Running', findings: {} },
  ],
  [
    'suspended',
    projectJob,
    job({ suspend: true }, {}),
    { status: 'Suspended', facts: { images: 'web:2', suspended: 'true' } },
  ],
  [
    'a CronJob',
    projectCronJob,
    of(
      {
        schedule: '*/5 * * * *',
        timeZone: 'Europe/Rome',
        jobTemplate: { spec: { template: template('tool:3') } },
      },
      { active: [{}], lastScheduleTime: at },
    ),
    {
      status: 'Active',
      version: '3',
      facts: { schedule: '*/5 * * * *', timeZone: 'Europe/Rome', images: 'tool:3' },
      amounts: { active: 1, lastScheduledAtMs: atMs },
    },
  ],
  ['a suspended CronJob', projectCronJob, of({ suspend: true }, {}), { status: 'Suspended' }],
]

const quota = (hard: Raw, used: Raw, spec: Raw = {}) => of({ hard, ...spec }, { hard, used })
const quotas: Row[] = [
  [
    'little used',
    projectResourceQuota,
    quota({ pods: '10', 'requests.cpu': '2' }, { pods: '7', 'requests.cpu': '1500m' }),
    {
      amounts: { 'hard:pods': 10, 'used:pods': 7, 'hard:requests.cpu': 2, 'used:requests.cpu': 1.5 },
      findings: {},
    },
  ],
  ['just below', projectResourceQuota, quota({ pods: '100' }, { pods: '79' }), { findings: {} }],
  [
    'at 80 %',
    projectResourceQuota,
    quota({ pods: '10', memory: '1Gi' }, { pods: '8', memory: '512Mi' }),
    { findings: { 'quota-nearly-used': 'pods 8 of 10' } },
  ],
  [
    'exhausted',
    projectResourceQuota,
    quota({ pods: '10', services: '5' }, { pods: '10', services: '4' }),
    { findings: { 'quota-exhausted': 'pods 10 of 10', 'quota-nearly-used': 'services 4 of 5' } },
  ],
  [
    'over',
    projectResourceQuota,
    quota({ pods: '10' }, { pods: '12' }),
    { findings: { 'quota-exhausted': 'pods 12 of 10' } },
  ],
  [
    'that forbids',
    projectResourceQuota,
    quota({ 'services.loadbalancers': '0' }, { 'services.loadbalancers': '0' }),
    { findings: {} },
  ],
  [
    'not counted yet',
    projectResourceQuota,
    of({ hard: { pods: '3' } }, {}),
    { amounts: { 'hard:pods': 3, 'used:pods': 0 }, findings: {} },
  ],
  [
    'for some pods',
    projectResourceQuota,
    quota(
      {},
      {},
      { scopes: ['Terminating'], scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass' }] } },
    ),
    { facts: { scopes: 'Terminating, PriorityClass' } },
  ],
  [
    'a LimitRange',
    projectLimitRange,
    of(
      {
        limits: [
          { type: 'Container', max: { cpu: '2' }, default: { cpu: '500m', memory: '1Gi' } },
          { type: 'Pod', min: { cpu: 1 } },
        ],
      },
      {},
    ),
    { facts: { limits: 'Container: max cpu=2, default cpu=500m memory=1Gi; Pod: min cpu=1' } },
  ],
]

const claim = (status: Raw, metadata: Raw = {}) =>
  of(
    {
      accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
      storageClassName: 'fast',
      volumeName: 'pv-1',
      resources: { requests: { storage: '5Gi' } },
    },
    status,
    {},
    metadata,
  )
const claims: Row[] = [
  [
    'bound',
    projectClaim,
    claim({ phase: 'Bound', capacity: { storage: '8Gi' } }),
    {
      status: 'Bound',
      phase: 'Bound',
      facts: { storageClass: 'fast', volume: 'pv-1', accessModes: 'ReadWriteOnce, ReadOnlyMany' },
      amounts: { requestBytes: 5 * 1024 ** 3, capacityBytes: 8 * 1024 ** 3 },
      findings: {},
    },
  ],
  [
    'pending',
    projectClaim,
    claim({ phase: 'Pending' }),
    { status: 'Pending', findings: { 'claim-not-bound': 'Pending of class fast' } },
  ],
  [
    'lost',
    projectClaim,
    claim({ phase: 'Lost' }),
    { status: 'Lost', findings: { 'claim-not-bound': 'Lost of class fast' } },
  ],
  [
    'being deleted',
    projectClaim,
    claim({ phase: 'Bound' }, { deletionTimestamp: at }),
    { status: 'Terminating', phase: 'Bound' },
  ],
]

const autoscaler = (conditions: readonly object[], status: Raw = {}, spec: Raw = {}) =>
  of(
    {
      scaleTargetRef: { kind: 'Deployment', name: 'web' },
      minReplicas: 2,
      maxReplicas: 5,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } },
        },
        { type: 'Pods', pods: { metric: { name: 'requests' }, target: { averageValue: '100' } } },
      ],
      ...spec,
    },
    {
      currentReplicas: 3,
      desiredReplicas: 3,
      currentMetrics: [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 64 } } }],
      conditions,
      ...status,
    },
  )
const well = [
  condition('AbleToScale', 'True', 'ReadyForNewScale'),
  condition('ScalingActive', 'True', 'ValidMetricFound'),
  condition('ScalingLimited', 'False', 'DesiredWithinRange'),
]
const autoscalers: Row[] = [
  [
    'well',
    projectAutoscaler,
    autoscaler(well, { lastScaleTime: at }),
    {
      status: 'OK',
      ready: 3,
      desired: 3,
      facts: { target: 'Deployment/web', metrics: 'cpu 70%, requests 100' },
      amounts: {
        replicasMin: 2,
        replicasMax: 5,
        replicas: 3,
        lastScaledAtMs: atMs,
        cpuTargetPercent: 70,
        cpuPercent: 64,
      },
      findings: {},
    },
  ],
  ['new', projectAutoscaler, autoscaler([]), { status: 'Unknown', findings: {} }],
  [
    'at its maximum',
    projectAutoscaler,
    autoscaler([condition('ScalingLimited', 'True', 'TooManyReplicas')], { currentReplicas: 5 }),
    { status: 'Limited', findings: { 'autoscaler-at-maximum': '5 of 5 replicas' } },
  ],
  [
    'at its minimum',
    projectAutoscaler,
    autoscaler([condition('ScalingLimited', 'True', 'TooFewReplicas')]),
    { status: 'Limited', findings: {} },
  ],
  [
    'without metrics',
    projectAutoscaler,
    autoscaler([condition('ScalingActive', 'False', 'FailedGetResourceMetric', 'no metrics')]),
    {
      status: 'Failing',
      reason: 'FailedGetResourceMetric',
      findings: { 'autoscaler-cannot-scale': 'FailedGetResourceMetric: no metrics' },
    },
  ],
  [
    'without a target',
    projectAutoscaler,
    autoscaler([condition('AbleToScale', 'False', 'FailedGetScale')]),
    { status: 'Failing', findings: { 'autoscaler-cannot-scale': 'FailedGetScale' } },
  ],
  [
    'of what is scaled to zero',
    projectAutoscaler,
    autoscaler([condition('ScalingActive', 'False', 'ScalingDisabled')]),
    { status: 'Disabled', findings: {} },
  ],
]

const network: Row[] = [
  [
    'a Service',
    projectService,
    of(
      {
        type: 'NodePort',
        clusterIP: '10.96.0.1',
        selector: { tier: 'a', app: 'web' },
        ports: [
          { name: 'http', port: 80, protocol: 'TCP', targetPort: 'web' },
          { port: 53, protocol: 'UDP', targetPort: 53 },
        ],
      },
      {},
    ),
    {
      facts: {
        type: 'NodePort',
        clusterIp: '10.96.0.1',
        ports: 'http 80/TCP → web, 53/UDP',
        selector: 'app=web,tier=a',
      },
    },
  ],
  [
    'an ExternalName',
    projectService,
    of({ type: 'ExternalName', externalName: 'db.example' }, {}),
    { facts: { type: 'ExternalName', externalName: 'db.example' } },
  ],
  [
    'a slice',
    projectEndpointSlice,
    of(
      {},
      {},
      {
        addressType: 'IPv4',
        ports: [{ name: 'http', port: 80 }],
        endpoints: [
          { conditions: { ready: true } },
          {},
          { conditions: { ready: false } },
          { conditions: { ready: false, terminating: true } },
          { conditions: null },
        ],
      },
      { labels: { 'kubernetes.io/service-name': 'web' } },
    ),
    {
      ready: 3,
      desired: 4,
      facts: { service: 'web', addressType: 'IPv4', ports: 'http 80/TCP' },
      amounts: { readyEndpoints: 3, notReadyEndpoints: 1 },
    },
  ],
  [
    'a slice without endpoints',
    projectEndpointSlice,
    of({}, {}, { endpoints: null }),
    { ready: 0, desired: 0 },
  ],
]

const groups = { nodes, workloads, jobs, quotas, claims, autoscalers, network }

describe.each(Object.entries(groups))('%s', (_, rows) => {
  test.each(rows)('%s', (_name, project, raw, want) => {
    const state = stateOf(project, raw)
    expect(state).toMatchObject(want)
    // What is told at all is told in full.
    for (const key of ['facts', 'amounts', 'findings'] as const)
      if (want[key]) expect(state[key]).toEqual(want[key])
    expect([...Value.Errors(ObjectState, state)]).toEqual([])
    checkNames(state)
  })
})

/** Only names that record/kube-facts.ts lists. */
function checkNames({ kind, facts = {}, amounts = {}, findings = {} }: ObjectState): void {
  const listed = (lists: Readonly<Record<string, readonly string[]>>) => lists[kind] ?? []
  for (const name of Object.keys(facts)) expect(listed(objectFacts)).toContain(name)
  if (kind !== 'ResourceQuota')
    for (const name of Object.keys(amounts)) expect(listed(objectAmounts)).toContain(name)
  for (const id of Object.keys(findings)) expect(Object.keys(findingKinds)).toContain(id)
}

test.each(Object.values(groups).flat())('an empty object is taken: %s', (_, project) => {
  expect(project({})).toBeUndefined()
  const bare = project({ metadata: { uid: 'u', name: 'n' }, spec: null, status: null })
  expect(bare).toMatchObject({ uid: 'u' })
})

describe('changes', () => {
  const changesOf = (project: (raw: Raw) => Described | undefined, before: Raw, after: Raw) => {
    const [previous, next] = [project(before), project(after)]
    if (!previous || !next) throw new Error('nothing projected')
    const transition = { deleted: false, workload: { kind: '', name: '' }, previousSinceMs: 0, nowMs: atMs }
    return deriveChanges({ ...transition, previous, next })
  }
  test.each<[string, (raw: Raw) => Described | undefined, Raw, Raw, readonly object[]]>([
    [
      'a node that is lost',
      projectNode,
      of({}, nodeStatus('True')),
      of({}, nodeStatus('Unknown')),
      [{ change: 'status', from: 'Ready', to: 'NotReady', reason: 'NodeStatusUnknown' }],
    ],
    [
      'a job that fails',
      projectJob,
      job({}, {}),
      job({}, { conditions: [condition('Failed', 'True', 'DeadlineExceeded', 'late')] }),
      [{ change: 'status', to: 'Failed', reason: 'DeadlineExceeded', message: 'late' }],
    ],
    [
      'a rollout of a StatefulSet',
      projectStatefulSet,
      statefulSet({}),
      of({ replicas: 3, template: template('web:3') }, {}, {}, { generation: 2 }),
      [
        { change: 'rollout', from: '2', to: '3', image: 'web:3', reason: 'image', replicas: 3 },
        { change: 'status', to: 'Progressing' },
      ],
    ],
    [
      'a StatefulSet that is scaled',
      projectStatefulSet,
      statefulSet({}),
      statefulSet({ replicas: 4, availableReplicas: 4 }, { replicas: 4 }),
      [{ change: 'scale', from: '3', to: '4' }],
    ],
    [
      'a DaemonSet on a new node',
      projectDaemonSet,
      daemonSet({}),
      daemonSet({
        desiredNumberScheduled: 4,
        currentNumberScheduled: 4,
        updatedNumberScheduled: 4,
        numberAvailable: 4,
      }),
      [],
    ],
    [
      'an autoscaler that scales',
      projectAutoscaler,
      autoscaler(well),
      autoscaler([condition('AbleToScale', 'True', 'SucceededRescale', 'to 5'), ...well.slice(1)], {
        desiredReplicas: 5,
        lastScaleTime: at,
      }),
      [
        {
          id: 'u:scale:7',
          change: 'scale',
          from: '3',
          to: '5',
          reason: 'SucceededRescale',
          message: 'to 5',
          timeMs: atMs,
        },
      ],
    ],
    [
      'an autoscaler that looks for the first time',
      projectAutoscaler,
      autoscaler([], { desiredReplicas: 0 }),
      autoscaler(well),
      [{ change: 'status', from: 'Unknown', to: 'OK' }],
    ],
    [
      'a claim that is bound',
      projectClaim,
      claim({ phase: 'Pending' }),
      claim({ phase: 'Bound' }),
      [{ change: 'status', from: 'Pending', to: 'Bound' }],
    ],
  ])('%s', (_, project, before, after, want) => {
    const got = changesOf(project, before, after)
    expect(got).toMatchObject(want)
    expect(got).toHaveLength(want.length)
  })
})
