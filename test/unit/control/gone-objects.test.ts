import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  kubeChangesTable,
  kubeEventNames,
  kubeObjectsTable,
  type ObjectChange,
  type ObjectState,
} from '../../../collector/record/kube.ts'
import { settleAbsences } from '../../../collector/service/control/gone-objects.ts'
import { tryKubeRow } from '../../../collector/wire/kube-rows.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'

let clickhouse: TestClickHouse
const nowMs = Date.now()
const context = { clusterId: 'c1', receivedAtMs: nowMs, batchId: '' }
const settleMs = 120_000

beforeAll(async () => {
  clickhouse = await startTestClickHouse()
})
afterAll(() => clickhouse.close())

function object(namespace: string, name: string, observedAtMs: number) {
  const state: ObjectState = {
    kind: 'Pod',
    namespace,
    name,
    uid: `${namespace}-${name}`,
    resourceVersion: '1',
    observedAtMs,
    deleted: false,
    createdAtMs: nowMs - 3_600_000,
    ownerKind: '',
    ownerName: '',
    workloadKind: 'Pod',
    workloadName: name,
    labels: {},
    status: 'Running',
    phase: 'Running',
    reason: '',
    node: 'n',
    podIp: '',
    version: '',
    ready: 1,
    desired: 1,
    restarts: 0,
    cpuRequestMillicores: 0,
    cpuLimitMillicores: 0,
    memoryRequestBytes: 0,
    memoryLimitBytes: 0,
    qosClass: '',
    containers: [],
    scopeReason: '',
  }
  const item = tryKubeRow({ eventName: kubeEventNames.object, body: JSON.stringify(state) }, context)
  if (item?.type !== 'object') throw new Error('not an object')
  return item.row
}

function started(namespace: string, timeMs: number, kind = 'Namespace') {
  const change: ObjectChange = {
    id: `start-${namespace}-${timeMs}`,
    kind,
    namespace,
    name: namespace,
    uid: '',
    workloadKind: '',
    workloadName: '',
    timeMs,
    change: 'collection-started',
    from: '',
    to: '',
    previousDurationMs: 0,
    container: '',
    exitCode: 0,
    reason: '',
    message: '',
    image: '',
    version: '',
    replicas: 0,
  }
  const item = tryKubeRow({ eventName: kubeEventNames.change, body: JSON.stringify(change) }, context)
  if (item?.type !== 'change') throw new Error('not a change')
  return item.row
}

test('what a started agent has not told of is gone; the rest, and namespaces without a settled start, stay', async () => {
  const { store } = clickhouse
  const startMs = nowMs - 200_000
  await store.insert(
    {
      table: kubeObjectsTable,
      rows: [
        object('shop', 'gone', startMs - 50_000),
        // The namespace was made anew under its name: the old one is gone.
        { ...object('', 'shop', startMs - 50_000), kind: 'Namespace', uid: 'old-shop' },
        { ...object('', 'shop', startMs + 500), kind: 'Namespace', uid: 'new-shop' },
        object('shop', 'there', startMs + 1_000),
        // What belongs to no namespace has a start of its own.
        { ...object('', 'node-gone', startMs - 50_000), kind: 'Node' },
        { ...object('', 'node-there', startMs + 1_000), kind: 'Node' },
        object('fresh', 'not-told-of-yet', nowMs - 90_000),
        object('other', 'no-start-known', nowMs - 500_000),
      ],
    },
    't1',
  )
  await store.insert(
    {
      table: kubeChangesTable,
      rows: [started('shop', startMs), started('', startMs), started('fresh', nowMs - 30_000)],
    },
    't2',
  )

  for (let run = 0; run < 2; run++) await settleAbsences(store, { nowMs, settleMs })

  const rows = await store.query<{ uid: string; name: string; deleted: boolean; at: number }>({
    sql: 'SELECT uid, name, deleted, toUnixTimestamp64Milli(observed_at) AS at FROM k8s_objects FINAL ORDER BY name, uid',
    params: {},
  })
  expect(rows.map(({ name, uid, deleted }) => [name === 'shop' ? uid : name, deleted])).toEqual([
    ['gone', true],
    ['no-start-known', false],
    ['node-gone', true],
    ['node-there', false],
    ['not-told-of-yet', false],
    ['new-shop', false],
    ['old-shop', true],
    ['there', false],
  ])
  expect(Number(rows[0]?.at)).toBe(startMs)
})

test('what a deleted namespace leaves behind is gone with it, and what another of its name has stays', async () => {
  const { store } = clickhouse
  const goneMs = nowMs - 1_000
  const namespaceRow = (name: string, atMs: number, deleted: boolean) => ({
    ...object('', name, atMs),
    kind: 'Namespace',
    namespace: name,
    deleted,
  })
  await store.insert(
    {
      table: kubeObjectsTable,
      rows: [
        object('left', 'orphan', goneMs - 50_000),
        object('left', 'of the next', goneMs + 500),
        namespaceRow('left', goneMs, true),
        object('alive', 'one', goneMs - 50_000),
        namespaceRow('alive', goneMs - 60_000, false),
      ],
    },
    't3',
  )
  for (let run = 0; run < 2; run++) await settleAbsences(store, { nowMs, settleMs })
  const rows = await store.query<{ name: string; deleted: boolean }>({
    sql: "SELECT name, deleted FROM k8s_objects FINAL WHERE namespace IN ('left', 'alive') AND kind = 'Pod' ORDER BY name",
    params: {},
  })
  expect(rows.map(({ name, deleted }) => [name, deleted])).toEqual([
    ['of the next', false],
    ['one', false],
    ['orphan', true],
  ])
})

test('a namespace that has no start since the start of its cluster is no longer collected', async () => {
  const { store } = clickhouse
  const startMs = nowMs - 300_000
  const inC2 = (row: ReturnType<typeof started>) => ({ ...row, cluster_id: 'c2' })
  await store.insert(
    {
      table: kubeChangesTable,
      rows: [
        started('abandoned', startMs - 90_000),
        started('kept', startMs - 90_000),
        started('', startMs, 'Cluster'),
        started('kept', startMs + 100),
      ]
        .map(inC2)
        .concat(started('of-another-cluster', startMs - 90_000))
        .concat({ ...inC2(started('of-another-agent', startMs - 90_000)), workload: 'tools/other' }),
    },
    't4',
  )
  for (let run = 0; run < 2; run++) await settleAbsences(store, { nowMs, settleMs })
  const rows = await store.query<{ namespace: string; at: number }>({
    sql: `SELECT namespace, toUnixTimestamp64Milli(time) AS at FROM k8s_changes FINAL WHERE change = 'collection-stopped'`,
    params: {},
  })
  expect(rows.map(({ namespace, at }) => [namespace, Number(at)])).toEqual([['abandoned', startMs]])
})
