import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Value } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { deriveEventRecord } from '../../../collector/agent/derive/event-record.ts'
import { deriveObjectState } from '../../../collector/agent/derive/object-state.ts'
import { projectEvent, projectPod } from '../../../collector/agent/derive/projections.ts'
import { workloadOf } from '../../../collector/agent/derive/workload.ts'
import { EventRecord, ObjectState } from '../../../collector/record/kube.ts'

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
})
