import { describe, expect, test } from 'vitest'
import {
  type EventRecord,
  kubeEventNames,
  kubeObjectsTable,
  type ObjectChange,
  type ObjectState,
} from '../../../collector/record/kube.ts'
import { createBlockDecoder } from '../../../collector/wire/block-decoder.ts'
import { encodeKubeLogs, encodeUsage } from '../../../collector/wire/encode-records.ts'
import { decodeLogs } from '../../../collector/wire/log-decoder.ts'
import { decodeMetrics } from '../../../collector/wire/metric-decoder.ts'
import { readNative } from '../../support/read-native.ts'
import { context, nowMs, only, requestOf } from './build.ts'

const event: EventRecord = {
  uid: 'e-1',
  resourceVersion: '99999999999999999999',
  namespace: 'shop',
  type: 'Warning',
  reason: 'BackOff',
  message: 'Back-off restarting failed container',
  severity: 'error',
  category: 'pod',
  objectKind: 'Pod',
  objectName: 'web-1',
  objectNamespace: 'shop',
  objectUid: 'u-1',
  workloadKind: 'Deployment',
  workloadName: 'web',
  count: 3,
  firstTimeMs: nowMs - 60_000,
  lastTimeMs: nowMs - 1_000,
  component: 'kubelet',
  host: 'node-1',
  observedAtMs: nowMs,
  backfill: true,
}
const change: ObjectChange = {
  id: 'c-1',
  kind: 'Pod',
  namespace: 'shop',
  name: 'web-1',
  uid: 'u-1',
  workloadKind: 'Deployment',
  workloadName: 'web',
  timeMs: nowMs - 500,
  change: 'restart',
  from: 'Running',
  to: 'CrashLoopBackOff',
  previousDurationMs: 4_000,
  container: 'app',
  exitCode: -1,
  reason: 'Error',
  message: 'panic',
  image: 'web:1.2',
  version: '1.2',
  replicas: 0,
}
const object: ObjectState = {
  kind: 'Pod',
  namespace: 'shop',
  name: 'web-1',
  uid: 'u-1',
  resourceVersion: '7',
  observedAtMs: nowMs,
  deleted: false,
  createdAtMs: nowMs - 90_000,
  ownerKind: 'ReplicaSet',
  ownerName: 'web-5d',
  workloadKind: 'Deployment',
  workloadName: 'web',
  labels: { app: 'web' },
  status: 'Running',
  phase: 'Running',
  reason: '',
  node: 'node-1',
  podIp: '10.0.0.7',
  version: '1.2',
  ready: 1,
  desired: 2,
  restarts: 3,
  cpuRequestMillicores: 100,
  cpuLimitMillicores: 0,
  memoryRequestBytes: 64 * 1024 ** 2,
  memoryLimitBytes: 0,
  qosClass: 'Burstable',
  containers: [],
  scopeReason: '',
  facts: { zone: 'a' },
  amounts: { scheduledAtMs: nowMs - 89_500, share: 0.25 },
  conditions: [{ type: 'Ready', status: 'True', reason: '', message: '', sinceMs: nowMs }],
  findings: { 'no-memory-limit': 'web' },
}

const resource = new Map([
  ['k8s.cluster.uid', 'cluster-1'],
  ['k8s.cluster.name', 'prod'],
])
const decode = (body: Uint8Array) => decodeLogs({ signal: 'logs', encoding: 'protobuf', body }, context)
const record = (name: string, body: string) =>
  requestOf([(writer) => writer.message(5, (any) => any.text(1, body)).text(12, name)])

describe('Kubernetes records travel as log records and become rows again', () => {
  test('an event', () => {
    expect(
      only(decode(encodeKubeLogs({ resource, records: [{ type: 'event', record: event }] }))),
    ).toMatchObject({
      type: 'event',
      row: {
        cluster_id: 'cluster-1',
        event_uid: 'e-1',
        resource_version: '99999999999999999999',
        severity: 'error',
        count: 3,
        first_time: nowMs - 60_000,
        last_time: nowMs - 1_000,
        backfill: true,
      },
    })
  })

  test('a change', () => {
    expect(
      only(decode(encodeKubeLogs({ resource, records: [{ type: 'change', record: change }] }))),
    ).toMatchObject({
      type: 'change',
      row: {
        change_id: 'c-1',
        change: 'restart',
        to_status: 'CrashLoopBackOff',
        exit_code: -1n,
        time: nowMs - 500,
      },
    })
  })

  test('an object', () => {
    expect(
      only(decode(encodeKubeLogs({ resource, records: [{ type: 'object', record: object }] }))),
    ).toMatchObject({
      type: 'object',
      row: {
        labels: new Map([['app', 'web']]),
        workload: 'web',
        last_restart_at: 0,
        memory_request_bytes: 67_108_864n,
        containers: '[]',
      },
    })
  })

  test('an object as the columns of a block, with what its kind has of its own', () => {
    const record = {
      ...object,
      facts: { type: 'ClusterIP' },
      amounts: { ready: 2, share: 0.5 },
      findings: {},
    }
    const blocks = createBlockDecoder()
    const body = encodeKubeLogs({
      resource,
      records: [
        { type: 'object', record: { ...object, name: 'plain', facts: {}, amounts: {} } },
        { type: 'object', record },
      ],
    })
    expect(blocks.append({ signal: 'logs', encoding: 'protobuf', body }, context)).toMatchObject({
      rejected: 0,
    })
    const block = blocks.seal().find(({ table }) => table === kubeObjectsTable.name)
    expect(block && readNative(block.bytes, kubeObjectsTable)).toMatchObject([
      { name: 'plain', facts: new Map(), amounts: new Map() },
      {
        facts: new Map([['type', 'ClusterIP']]),
        amounts: new Map([
          ['ready', 2],
          ['share', 0.5],
        ]),
      },
    ])
  })

  test('several in one request, in order', () => {
    const decoded = decode(
      encodeKubeLogs({
        resource,
        records: [
          { type: 'object', record: object },
          { type: 'event', record: event },
        ],
      }),
    )
    expect(decoded).toMatchObject({ received: 2, rejected: 0, rows: [{ type: 'object' }, { type: 'event' }] })
  })
})

describe('a record that is not what its name says is rejected alone, and says where', () => {
  const bad: Record<string, readonly [body: string, message: string]> = {
    'no JSON': ['oops', 'not JSON'],
    'another type': ['[]', 'malformed'],
    'a missing field': [JSON.stringify({ ...event, uid: undefined }), 'malformed'],
    'a field of another type': [JSON.stringify({ ...event, count: '3' }), '/count'],
    'a negative count': [JSON.stringify({ ...event, count: -1 }), '/count'],
    'a value that is not in the list': [JSON.stringify({ ...event, severity: 'loud' }), '/severity'],
  }
  test.each(Object.entries(bad))('%s', (_name, [body, message]) => {
    expect(decode(record(kubeEventNames.event, body))).toMatchObject({
      received: 1,
      rejected: 1,
      messages: [expect.stringContaining(message)],
    })
  })

  test('numbers and times beyond their columns are held to them', () => {
    const far = { ...event, count: 2 ** 40, lastTimeMs: 1e300, firstTimeMs: 0 }
    expect(only(decode(record(kubeEventNames.event, JSON.stringify(far))))).toMatchObject({
      row: { count: 0xffff_ffff, last_time: nowMs, first_time: nowMs },
    })
    const large = { ...object, memoryLimitBytes: 1e300, ready: 70_000, lastRestartAtMs: 1e300 }
    expect(only(decode(record(kubeEventNames.object, JSON.stringify(large))))).toMatchObject({
      row: { memory_limit_bytes: BigInt(Number.MAX_SAFE_INTEGER), ready: 65_535, last_restart_at: nowMs },
    })
  })
})

test('usage of a container becomes two gauges with the identity of its pod', () => {
  const pod = {
    uid: 'u-1',
    name: 'web-1',
    namespace: 'shop',
    node: 'node-1',
    workloadKind: 'Deployment',
    workloadName: 'web',
    version: '1.2',
  }
  const body = encodeUsage({
    resource,
    points: [{ pod, container: 'app', cpuMillicores: 250, memoryBytes: 1_000_000, timeMs: nowMs - 7 }],
  })
  const decoded = decodeMetrics({ signal: 'metrics', encoding: 'protobuf', body }, context)
  const identity = {
    cluster_id: 'cluster-1',
    namespace: 'shop',
    pod: 'web-1',
    container: 'app',
    node: 'node-1',
  }
  expect(decoded).toMatchObject({
    received: 2,
    rejected: 0,
    rows: [
      {
        ...identity,
        metric: 'container.cpu.usage',
        unit: '{cpu}',
        value: 0.25,
        time: nowMs - 7,
        kind: 'gauge',
      },
      { ...identity, metric: 'container.memory.working_set', unit: 'By', value: 1_000_000 },
    ],
  })
})
