import { afterAll, beforeAll, expect, test } from 'vitest'
import type { KubeObjectRow } from '../../../collector/record/kube.ts'
import { countFindings } from '../../../collector/service/health/finding-counts.ts'
import { type PodFiguresRow, podFiguresQuery } from '../../../collector/service/query/clusters.ts'
import { type FindingStepsRow, findingStepsQuery } from '../../../collector/service/query/finding-counts.ts'
import {
  type FindingRow,
  findingsQuery,
  type ObjectCountRow,
  objectCountsQuery,
  type QuotaRow,
  quotasQuery,
} from '../../../collector/service/query/inventory.ts'
import { type NodeListRow, nodesQuery } from '../../../collector/service/query/nodes.ts'
import {
  type ObjectFilter,
  type ObjectKindRow,
  type ObjectListRow,
  objectKindsQuery,
  objectQuery,
  objectsQuery,
} from '../../../collector/service/query/objects.ts'
import { everything, type Query } from '../../../collector/service/query/query.ts'
import {
  type CapacityStepRow,
  capacityStepsQuery,
  nodeUsageStepsQuery,
  type ReservedStepRow,
  reservedStepsQuery,
  type UsageStepRow,
} from '../../../collector/service/query/usage.ts'
import {
  type NamespaceListRow,
  namespacesQuery,
  type WorkloadListRow,
  workloadsQuery,
} from '../../../collector/service/query/workloads.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { seedObjects, seedPods } from '../../support/seed/cluster.ts'
import { seedDemo } from '../../support/seed.ts'

const minute = 60_000
const nowMs = Math.floor(Date.now() / minute) * minute
const range = { fromMs: nowMs - 60 * minute, toMs: nowMs }
const cluster = { ...range, clusterId: 'demo' }
const scope = { ...cluster, namespace: everything }
const only = (...values: string[]) => ({ in: values, out: [] })

/** What is there at the end, counted from the rows of the seed: the newest of each uid that is not deleted. */
const there: readonly KubeObjectRow[] = [
  ...new Map(
    [...seedObjects(nowMs)].sort((a, b) => a.observed_at - b.observed_at).map((row) => [row.uid, row]),
  ).values(),
].filter((row) => !row.deleted)

let clickHouse: TestClickHouse
const ask = <Row>(query: Query) => clickHouse.store.query<Row>(query)
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  await seedDemo(clickHouse.store, { nowMs, tracesPerMinute: 2 })
})
afterAll(() => clickHouse?.close())

const objectsOf = (over: Partial<ObjectFilter>, limit = 1_000) =>
  ask<ObjectListRow>(
    objectsQuery({ ...scope, kind: everything, finding: everything, text: '', ...over }, limit),
  )

test('every finding that an agent sent is counted once per object, with whose it is', async () => {
  const rows = await ask<FindingRow>(findingsQuery(scope))
  const sent = new Map<string, number>()
  for (const row of there.filter((one) => one.phase !== 'Succeeded'))
    for (const id of row.findings.keys()) sent.set(id, (sent.get(id) ?? 0) + 1)
  for (const [id, count] of sent) expect([id, rows.find((row) => row.id === id)?.count]).toEqual([id, count])
  expect(rows.find((row) => row.id === 'no-memory-request')).toMatchObject({
    count: 2,
    before: 2,
    kinds: ['Pod'],
    namespaces: 1,
    owners: [['Deployment', 'billing', 'billing-batch', 2]],
  })
  expect(rows.find((row) => row.id === 'service-without-endpoints')?.objects).toEqual([
    ['Service', 'shop', 'pagamenti', 'Service', 'pagamenti', 'app=pagamenti'],
  ])
  // Concluded from state: four deployments and the stateful set lack replicas (search lacks both of its two).
  expect(rows.find((row) => row.id === 'workload-not-ready')).toMatchObject({
    count: there.filter(
      (row) => /^(Deployment|StatefulSet|DaemonSet)$/.test(row.kind) && row.ready < row.desired,
    ).length,
  })
})

test('a finding is counted at the start of the range by what was there then', async () => {
  const before = async (fromMs: number) =>
    (await ask<FindingRow>(findingsQuery({ ...scope, fromMs }))).find((row) => row.id === 'missing-secret')
  // The pod of mailer is three minutes old.
  expect(await before(nowMs - 2 * minute)).toMatchObject({ count: 1, before: 1 })
  expect(await before(nowMs - 4 * minute)).toMatchObject({ count: 1, before: 0 })
})

test('findings are counted as of a time, once however often, and per namespace', async () => {
  const points = async (namespace = everything, stepMs = 10 * minute) => {
    const rows = await ask<FindingStepsRow>(findingStepsQuery({ ...scope, namespace, stepMs }))
    return (id: string) => rows.find((row) => row.finding === id)?.points.map(([, count]) => count)
  }
  const before = await points()
  expect(before('')).toHaveLength(7)
  // The job was created 40 minutes ago, the pod of mailer three: four counts and one saw them.
  expect(before('job-failed')).toEqual([1, 1, 1, 1])
  expect(before('missing-secret')).toEqual([1])
  await countFindings(clickHouse.store, nowMs)
  expect((await points())('missing-secret')).toEqual([1])
  expect((await points(only('billing')))('missing-secret')).toBeUndefined()
  expect((await points(only('billing')))('no-memory-request')?.at(-1)).toBe(2)
  // Of a longer step the last count stands for it.
  expect((await points(everything, 120 * minute))('')?.at(-1)).toBe(there.length)
})

test('objects per kind, and those with findings, lead to lists of the same length', async () => {
  const rows = await ask<ObjectCountRow>(objectCountsQuery(scope))
  expect(new Map(rows.map((row) => [row.kind, row.count]))).toEqual(
    new Map(
      [...new Set(there.map((row) => row.kind))]
        .sort()
        .map((kind) => [kind, there.filter((row) => row.kind === kind).length]),
    ),
  )
  const listed = await objectsOf({})
  for (const { kind, count, findings } of rows) {
    const ofKind = listed.filter((one) => one.kind === kind)
    expect([kind, ofKind.length]).toEqual([kind, count])
    for (const [id, found] of Object.entries(findings))
      expect([id, ofKind.filter((one) => one.findings.some(([mine]) => mine === id)).length]).toEqual([
        id,
        found,
      ])
  }
  const pods = rows.find((row) => row.kind === 'Pod')
  expect(await objectsOf({ kind: only('Pod'), finding: only('no-readiness-probe') })).toHaveLength(
    pods?.findings['no-readiness-probe'] ?? 0,
  )
  expect(rows.find((row) => row.kind === 'Service')?.amounts).toEqual({
    readyEndpoints: 11,
    notReadyEndpoints: 1,
  })
  expect(rows.find((row) => row.kind === 'PersistentVolumeClaim')?.amounts['requestBytes']).toBe(
    30 * 1024 ** 3,
  )
})

test('lists of objects: those with findings first, cut at the limit, kinds to switch to', async () => {
  const services = await objectsOf({ kind: only('Service') }, 2)
  expect(services.map((row) => [row.name, row.findings.length])).toEqual([
    ['pagamenti', 1],
    ['billing-api', 0],
  ])
  expect((await objectsOf({ text: 'DATA-', namespace: only('shop') })).map((row) => row.name)).toEqual([
    'data-report-0',
    'data-postgres-0',
  ])
  const kinds = await ask<ObjectKindRow>(
    objectKindsQuery({ ...scope, kind: only('Job'), finding: everything, text: '' }),
  )
  expect(kinds.filter((row) => row.chosen)).toEqual([{ value: 'Job', count: 4, chosen: true }])
  expect(kinds.find((row) => row.value === 'Pod')?.count).toBe(30)
})

test('an object by its name, with facts, amounts and findings; nothing of another range', async () => {
  const key = { ...cluster, kind: 'Node', namespace: '', name: 'worker-3' }
  const [node] = await ask<ObjectListRow>(objectQuery(key))
  expect(node).toMatchObject({ status: 'NotReady', deleted: false, facts: { architecture: 'arm64' } })
  expect(node?.findings.map(([id]) => id)).toEqual(['node-pressure', 'node-not-ready'])
  const [gone] = await ask<ObjectListRow>(
    objectQuery({ ...key, kind: 'Pod', namespace: 'shop', name: 'benigno-v1-5c8b-old' }),
  )
  expect(gone?.deleted).toBe(true)
  const early = { fromMs: 0, toMs: nowMs - 100 * 24 * 60 * minute }
  expect(await ask(objectQuery({ ...key, ...early }))).toEqual([])
})

test('nodes: not ready first, then cordoned; pods and requests of what runs there', async () => {
  const rows = await ask<NodeListRow>(nodesQuery(cluster))
  expect(rows.map((row) => [row.name, row.health])).toEqual([
    ['worker-3', 'failed'],
    ['worker-2', 'warning'],
    ['control-1', 'ok'],
    ['worker-1', 'ok'],
  ])
  for (const row of rows) {
    const mine = there.filter(
      (one) => one.kind === 'Pod' && one.node === row.name && !/^(Succeeded|Failed)$/.test(one.phase),
    )
    expect([row.name, row.pods, row.cpuRequestMillicores]).toEqual([
      row.name,
      mine.length,
      mine.reduce((sum, one) => sum + one.cpu_request_millicores, 0),
    ])
    // worker-3 says nothing of itself: what its containers use, 50 mCPU each, is what is known.
    const running = mine.filter((one) => one.phase === 'Running').length
    expect(Math.round(row.cpuUsedMillicores ?? 0)).toBe(row.name === 'worker-3' ? running * 50 : 1_200)
  }
})

test('what nodes can give, and what one node and one workload have reserved', async () => {
  const steps = { ...cluster, stepMs: 10 * minute }
  const capacity = await ask<CapacityStepRow>(capacityStepsQuery(steps))
  expect(capacity.at(-1)).toMatchObject({ cpuMillicores: 4 * 1_900, pods: 440 })
  expect((await ask<CapacityStepRow>(capacityStepsQuery({ ...steps, node: 'worker-1' }))).at(0)?.pods).toBe(
    110,
  )
  const usage = await ask<UsageStepRow>(nodeUsageStepsQuery(steps))
  expect([...new Set(usage.map((row) => Math.round(row.cpuMillicores ?? 0)))]).toEqual([3 * 1_200])
  const reserved = async (over: object) =>
    (await ask<ReservedStepRow>(reservedStepsQuery({ ...steps, namespace: everything, ...over }))).map(
      (row) => row.pods,
    )
  // One of four pods went away half an hour ago.
  expect(new Set(await reserved({ workload: 'Deployment/benigno-v1' }))).toEqual(new Set([4, 3]))
  const [worker] = (await ask<NodeListRow>(nodesQuery(cluster))).filter((row) => row.name === 'worker-3')
  expect((await reserved({ node: 'worker-3' })).at(-1)).toBe(worker?.pods)
})

test('quotas: every resource, the fullest first', async () => {
  const rows = await ask<QuotaRow>(quotasQuery(scope))
  expect(rows).toHaveLength(7)
  expect(rows.slice(0, 2)).toMatchObject([
    { resource: 'persistentvolumeclaims', used: 2, hard: 2 },
    { namespace: 'shop', name: 'compute', resource: 'requests.cpu', used: 65.8, hard: 80 },
  ])
})

test('means: of the pods that wait, that became ready in the range, that run', async () => {
  const [row] = await ask<PodFiguresRow>(podFiguresQuery(scope))
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const alive = seedPods.filter((pod) => pod.deletedAgoMs === undefined)
  const waiting = ['report-0', 'mailer-5f6d-0', 'search-6c4f-0']
  expect(row?.pendingPods).toBe(waiting.length)
  expect(row?.pendingTimeMs).toBe(
    mean(alive.filter((pod) => waiting.includes(pod.name)).map((pod) => pod.ageMs)),
  )
  // Three pods of the last hour are ready, each 20 s after it was created.
  expect(row?.readyTimeMs).toBe(20_000)
  expect(row?.upTimeMs).toBeCloseTo(
    mean(alive.filter((pod) => pod.phase === 'Running').map((pod) => pod.ageMs - 5_000)),
  )
  expect(row).toMatchObject({ failedPods: 3, imageProblems: 1, missingDependencies: 1 })
})

test('workloads of all kinds: those in trouble first, with use, requests, images and autoscaler', async () => {
  const rows = await ask<WorkloadListRow>(workloadsQuery(scope))
  const find = (name: string) => rows.find((row) => row.name === name)
  expect(new Set(rows.map((row) => row.kind))).toEqual(
    new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob', 'Job']),
  )
  // The jobs of a cron job and the replica sets of a deployment are no rows of their own.
  expect(rows.filter((row) => row.kind === 'Job').map((row) => row.name)).toEqual(['migrate', 'reindex'])
  expect(rows[0]?.health).toBe('failed')
  expect(find('migrate')).toMatchObject({ health: 'failed', findings: ['job-failed'] })
  expect(find('import')).toMatchObject({ kind: 'CronJob', health: 'ok', ready: 0, desired: 0, pods: 2 })
  expect(find('benigno-v1')).toMatchObject({
    ...{ ready: 3, desired: 3, pods: 3, replicasMin: 2, replicasMax: 3, replicas: 3, health: 'ok' },
    ...{ images: 'registry.test/benigno-v1:v1', cpuRequestMillicores: 300, cpuLimitMillicores: 1_500 },
    findings: ['autoscaler-at-maximum'],
  })
  expect(Math.round(find('benigno-v1')?.cpuUsedMillicores ?? 0)).toBe(550)
  expect(find('report')).toMatchObject({ kind: 'StatefulSet', health: 'failed', cpuUsedMillicores: null })
})

test('a namespace has its quota, limit ranges and counts', async () => {
  const rows = await ask<NamespaceListRow>(namespacesQuery(cluster))
  const find = (name: string) => rows.find((row) => row.name === name)
  expect(find('shop')).toMatchObject({
    ...{
      quotas: 1,
      quotaRatio: 1,
      quotaResource: 'persistentvolumeclaims',
      limitRanges: 1,
      services: 4,
      claims: 2,
    },
  })
  expect(find('billing')).toMatchObject({ quotas: 0, quotaRatio: null, services: 1, claims: 0 })
  const findings = await ask<FindingRow>(findingsQuery({ ...scope, namespace: only('billing') }))
  expect(find('billing')?.findings).toBe(findings.reduce((sum, row) => sum + row.count, 0))
})
