import { Value } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { projectDeployment } from '../../../collector/agent/derive/kinds/workloads.ts'
import { deriveChanges, type Transition } from '../../../collector/agent/derive/object-changes.ts'
import { deriveObjectState, type ProjectedObject } from '../../../collector/agent/derive/object-state.ts'
import { projectNamespace, projectPod } from '../../../collector/agent/derive/projections.ts'
import { ObjectChange, ObjectState } from '../../../collector/record/kube.ts'

const nowMs = Date.parse('2026-01-01T12:00:00Z')
const workload = { kind: 'Deployment', name: 'web' }

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('nothing projected')
  return value
}

interface PodShape {
  readonly age?: string
  readonly restarts?: number
  readonly finishedAt?: string
  readonly ready?: boolean
  readonly waiting?: string
  readonly version?: string
  /** When its fields were last written. */
  readonly writtenAt?: readonly string[]
  readonly deletingAt?: string
}

function pod({
  age = '2026-01-01T11:59:00Z',
  restarts = 0,
  finishedAt,
  ready = true,
  waiting,
  version = '7',
  writtenAt,
  deletingAt,
}: PodShape = {}) {
  return need(
    projectPod({
      metadata: {
        ...{ uid: 'u', name: 'web-1', namespace: 'shop', resourceVersion: version, creationTimestamp: age },
        ...(writtenAt ? { managedFields: writtenAt.map((time) => ({ manager: 'kubelet', time })) } : {}),
        ...(deletingAt ? { deletionTimestamp: deletingAt } : {}),
      },
      spec: { containers: [{ name: 'web', image: 'web:1.2' }] },
      status: {
        phase: 'Running',
        containerStatuses: [
          {
            name: 'web',
            ready,
            restartCount: restarts,
            state: waiting ? { waiting: { reason: waiting, message: 'why' } } : { running: {} },
            lastState: finishedAt ? { terminated: { exitCode: 1, reason: 'Error', finishedAt } } : {},
          },
        ],
      },
    }),
  )
}

interface DeploymentShape {
  readonly image?: string
  readonly replicas?: number
  readonly available?: number
  readonly updated?: number
  readonly generation?: number
  readonly observed?: number
  readonly version?: string
  readonly restartedAt?: string
  readonly conditions?: readonly object[]
}

function deployment(shape: DeploymentShape = {}) {
  const { image = 'web:1', replicas = 2, available = replicas, updated = replicas, generation = 1 } = shape
  return need(
    projectDeployment({
      metadata: { uid: 'd', name: 'web', namespace: 'shop', resourceVersion: '9', generation },
      spec: {
        replicas,
        template: {
          metadata: {
            labels: shape.version ? { version: shape.version } : {},
            annotations: shape.restartedAt ? { 'kubectl.kubernetes.io/restartedAt': shape.restartedAt } : {},
          },
          spec: { containers: [{ name: 'web', image }] },
        },
      },
      status: {
        replicas: updated,
        updatedReplicas: updated,
        availableReplicas: available,
        observedGeneration: shape.observed ?? generation,
        conditions: shape.conditions ?? [],
      },
    }),
  )
}

function changes(
  previous: ProjectedObject | undefined,
  next: ProjectedObject,
  more: Partial<Transition> = {},
) {
  return deriveChanges({ previous, next, deleted: false, workload, previousSinceMs: 0, nowMs, ...more })
}

const rows: readonly [string, readonly ObjectChange[], readonly object[]][] = [
  [
    'a new pod',
    changes(undefined, pod()),
    [{ id: 'u:created', change: 'created', timeMs: nowMs - 60_000, to: 'Running' }],
  ],
  ['an old pod seen first', changes(undefined, pod({ age: '2025-12-01T00:00:00Z' })), []],
  ['nothing', changes(pod(), pod()), []],
  [
    'a status',
    changes(pod(), pod({ waiting: 'ImagePullBackOff', ready: false }), { previousSinceMs: nowMs - 5_000 }),
    [
      {
        id: 'u:status:7',
        change: 'status',
        from: 'Running',
        to: 'ImagePullBackOff',
        previousDurationMs: 5_000,
        container: 'web',
        reason: 'ImagePullBackOff',
        message: 'why',
        image: 'web:1.2',
      },
    ],
  ],
  [
    'a restart, at the time the container ended',
    changes(pod(), pod({ restarts: 1, finishedAt: '2026-01-01T11:59:30Z' })),
    [
      {
        id: 'u:restart:web:1',
        timeMs: nowMs - 30_000,
        from: '0',
        to: '1',
        exitCode: 1,
        reason: 'Error',
        container: 'web',
      },
    ],
  ],
  [
    'several restarts at once',
    changes(pod({ restarts: 2 }), pod({ restarts: 5 })),
    [{ id: 'u:restart:web:5', from: '2', to: '5' }],
  ],
  ['a count that fell back', changes(pod({ restarts: 9 }), pod({ restarts: 0 })), []],
  [
    'the last restart of a pod seen first, if it is recent',
    changes(undefined, pod({ age: '2025-12-01T00:00:00Z', restarts: 4, finishedAt: '2026-01-01T11:30:00Z' })),
    [{ id: 'u:restart:web:4', from: '3', to: '4' }],
  ],
  [
    'an old restart of a pod seen first',
    changes(undefined, pod({ age: '2025-12-01T00:00:00Z', restarts: 4, finishedAt: '2025-12-31T11:30:00Z' })),
    [],
  ],
  [
    'a deletion',
    changes(pod(), pod(), { deleted: true, previousSinceMs: nowMs - 1_000 }),
    [{ id: 'u:deleted', change: 'deleted', from: 'Running', previousDurationMs: 1_000 }],
  ],
  [
    'a clock that went back',
    changes(pod(), pod(), { deleted: true, previousSinceMs: nowMs + 1_000 }),
    [{ previousDurationMs: 0 }],
  ],
  [
    'a rollout of another image, named by its version',
    changes(deployment(), deployment({ image: 'web:2', generation: 2 })),
    [
      {
        id: 'd:rollout:2',
        change: 'rollout',
        from: '1',
        to: '2',
        reason: 'image',
        image: 'web:2',
        version: '2',
      },
    ],
  ],
  [
    'a rollout of another version label',
    changes(deployment({ version: 'v1' }), deployment({ version: 'v2', generation: 2 })),
    [{ change: 'rollout', from: 'v1', to: 'v2', reason: 'version' }],
  ],
  [
    'a restart of a Deployment',
    changes(deployment(), deployment({ restartedAt: 'now', generation: 2 })),
    [{ change: 'rollout', from: 'web:1', to: 'web:1', reason: 'restart' }],
  ],
  [
    'scaling',
    changes(deployment(), deployment({ replicas: 5, generation: 2 })),
    [{ id: 'd:scale:2', change: 'scale', from: '2', to: '5', replicas: 5 }],
  ],
  [
    'a Deployment that loses pods',
    changes(
      deployment(),
      deployment({
        available: 1,
        conditions: [{ type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable', message: 'm' }],
      }),
    ),
    [{ change: 'status', from: 'Available', to: 'Degraded', reason: 'NewReplicaSetAvailable' }],
  ],
]

describe('deriveChanges', () => {
  test.each(rows)('%s', (_, got, want) => {
    expect(got).toMatchObject(want)
    expect(got).toHaveLength(want.length)
    for (const one of got) expect([...Value.Errors(ObjectChange, one)]).toEqual([])
  })
})

describe('the status of a Deployment', () => {
  const progressing = (status: string, reason: string) => [
    { type: 'Progressing', status, reason, message: '' },
  ]
  test.each<[string, DeploymentShape, string]>([
    ['all there', {}, 'Available'],
    ['scaled to zero', { replicas: 0 }, 'Available'],
    ['the controller has not seen the change yet', { generation: 3, observed: 2 }, 'Progressing'],
    ['new pods are being made', { updated: 1 }, 'Progressing'],
    [
      'new pods are not ready yet',
      { available: 1, conditions: progressing('True', 'ReplicaSetUpdated') },
      'Progressing',
    ],
    [
      'pods were lost',
      { available: 1, conditions: progressing('True', 'NewReplicaSetAvailable') },
      'Degraded',
    ],
    [
      'the rollout is stuck',
      { available: 1, conditions: progressing('False', 'ProgressDeadlineExceeded') },
      'Degraded',
    ],
    [
      'pods cannot be made',
      { conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate' }] },
      'Degraded',
    ],
  ])('%s', (_, shape, want) => {
    const state = deriveObjectState(deployment(shape), { workload, observedAtMs: nowMs, deleted: false })
    expect(state.status).toBe(want)
    expect([...Value.Errors(ObjectState, state)]).toEqual([])
  })
})

test('a Namespace stands in itself', () => {
  const namespace = need(
    projectNamespace({ metadata: { uid: 'n', name: 'shop' }, status: { phase: 'Terminating' } }),
  )
  const context = {
    workload: { kind: '', name: '' },
    observedAtMs: nowMs,
    deleted: false,
    scopeReason: 'why',
  }
  const state = deriveObjectState(namespace, context)
  expect(state).toMatchObject({ namespace: 'shop', name: 'shop', status: 'Terminating', scopeReason: 'why' })
})

test('two replicas whose clocks differ tell the same change: same id, same time', () => {
  const before = pod()
  const times = ['2026-01-01T11:00:00Z', '2026-01-01T11:59:58Z', '2026-01-01T11:30:00Z']
  const failed = pod({ waiting: 'CrashLoopBackOff', version: '8', writtenAt: times })
  const dying = pod({ version: '9', writtenAt: times, deletingAt: '2026-01-01T12:00:28Z' })
  const seenAt = (at: number) => [
    ...changes(before, failed, { nowMs: at, previousSinceMs: nowMs - 60_000 }),
    ...changes(before, dying, { nowMs: at, deleted: true }),
  ]
  expect(seenAt(nowMs + 3_600_000)).toEqual(seenAt(nowMs))
  expect(seenAt(nowMs)).toMatchObject([
    { id: 'u:status:8', timeMs: nowMs - 2_000, previousDurationMs: 58_000 },
    { id: 'u:deleted', timeMs: nowMs - 2_000 },
  ])
})
