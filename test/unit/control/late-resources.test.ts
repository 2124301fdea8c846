import { afterAll, beforeAll, expect, test } from 'vitest'
import { kubeEventNames, kubeObjectsTable, type ObjectState } from '../../../collector/record/kube.ts'
import { resourcesTable } from '../../../collector/record/span.ts'
import { bindLateResources } from '../../../collector/service/control/late-resources.ts'
import { tryKubeRow } from '../../../collector/wire/kube-rows.ts'
import { resourceRow } from '../../../collector/wire/resource.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'

let clickhouse: TestClickHouse
const nowMs = Date.now()

beforeAll(async () => {
  clickhouse = await startTestClickHouse()
})
afterAll(() => clickhouse.close())

function pod(name: string, podIp: string, more: Partial<ObjectState> = {}) {
  const state: ObjectState = {
    kind: 'Pod',
    namespace: 'shop',
    name,
    uid: `uid-${name}`,
    resourceVersion: '1',
    observedAtMs: nowMs - 1_000,
    deleted: false,
    createdAtMs: nowMs - 60_000,
    ownerKind: 'ReplicaSet',
    ownerName: 'web-1',
    workloadKind: 'Deployment',
    workloadName: 'web',
    labels: {},
    status: 'Running',
    phase: 'Running',
    reason: '',
    node: 'node-1',
    podIp,
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
    ...more,
  }
  const context = { clusterId: 'c1', receivedAtMs: nowMs, batchId: '' }
  const item = tryKubeRow({ eventName: kubeEventNames.object, body: JSON.stringify(state) }, context)
  if (item?.type !== 'object') throw new Error('not an object')
  return item.row
}

const late = (service: string, said: Record<string, string>) => {
  const attributes = {
    'k8s.cluster.uid': 'c1',
    'k8s.namespace.name': 'shop',
    'service.name': service,
    ...said,
  }
  return resourceRow(new Map(Object.entries(attributes)), '', nowMs)
}

test('a late resource gets the pod that its uid, its name or, if only one had it, its address tells; others stay as they are', async () => {
  const { store } = clickhouse
  const hour = 3_600_000
  const pods = [
    pod('web-1', '10.0.0.1'),
    pod('web-2', '10.0.0.2'),
    // The address had another owner yesterday.
    pod('old', '10.0.0.1', {
      deleted: true,
      createdAtMs: nowMs - 30 * hour,
      observedAtMs: nowMs - 20 * hour,
    }),
    // On the host network, two pods have the address of their node.
    pod('host-1', '192.168.0.5'),
    pod('host-2', '192.168.0.5'),
    pod('foreign', '10.0.0.9', { namespace: 'other' }),
    pod('newer', '10.0.0.8', { createdAtMs: nowMs + 2 * hour }),
  ]
  const resources = [
    late('by-uid', { 'k8s.pod.uid': 'uid-web-2', 'network.peer.address': '10.0.0.1' }),
    late('by-name', { 'k8s.pod.name': 'web-2', 'network.peer.address': '10.0.0.1' }),
    late('by-address', { 'network.peer.address': '10.0.0.1' }),
    late('unknown-uid', { 'k8s.pod.uid': 'gone', 'network.peer.address': '10.0.0.1' }),
    late('on-a-node', { 'network.peer.address': '192.168.0.5' }),
    late('of-another-namespace', { 'network.peer.address': '10.0.0.9' }),
    late('before-its-pod', { 'network.peer.address': '10.0.0.8' }),
    late('not-late', { 'host.name': '10.0.0.1' }),
    late('bound', { 'network.peer.address': '10.0.0.1', 'k8s.deployment.name': 'theirs' }),
  ]
  for (const [index, insert] of [
    { table: kubeObjectsTable, rows: pods },
    { table: resourcesTable, rows: resources },
  ].entries())
    expect(await store.insert(insert, `late/${index}`)).toMatchObject({ type: 'stored' })

  const bound = async () => {
    await bindLateResources(store, nowMs)
    const rows = await store.query<{ service: string; bound: string }>({
      sql: `SELECT service, concat(workload_kind, '/', workload, '/', pod, '/', pod_uid, '/', node) AS bound
        FROM resources FINAL WHERE workload_kind = 'Deployment' ORDER BY service`,
      params: {},
    })
    return rows.map(({ service, bound: to }) => [service, to])
  }
  const want = [
    ['bound', 'Deployment/theirs///'],
    ['by-address', 'Deployment/web/web-1/uid-web-1/node-1'],
    ['by-name', 'Deployment/web/web-2/uid-web-2/node-1'],
    ['by-uid', 'Deployment/web/web-2/uid-web-2/node-1'],
  ]
  expect(await bound()).toEqual(want)
  expect(await bound()).toEqual(want)
})
