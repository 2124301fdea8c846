import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Value } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { deriveEventRecord } from '../../../collector/agent/derive/event-record.ts'
import { projectClaim } from '../../../collector/agent/derive/kinds/claim.ts'
import type { Described } from '../../../collector/agent/derive/kinds/described.ts'
import { projectJob } from '../../../collector/agent/derive/kinds/jobs.ts'
import { projectNode } from '../../../collector/agent/derive/kinds/node.ts'
import { projectDeployment, projectStatefulSet } from '../../../collector/agent/derive/kinds/workloads.ts'
import { deriveObjectState } from '../../../collector/agent/derive/object-state.ts'
import { projectEvent, projectPod } from '../../../collector/agent/derive/projections.ts'
import { workloadOf } from '../../../collector/agent/derive/workload.ts'
import { EventRecord, ObjectState } from '../../../collector/record/kube.ts'
import { objectAmounts } from '../../../collector/record/kube-facts.ts'

const data = resolve(import.meta.dirname, '../../../../shared/data/kubernetes/troubleshoot')
const observedAtMs = Date.parse('2024-01-01T00:00:00Z')

type Json = { readonly [key: string]: unknown }

function itemsOf(file: string): Json[] {
  const value = JSON.parse(readFileSync(join(data, file), 'utf8')) as Json
  return Array.isArray(value['items']) ? value['items'] : [value]
}

describe.skipIf(!existsSync(data))('real objects (../shared/data/kubernetes/troubleshoot)', () => {
  test.each([
    [
      'message-container-creating-failed-mount',
      'ContainerCreating',
      '0/1',
      0,
      'DaemonSet/troubleshoot-copyfromhost-4m79m',
    ],
    ['message-image-pull-fail', 'ErrImagePull', '0/1', 0, 'Deployment/no-image-deployment'],
    ['message-oomkill-pod', 'OOMKilled', '0/1', 0, 'Job/oom-kill-job3'],
    ['message-pending-node-affinity', 'Pending', '0/1', 0, 'Deployment/kotsadm'],
    ['message-pending-pod-resources', 'Pending', '0/1', 0, 'Deployment/pending-pod-resources'],
    ['message-pod-crashloop-backoff', 'CrashLoopBackOff', '0/1', 4, 'Pod/init-demo'],
    ['message-pod-init-crashloop-backoff', 'Init:RunContainerError', '0/1', 1, 'Pod/init-demo2'],
    ['default', 'Running', '1/1', 0, 'Deployment/random-pod'],
  ])('%s is %s %s', (file, status, ready, restarts, owner) => {
    const raw = itemsOf(`pods/${file}.json`)[0] ?? {}
    const pod = projectPod(raw)
    if (!pod) throw new Error('nothing projected')
    const workload = workloadOf('Pod', pod, () => undefined)
    const state = deriveObjectState(pod, { workload, observedAtMs, deleted: false })
    expect([...Value.Errors(ObjectState, state)]).toEqual([])
    expect([state.status, `${state.ready}/${state.desired}`, state.restarts]).toEqual([
      status,
      ready,
      restarts,
    ])
    expect(`${state.workloadKind}/${state.workloadName}`).toBe(owner)
    // What is kept is a fraction, and no value of an environment variable or annotation is in it.
    expect(JSON.stringify(pod).length).toBeLessThan(JSON.stringify(raw).length * 0.4)
  })
  test.each([
    'message-container-creating-failed-mount',
    'message-image-pull-fail',
    'message-pod-init-crashloop-backoff',
  ])('every event of %s has times and a count', (file) => {
    for (const raw of itemsOf(`events/${file}.json`)) {
      const event = projectEvent(raw)
      if (!event) throw new Error('nothing projected')
      const record = deriveEventRecord(event, {
        workload: { kind: '', name: '' },
        observedAtMs,
        backfill: true,
      })
      expect([...Value.Errors(EventRecord, record)]).toEqual([])
      expect(record.firstTimeMs).toBeGreaterThan(Date.parse('2023-01-01T00:00:00Z'))
      expect(record.lastTimeMs).toBeGreaterThanOrEqual(record.firstTimeMs)
      expect(record.count).toBeGreaterThan(0)
    }
  })

  const bundle = 'support-bundle/cluster-resources'
  test.each<[string, (raw: Json) => Described | undefined, readonly string[]]>([
    [
      'nodes',
      projectNode,
      [
        'repldev-marc Ready 1/1',
        'biggernode-3i745 Ready 1/1',
        'pool-yd23sqk7u-3i7i7 Ready 1/1',
        'pool-yd23sqk7u-3i7it Ready 1/1',
        'pool-yd23sqk7u-3i7v3 Ready 1/1',
        'smallnode-3i74t Ready 1/1',
      ],
    ],
    [
      'deployments/default',
      projectDeployment,
      [
        'kotsadm-api Available 1/1',
        'kotsadm-operator Available 1/1',
        'kotsadm-postgres-watch Available 1/1',
        'kotsadm-web Progressing 1/1',
      ],
    ],
    [
      'deployments/kube-system',
      projectDeployment,
      ['coredns Available 2/2', 'metrics-server Progressing 1/1'],
    ],
    [
      'deployments/monitoring',
      projectDeployment,
      [
        'grafana Available 1/1',
        'kube-state-metrics Available 1/1',
        'prometheus-adapter Available 1/1',
        'prometheus-operator Progressing 1/1',
      ],
    ],
    ['statefulsets/default', projectStatefulSet, ['kotsadm-postgres Available 1/1']],
    [
      'statefulsets/monitoring',
      projectStatefulSet,
      ['alertmanager-prometheus-alertmanager Available 1/1', 'prometheus-k8s Available 1/1'],
    ],
    ['jobs/test', projectJob, ['pre-install-job Complete 1/1', 'post-install-job Failed 0/1']],
    ['jobs/projectcontour', projectJob, ['contour-certgen-v1.19.1 Complete 0/1']],
    ['pvcs/default', projectClaim, ['data-postgresql-0 Bound 0/0', 'redis-data-redis-replicas-0 Bound 0/0']],
  ])('%s', (file, project, want) => {
    const got = itemsOf(`${bundle}/${file}.json`).map((raw) => {
      const object = project(raw)
      if (!object) throw new Error('nothing projected')
      const workload = { kind: '', name: '' }
      const state = deriveObjectState(object, { workload, observedAtMs, deleted: false })
      expect([...Value.Errors(ObjectState, state)]).toEqual([])
      return `${state.name} ${state.status} ${state.ready}/${state.desired}`
    })
    expect(got).toEqual(want)
  })

  test('every node has its sizes', () => {
    for (const raw of itemsOf(`${bundle}/nodes.json`)) {
      const amounts = projectNode(raw)?.fields.amounts ?? {}
      expect(Object.keys(amounts).sort()).toEqual([...objectAmounts.Node].sort())
      for (const [name, amount] of Object.entries(amounts)) expect(amount, name).toBeGreaterThan(0)
      expect(amounts['memoryCapacityBytes']).toBeGreaterThan(2 ** 30)
    }
  })
})
