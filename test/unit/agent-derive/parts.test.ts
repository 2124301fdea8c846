import { describe, expect, test } from 'vitest'
import { deriveEventRecord } from '../../../collector/agent/derive/event-record.ts'
import { noOwner, type Owner, type ProjectedMeta } from '../../../collector/agent/derive/metadata.ts'
import { projectEvent } from '../../../collector/agent/derive/projections.ts'
import { cpuMillicores, memoryBytes } from '../../../collector/agent/derive/quantity.ts'
import { imageTag, versionOf } from '../../../collector/agent/derive/version.ts'
import { workloadOf } from '../../../collector/agent/derive/workload.ts'

describe('quantities', () => {
  test.each([
    ['250m', 250],
    ['1', 1000],
    [2, 2000],
    ['0.5', 500],
    ['1500000n', 2],
    ['1k', 1_000_000],
    ['1e1', 10_000],
    ['', 0],
    [undefined, 0],
    ['-1', 0],
    ['a lot', 0],
    ['1Kii', 0],
  ])('%s of CPU is %d millicores', (text, want) => {
    expect(cpuMillicores(text)).toBe(want)
  })
  test.each([
    ['64Mi', 64 * 1024 ** 2],
    // As kubelets tell the memory of a node.
    ['30770604Ki', 30_770_604 * 1024],
    ['1K', 0],
    ['1.5Gi', 1.5 * 1024 ** 3],
    ['128M', 128e6],
    ['1E', Number.MAX_SAFE_INTEGER],
    ['1e3', 1000],
    ['123', 123],
  ])('%s of memory is %d bytes', (text, want) => {
    expect(memoryBytes(text)).toBe(want)
  })
})

describe('versions', () => {
  test.each([
    ['web:1.2', '1.2'],
    ['registry:5000/shop/web', ''],
    ['registry:5000/shop/web:1.2@sha256:abc', '1.2'],
    ['web@sha256:abc', ''],
    ['', ''],
  ])('the tag of %s is %s', (image, want) => {
    expect(imageTag(image)).toBe(want)
  })
  test('labels go before tags', () => {
    expect(versionOf({ version: 'v1', 'app.kubernetes.io/version': '2' }, ['web:3'])).toBe('v1')
    expect(versionOf({ 'app.kubernetes.io/version': '2' }, ['web:3'])).toBe('2')
    expect(versionOf({}, ['web:3'])).toBe('3')
  })
})

describe('the workload', () => {
  const meta = (name: string, owner: Owner = noOwner, labels = {}): ProjectedMeta => ({
    uid: name,
    resourceVersion: '1',
    namespace: 'shop',
    name,
    createdAtMs: 0,
    changedAtMs: 0,
    deletingAtMs: 0,
    generation: 0,
    labels,
    owner,
  })
  const owner = (kind: string, name: string): Owner => ({ kind, name, uid: name })
  const known: Record<string, Owner> = {
    'ReplicaSet web-1': owner('Deployment', 'web'),
    'ReplicaSet bare-abc': noOwner,
    'ReplicaSet canary-1': owner('Rollout', 'canary'),
    'Job once-28401120': noOwner,
    'Job report-1': owner('CronJob', 'report'),
    'ReplicaSet loop': owner('ReplicaSet', 'loop'),
  }
  const find = (one: Owner) => {
    const found = known[`${one.kind} ${one.name}`]
    return found && { owner: found }
  }
  test.each<[string, ProjectedMeta, string]>([
    ['a bare pod', meta('lonely'), 'Pod/lonely'],
    ['of a Deployment', meta('p', owner('ReplicaSet', 'web-1')), 'Deployment/web'],
    [
      'of a bare ReplicaSet with a hash label',
      meta('p', owner('ReplicaSet', 'bare-abc'), { 'pod-template-hash': 'abc' }),
      'ReplicaSet/bare-abc',
    ],
    ['of a foreign owner', meta('p', owner('ReplicaSet', 'canary-1')), 'Rollout/canary'],
    [
      'of a ReplicaSet not seen',
      meta('p', owner('ReplicaSet', 'api-x7'), { 'pod-template-hash': 'x7' }),
      'Deployment/api',
    ],
    [
      'of a ReplicaSet not seen, without the label',
      meta('p', owner('ReplicaSet', 'api-x7')),
      'ReplicaSet/api-x7',
    ],
    ['of a StatefulSet', meta('p', owner('StatefulSet', 'db')), 'StatefulSet/db'],
    ['of a CronJob', meta('p', owner('Job', 'backup-28401120')), 'CronJob/backup'],
    ['of a Job', meta('p', owner('Job', 'migrate-3')), 'Job/migrate-3'],
    ['of a Job that is seen, bare', meta('p', owner('Job', 'once-28401120')), 'Job/once-28401120'],
    ['of a Job that is seen, of a CronJob', meta('p', owner('Job', 'report-1')), 'CronJob/report'],
    [
      'of an OpenShift ReplicationController',
      meta('p', owner('ReplicationController', 'app-3')),
      'ReplicationController/app-3',
    ],
    ['a Job', meta('nightly-28401120', owner('CronJob', 'nightly')), 'CronJob/nightly'],
    ['of a static pod', meta('p', owner('Node', 'node-a')), 'Node/node-a'],
    ['of a loop', meta('p', owner('ReplicaSet', 'loop')), 'ReplicaSet/loop'],
  ])('%s', (_, object, want) => {
    const { kind, name } = workloadOf('Pod', object, find)
    expect(`${kind}/${name}`).toBe(want)
  })
})

test('a workload that is guessed from names says so', () => {
  const pod = {
    name: 'p',
    namespace: 'shop',
    labels: { 'pod-template-hash': 'x7' },
    owner: { kind: 'ReplicaSet', name: 'api-x7', uid: 'r' },
  }
  expect(workloadOf('Pod', pod, () => undefined)).toEqual({
    kind: 'Deployment',
    name: 'api',
    isInferred: true,
  })
  const seen = { owner: { kind: 'Deployment', name: 'api', uid: 'd' } }
  const find = (one: Owner) => (one.kind === 'ReplicaSet' ? seen : undefined)
  expect(workloadOf('Pod', pod, find)).toEqual({ kind: 'Deployment', name: 'api' })
})

describe('events', () => {
  const t = (minute: number) => `2026-01-01T00:0${minute}:00Z`
  const observedAtMs = Date.parse('2026-01-01T00:08:00Z')
  const at = (minute: number) => Date.parse(t(minute))
  test.each<[string, object, [count: number, first: number, last: number]]>([
    ['the old recorder', { count: 4, firstTimestamp: t(1), lastTimestamp: t(5) }, [4, at(1), at(5)]],
    [
      'a series',
      {
        eventTime: t(2),
        firstTimestamp: null,
        lastTimestamp: null,
        series: { count: 900, lastObservedTime: t(6) },
      },
      [900, at(2), at(6)],
    ],
    [
      'the new recorder, once',
      { eventTime: t(2), firstTimestamp: null, lastTimestamp: null },
      [1, at(2), at(2)],
    ],
    ['no times at all', {}, [1, at(0), at(0)]],
    ['the last before the first', { firstTimestamp: t(5), lastTimestamp: t(1) }, [1, at(5), at(5)]],
    [
      'a reporter whose clock runs ahead',
      { firstTimestamp: '2026-01-01T05:00:00Z' },
      [1, observedAtMs, observedAtMs],
    ],
  ])('%s', (_, fields, [count, firstTimeMs, lastTimeMs]) => {
    const event = projectEvent({
      metadata: { uid: 'e', name: 'e', namespace: 'shop', resourceVersion: '1', creationTimestamp: t(0) },
      reason: 'BackOff',
      type: 'Warning',
      message: 'Back-off restarting failed container',
      reportingComponent: 'kubelet',
      source: null,
      involvedObject: { kind: 'Pod', name: 'web-1', namespace: 'shop', uid: 'u' },
      ...fields,
    })
    if (!event) throw new Error('nothing projected')
    const workload = { kind: 'Deployment', name: 'web' }
    expect(deriveEventRecord(event, { workload, observedAtMs, backfill: true })).toMatchObject({
      count,
      firstTimeMs,
      lastTimeMs,
      severity: 'error',
      component: 'kubelet',
      workloadName: 'web',
      backfill: true,
    })
  })
})
