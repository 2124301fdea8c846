import { describe, expect, test } from 'vitest'
import { podStatus } from '../../../collector/agent/derive/pod-status.ts'

const running = { running: { startedAt: '2026-01-01T00:00:00Z' } }
const waiting = (reason: string) => ({ waiting: { reason } })
const ended = (exitCode: number, reason = '', signal = 0) => ({ terminated: { exitCode, reason, signal } })

interface Shape {
  readonly phase?: string
  readonly reason?: string
  readonly deleting?: boolean
  readonly conditions?: readonly object[]
  /** [state, ready, restarts, last finished] */
  readonly main?: readonly (readonly [object, boolean, number?, string?])[]
  readonly init?: readonly (readonly [object, boolean, number?, string?])[]
  /** Indexes of init containers that are sidecars. */
  readonly sidecars?: readonly number[]
}

function pod({
  phase = 'Running',
  reason,
  deleting,
  conditions = [],
  main = [],
  init = [],
  sidecars = [],
}: Shape) {
  const statuses = (prefix: string, list: Shape['main'] = []) =>
    list.map(([state, ready, restartCount = 0, finishedAt], index) => ({
      name: `${prefix}${index}`,
      state,
      ready,
      started: ready || 'running' in state,
      restartCount,
      lastState: finishedAt ? { terminated: { finishedAt } } : {},
    }))
  return {
    metadata: deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {},
    spec: {
      containers: main.map((_, index) => ({ name: `c${index}` })),
      initContainers: init.map((_, index) => ({
        name: `i${index}`,
        ...(sidecars.includes(index) ? { restartPolicy: 'Always' } : {}),
      })),
    },
    status: {
      phase,
      reason,
      conditions,
      containerStatuses: statuses('c', main),
      initContainerStatuses: statuses('i', init),
    },
  }
}

const ready = [{ type: 'Ready', status: 'True' }]
const initialized = [{ type: 'Initialized', status: 'True' }]

/** [name, pod, STATUS, READY, RESTARTS] */
const rows: readonly [string, Shape, string, string, number][] = [
  ['a running pod', { main: [[running, true]] }, 'Running', '1/1', 0],
  [
    'one container not ready',
    {
      main: [
        [running, true],
        [running, false],
      ],
    },
    'Running',
    '1/2',
    0,
  ],
  ['pending without statuses', { phase: 'Pending', main: [] }, 'Pending', '0/0', 0],
  [
    'creating',
    { phase: 'Pending', main: [[waiting('ContainerCreating'), false]] },
    'ContainerCreating',
    '0/1',
    0,
  ],
  ['a crash loop', { main: [[waiting('CrashLoopBackOff'), false, 7]] }, 'CrashLoopBackOff', '0/1', 7],
  ['out of memory', { main: [[ended(137, 'OOMKilled'), false, 2]] }, 'OOMKilled', '0/1', 2],
  [
    'the first container in trouble decides',
    {
      main: [
        [waiting('ImagePullBackOff'), false],
        [waiting('CrashLoopBackOff'), false, 3],
      ],
    },
    'ImagePullBackOff',
    '0/2',
    3,
  ],
  ['ended without reason by a signal', { main: [[ended(137, '', 9), false]] }, 'Signal:9', '0/1', 0],
  ['ended without reason by exit code', { main: [[ended(3), false]] }, 'ExitCode:3', '0/1', 0],
  ['succeeded', { phase: 'Succeeded', main: [[ended(0, 'Completed'), false]] }, 'Completed', '0/1', 0],
  [
    'one container completed, one runs, ready',
    {
      conditions: ready,
      main: [
        [ended(0, 'Completed'), false],
        [running, true],
      ],
    },
    'Running',
    '1/2',
    0,
  ],
  [
    'one container completed, one runs, pod not ready',
    {
      main: [
        [ended(0, 'Completed'), false],
        [running, true],
      ],
    },
    'NotReady',
    '1/2',
    0,
  ],
  ['evicted', { phase: 'Failed', reason: 'Evicted' }, 'Evicted', '0/0', 0],
  [
    'scheduling gated',
    { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] },
    'SchedulingGated',
    '0/0',
    0,
  ],
  ['terminating', { deleting: true, main: [[running, true]] }, 'Terminating', '1/1', 0],
  [
    'deleted but on a lost node',
    { deleting: true, reason: 'NodeLost', main: [[running, true]] },
    'Unknown',
    '1/1',
    0,
  ],
  [
    'deleted after it ended keeps its end',
    { deleting: true, phase: 'Succeeded', main: [[ended(0, 'Completed'), false]] },
    'Completed',
    '0/1',
    0,
  ],
  [
    'the first init container runs',
    {
      phase: 'Pending',
      init: [
        [running, false],
        [waiting('PodInitializing'), false],
      ],
      main: [[waiting('PodInitializing'), false]],
    },
    'Init:0/2',
    '0/1',
    0,
  ],
  [
    'the second init container runs',
    {
      phase: 'Pending',
      init: [
        [ended(0, 'Completed'), true],
        [running, false],
      ],
      main: [[waiting('PodInitializing'), false]],
    },
    'Init:1/2',
    '0/1',
    0,
  ],
  [
    'an init crash loop',
    { phase: 'Pending', init: [[waiting('CrashLoopBackOff'), false, 4]] },
    'Init:CrashLoopBackOff',
    '0/0',
    4,
  ],
  [
    'an init container failed',
    { phase: 'Pending', init: [[ended(1, 'Error'), false]] },
    'Init:Error',
    '0/0',
    0,
  ],
  [
    'an init container failed without reason',
    { phase: 'Pending', init: [[ended(2), false]] },
    'Init:ExitCode:2',
    '0/0',
    0,
  ],
  [
    'an init container was killed',
    { phase: 'Pending', init: [[ended(0 + 143, '', 15), false]] },
    'Init:Signal:15',
    '0/0',
    0,
  ],
  [
    'restarts of init containers count only while initialising',
    { init: [[ended(0, 'Completed'), true, 5]], main: [[running, true, 1]] },
    'Running',
    '1/1',
    1,
  ],
  [
    'a sidecar counts as a container, with its restarts',
    { init: [[running, true, 2]], sidecars: [0], main: [[running, true, 1]] },
    'Running',
    '2/2',
    3,
  ],
  [
    'a sidecar that has not started keeps the pod initialising',
    {
      phase: 'Pending',
      init: [[waiting('PodInitializing'), false]],
      sidecars: [0],
      main: [[waiting('PodInitializing'), false]],
    },
    'Init:0/1',
    '0/2',
    0,
  ],
  [
    'a sidecar in a crash loop before the containers start',
    {
      phase: 'Pending',
      init: [[waiting('CrashLoopBackOff'), false, 3]],
      sidecars: [0],
      main: [[waiting('PodInitializing'), false]],
    },
    'Init:CrashLoopBackOff',
    '0/2',
    3,
  ],
  [
    'a sidecar that runs but is not ready',
    { init: [[running, false, 1]], sidecars: [0], main: [[running, true]] },
    'Running',
    '1/2',
    1,
  ],
  [
    'a sidecar in a crash loop after the pod was initialised',
    {
      conditions: initialized,
      init: [[waiting('CrashLoopBackOff'), false, 4]],
      sidecars: [0],
      main: [[running, true, 1]],
    },
    'Init:CrashLoopBackOff',
    '1/2',
    5,
  ],
  [
    'a job whose sidecar was stopped after it',
    {
      phase: 'Succeeded',
      init: [[ended(0, 'Completed'), false]],
      sidecars: [0],
      main: [[ended(0, 'Completed'), false]],
    },
    'Completed',
    '0/2',
    0,
  ],
  [
    'an init container after a sidecar',
    {
      phase: 'Pending',
      init: [
        [running, true],
        [running, false],
      ],
      sidecars: [0],
      main: [[waiting('PodInitializing'), false]],
    },
    'Init:1/2',
    '1/2',
    0,
  ],
  [
    'an init container that waits for its image',
    {
      phase: 'Pending',
      init: [[waiting('ImagePullBackOff'), false]],
      main: [[waiting('PodInitializing'), false]],
    },
    'Init:ImagePullBackOff',
    '0/1',
    0,
  ],
  ['waiting without a reason', { phase: 'Pending', main: [[{ waiting: {} }, false]] }, 'Pending', '0/1', 0],
  ['of an unknown phase', { phase: 'Unknown' }, 'Unknown', '0/0', 0],
  ['on a lost node, not deleted', { reason: 'NodeLost', main: [[running, true]] }, 'NodeLost', '1/1', 0],
  [
    'gated and deleted',
    {
      phase: 'Pending',
      deleting: true,
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
    },
    'Terminating',
    '0/0',
    0,
  ],
  [
    'failed and deleted keeps its end',
    { phase: 'Failed', deleting: true, main: [[ended(1, 'Error'), false]] },
    'Error',
    '0/1',
    0,
  ],
  [
    'evicted, with what its containers said last',
    { phase: 'Failed', reason: 'Evicted', main: [[ended(137, 'Error'), false]] },
    'Error',
    '0/1',
    0,
  ],
  [
    'terminating while it initialises',
    { phase: 'Pending', deleting: true, init: [[running, false]] },
    'Terminating',
    '0/0',
    0,
  ],
  [
    'initialised once, an init container restarts after the node did',
    { conditions: initialized, init: [[running, false, 1]], main: [[waiting('PodInitializing'), false, 2]] },
    'PodInitializing',
    '0/1',
    2,
  ],
]

describe('podStatus prints what kubectl prints', () => {
  test.each(rows)('%s', (_, shape, status, readyColumn, restarts) => {
    const got = podStatus(pod(shape))
    expect({ status: got.status, ready: `${got.ready}/${got.total}`, restarts: got.restarts }).toEqual({
      status,
      ready: readyColumn,
      restarts,
    })
  })
  test('the last restart is the newest end of any container', () => {
    const early = '2026-01-01T00:00:00Z'
    const late = '2026-01-02T00:00:00Z'
    const got = podStatus(
      pod({
        main: [
          [running, true, 1, late],
          [running, true, 1, early],
        ],
      }),
    )
    expect(got.lastRestartAtMs).toBe(Date.parse(late))
  })
  test.each([{}, { status: null }, { spec: { containers: null }, status: { containerStatuses: null } }])(
    'takes the incomplete pod %j',
    (raw) => {
      expect(podStatus(raw)).toMatchObject({ status: 'Unknown', ready: 0, total: 0, restarts: 0 })
    },
  )
})
