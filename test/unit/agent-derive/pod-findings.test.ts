import { expect, test } from 'vitest'
import { deriveObjectState } from '../../../collector/agent/derive/object-state.ts'
import { isGettingReady, podFindings } from '../../../collector/agent/derive/pod-findings.ts'
import { type ProjectedPod, projectPod } from '../../../collector/agent/derive/projections.ts'

type Raw = { readonly [key: string]: unknown }

const careful = {
  name: 'web',
  resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1', memory: '128Mi' } },
  readinessProbe: {},
  livenessProbe: {},
}
const waiting = (reason: string, message = '') => ({ name: 'web', state: { waiting: { reason, message } } })

function pod(shape: {
  readonly containers?: readonly Raw[]
  readonly init?: readonly Raw[]
  readonly resources?: Raw
  readonly status?: Raw
  readonly owner?: string
}): ProjectedPod {
  const {
    containers = [careful],
    init = [],
    resources,
    status = { phase: 'Running' },
    owner = 'ReplicaSet',
  } = shape
  const found = projectPod({
    metadata: {
      uid: 'u',
      name: 'web-1',
      namespace: 'shop',
      ownerReferences: [{ kind: owner, name: 'o', uid: 'o', controller: true }],
    },
    spec: { containers, initContainers: init, ...(resources ? { resources } : {}) },
    status,
  })
  if (!found) throw new Error('nothing projected')
  return found
}

const all = {
  'no-cpu-request': 'bare',
  'no-memory-request': 'bare',
  'no-cpu-limit': 'bare',
  'no-memory-limit': 'bare',
  'no-readiness-probe': 'bare',
  'no-liveness-probe': 'bare',
}
const probesAside = { ...all, 'no-readiness-probe': undefined, 'no-liveness-probe': undefined }

test.each<[string, ProjectedPod, Readonly<Record<string, string | undefined>>]>([
  ['careful', pod({}), {}],
  ['one container of two', pod({ containers: [careful, { name: 'bare' }] }), all],
  [
    'two containers',
    pod({ containers: [{ name: 'a' }, { name: 'b' }] }),
    Object.fromEntries(Object.keys(all).map((id) => [id, 'a, b'])),
  ],
  ['an init container needs nothing', pod({ init: [{ name: 'schema' }] }), {}],
  ['a sidecar is a container', pod({ init: [{ name: 'bare', restartPolicy: 'Always' }] }), all],
  ['of a Job: it serves nobody', pod({ containers: [{ name: 'bare' }], owner: 'Job' }), probesAside],
  ['that has ended', pod({ containers: [{ name: 'bare' }], status: { phase: 'Succeeded' } }), {}],
  [
    'with resources of the pod as a whole',
    pod({ containers: [{ name: 'bare' }], resources: { requests: { cpu: '1' }, limits: { memory: '1Gi' } } }),
    { ...all, 'no-cpu-request': undefined, 'no-memory-limit': undefined },
  ],
  [
    'privileged',
    pod({ containers: [{ ...careful, securityContext: { privileged: true } }] }),
    { privileged: 'web' },
  ],
  [
    'privileged while it starts',
    pod({ init: [{ name: 'sysctl', securityContext: { privileged: true } }] }),
    { privileged: 'sysctl' },
  ],
  [
    'that waits for a ConfigMap',
    pod({
      status: {
        phase: 'Pending',
        containerStatuses: [waiting('CreateContainerConfigError', 'configmap "settings" not found')],
      },
    }),
    { 'missing-config-map': 'settings' },
  ],
  [
    'that waits for a key',
    pod({
      status: {
        phase: 'Pending',
        containerStatuses: [
          waiting('CreateContainerConfigError', "couldn't find key PASSWORD in Secret shop/db"),
        ],
      },
    }),
    { 'missing-secret': 'db (key PASSWORD)' },
  ],
  [
    'that cannot be placed without its claim',
    pod({
      status: {
        phase: 'Pending',
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: '0/3 nodes are available: persistentvolumeclaim "data" not found.',
          },
        ],
      },
    }),
    { 'missing-claim': 'data' },
  ],
  [
    'of which a container said so when it ended, and which runs again',
    pod({
      status: {
        phase: 'Running',
        containerStatuses: [{ name: 'web', state: { terminated: { message: 'secret "x" not found' } } }],
      },
    }),
    {},
  ],
])('a pod %s', (_, one, want) => {
  expect(podFindings(one)).toEqual(Object.fromEntries(Object.entries(want).filter(([, where]) => where)))
})

test('what events say is missing is added to what the pod says', () => {
  const one = pod({
    status: {
      phase: 'Pending',
      containerStatuses: [waiting('CreateContainerConfigError', 'secret "a" not found')],
    },
  })
  expect(podFindings(one, { 'missing-secret': ['b', 'a'] })).toEqual({ 'missing-secret': 'b, a' })
})

test.each([
  ['ContainerCreating', 'Pending', true],
  ['ImagePullBackOff', 'Pending', true],
  ['CrashLoopBackOff', 'Running', false],
])('events about what is missing count while it is %s in %s: %s', (reason, phase, want) => {
  expect(isGettingReady(pod({ status: { phase, containerStatuses: [waiting(reason)] } }))).toBe(want)
})

test('resources of a pod as a whole come before the sum of its containers', () => {
  const one = pod({
    containers: [careful, { ...careful, name: 'b' }],
    resources: { limits: { memory: '1Gi' } },
  })
  const state = deriveObjectState(one, { workload: { kind: '', name: '' }, observedAtMs: 1, deleted: false })
  expect(state).toMatchObject({
    memoryLimitBytes: 1024 ** 3,
    memoryRequestBytes: 128 * 1024 ** 2,
    cpuLimitMillicores: 2000,
  })
})
