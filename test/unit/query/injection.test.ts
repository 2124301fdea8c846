import { afterAll, beforeAll, expect, test } from 'vitest'
import { agentAttributes, agentsTable } from '../../../collector/record/agent.ts'
import { type KubeObjectRow, kubeObjectsTable } from '../../../collector/record/kube.ts'
import type { HealthFindingRow } from '../../../collector/service/query/health.ts'
import {
  type InjectionNamespaceRow,
  type InjectionWorkloadRow,
  injectionNamespacesQuery,
  injectionWorkloadsQuery,
  type PodInjectionRow,
  podInjectionQuery,
  type RestartsNeededRow,
  restartsNeededQuery,
  switchedOffQuery,
} from '../../../collector/service/query/injection.ts'
import { everything, type Query } from '../../../collector/service/query/query.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { emptyObject } from '../../support/seed/cluster.ts'

const nowMs = Date.now()
const clusterId = 'injected'
const off = 'web-1 crashed 3 times; switched off at 2026-11-27T12:00:00Z'
const unseen = 'it is older than the opt-in, or the webhook could not be reached when it was made'

interface PodCase {
  readonly what: string
  readonly namespace?: string
  readonly workload?: readonly [kind: string, name: string]
  /** Hash of what was injected. */
  readonly injected?: string
  readonly says?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly ageMs?: number
  readonly more?: Partial<KubeObjectRow>
  readonly want: readonly [state: string, reason: string]
}

const pods: readonly PodCase[] = [
  { what: 'the newest', injected: 'h2', says: 'injected: node', ageMs: 1_000, want: ['injected', ''] },
  {
    what: 'another as new',
    injected: 'h2',
    says: 'injected: node; not in proxy, node: no',
    want: ['injected', ''],
  },
  {
    what: 'with an older hash',
    injected: 'h1',
    says: 'injected: node',
    want: ['restart', 'what is injected has changed since'],
  },
  { what: 'with other languages', injected: 'j1', says: 'injected: java', want: ['injected', ''] },
  { what: 'older than the opt-in', want: ['restart', unseen] },
  { what: 'left alone', says: 'skipped: it runs on Windows', want: ['skipped', 'it runs on Windows'] },
  {
    what: 'that opted out',
    labels: { 'binnacle.dev/inject': 'disabled' },
    want: ['skipped', 'its label binnacle.dev/inject=disabled'],
  },
  { what: 'of a job', workload: ['CronJob', 'nightly'], want: ['skipped', 'its next run is injected'] },
  {
    what: 'of a job with an older hash',
    workload: ['CronJob', 'nightly'],
    injected: 'h1',
    want: ['injected', ''],
  },
  {
    what: 'that crash-loops',
    workload: ['Deployment', 'off'],
    injected: 'h2',
    says: 'injected: node',
    want: ['restart', 'injection was switched off for its workload'],
  },
  {
    what: 'made since',
    workload: ['Deployment', 'off'],
    says: `skipped: switched off for Deployment off: ${off}`,
    want: ['skipped', `switched off for Deployment off: ${off}`],
  },
  {
    what: 'unseen of a workload that is off',
    workload: ['Deployment', 'off'],
    want: ['skipped', 'injection is switched off for its workload'],
  },
  {
    what: 'of a workload that was lifted',
    workload: ['Deployment', 'lifted'],
    says: 'skipped: switched off for Deployment lifted: it crashed',
    want: ['restart', 'injection is not switched off for its workload any more'],
  },
  {
    what: 'of a kind that is not watched',
    workload: ['Rollout', 'argo'],
    injected: 'h2',
    says: 'injected: node',
    more: { findings: new Map([['injection-switched-off', off]]) },
    want: ['restart', 'injection was switched off for its workload'],
  },
  { what: 'of a namespace that does not ask', namespace: 'quiet', want: ['', ''] },
  {
    what: 'skipped, of a namespace that does not ask',
    namespace: 'quiet',
    says: 'skipped: x',
    want: ['', 'x'],
  },
  {
    what: 'injected, of a namespace that asks no more',
    namespace: 'quiet',
    injected: 'h2',
    says: 'injected: node',
    want: ['restart', 'its namespace does not ask for injection any more'],
  },
  {
    what: 'of the cluster itself',
    namespace: 'kube-system',
    want: ['skipped', 'namespaces of the cluster itself are left alone'],
  },
]

const row = (kind: string, name: string, more: Partial<KubeObjectRow>): KubeObjectRow => ({
  ...emptyObject,
  ...{ cluster_id: clusterId, kind, name, uid: `${kind}-${name}`, observed_at: nowMs, received_at: nowMs },
  ...{ namespace: 'shop', workload_kind: '', workload: '', created_at: nowMs - 60_000, labels: new Map() },
  ...more,
})
const namespace = (name: string, inject: string, more: Partial<KubeObjectRow> = {}) =>
  row('Namespace', name, { namespace: name, labels: new Map([['binnacle.dev/inject', inject]]), ...more })

function podRow({
  what,
  namespace: home = 'shop',
  workload,
  injected,
  says,
  labels,
  ageMs = 60_000,
  more,
}: PodCase) {
  const [workloadKind, name] = workload ?? ['Deployment', 'web']
  return row('Pod', what, {
    namespace: home,
    workload_kind: workloadKind,
    workload: name,
    created_at: nowMs - ageMs,
    phase: 'Running',
    status: 'Running',
    labels: new Map(
      Object.entries({ ...labels, ...(injected ? { 'binnacle.dev/injected': injected } : {}) }),
    ),
    facts: new Map(says ? [['injection', says]] : []),
    ...more,
  })
}

const rows: readonly KubeObjectRow[] = [
  ...[namespace('shop', 'enabled'), namespace('kube-system', 'enabled'), namespace('quiet', '')],
  ...[namespace('empty', 'enabled'), namespace('other', ''), namespace('gone', 'enabled', { deleted: true })],
  row('Deployment', 'off', {
    workload_kind: 'Deployment',
    workload: 'off',
    findings: new Map([['injection-switched-off', off]]),
  }),
  ...pods.map(podRow),
  // These are nobody's concern.
  podRow({ what: 'that ended', want: ['', ''], more: { phase: 'Succeeded' } }),
  podRow({
    what: 'that is gone',
    want: ['', ''],
    injected: 'h3',
    says: 'injected: node',
    ageMs: 0,
    more: { deleted: true },
  }),
  // Another cluster, whose agent injects nothing.
  namespace('shop', 'enabled', { cluster_id: 'bare', uid: 'bare-shop' }),
  { ...podRow({ what: 'of a cluster without', want: ['', ''] }), cluster_id: 'bare', uid: 'bare-pod' },
]

let clickHouse: TestClickHouse
const ask = <Row>(query: Query) => clickHouse.store.query<Row>(query)
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  const { store } = clickHouse
  await store.insert({ table: kubeObjectsTable, rows: [...rows] }, 'objects')
  const agent = (cluster: string, injection: string, lastSeenMs: number) => ({
    ...{
      agent_uid: `${cluster}-${lastSeenMs}`,
      cluster_id: cluster,
      cluster_name: '',
      version: '1',
      started_at: 0,
    },
    ...{ last_seen: lastSeenMs, healthy: true, health: '[]', effective_config: '', remote_config: '' },
    description: new Map([[agentAttributes.injection, injection]]),
  })
  const agents = [agent('bare', 'on', nowMs - 1_000), agent('bare', 'off', nowMs)]
  await store.insert({ table: agentsTable, rows: agents }, 'agents')
})
afterAll(() => clickHouse?.close())

test('each pod has one state, with its reason', async () => {
  const found = await Promise.all(
    pods.map(async ({ what }) => {
      const [one] = await ask<PodInjectionRow>(podInjectionQuery({ clusterId, uid: `Pod-${what}` }))
      return [what, one?.state, one?.reason]
    }),
  )
  expect(found).toEqual(pods.map(({ what, want }) => [what, ...want]))
  const [bare] = await ask<PodInjectionRow>(podInjectionQuery({ clusterId: 'bare', uid: 'bare-pod' }))
  expect(bare).toMatchObject({
    state: 'skipped',
    reason: 'the agent of the cluster was installed without injection',
  })
  expect(await ask(podInjectionQuery({ clusterId, uid: 'Pod-that ended' }))).toEqual([])
})

/** As plain code counts them. */
const count = (of: readonly PodCase[]) => ({
  pods: of.length,
  injected: of.filter(({ want }) => want[0] === 'injected').length,
  skipped: of.filter(({ want }) => want[0] === 'skipped').length,
  restart: of.filter(({ want }) => want[0] === 'restart').length,
})
const inNamespace = (name: string) => pods.filter(({ namespace: home = 'shop' }) => home === name)

test('namespaces that ask for injection, or have some of it, count their pods', async () => {
  expect(
    await ask<InjectionNamespaceRow>(injectionNamespacesQuery({ clusterId, namespace: everything })),
  ).toEqual(
    (
      [
        ['empty', true],
        ['kube-system', true],
        ['quiet', false],
        ['shop', true],
      ] as const
    ).map(([name, asks]) => ({ namespace: name, asks, ...count(inNamespace(name)) })),
  )
})

test('workloads: those that are switched off first, then those that need a restart', async () => {
  const found = await ask<InjectionWorkloadRow>(
    injectionWorkloadsQuery({ clusterId, namespace: { in: ['shop'], out: [] } }),
  )
  expect(found.map(({ kind, name, switchedOff }) => [kind, name, switchedOff !== ''])).toEqual([
    ['Rollout', 'argo', true],
    ['Deployment', 'off', true],
    ['Deployment', 'lifted', false],
    ['Deployment', 'web', false],
    ['CronJob', 'nightly', false],
  ])
  const ofWeb = inNamespace('shop').filter(({ workload }) => !workload)
  expect(found.find(({ name }) => name === 'web')).toMatchObject({
    ...count(ofWeb),
    languages: ['java', 'node'],
    reasons: [...new Set(ofWeb.map(({ want }) => want[1]).filter(Boolean))].sort(),
  })
  expect(found.find(({ name }) => name === 'off')?.switchedOff).toBe(off)
  const restarts = await ask<RestartsNeededRow>(restartsNeededQuery())
  expect(restarts).toEqual([{ clusterId, pods: count(pods).restart, workloads: 5 }])
})

test('health: one violation for each workload that is switched off', async () => {
  const found = await ask<HealthFindingRow>(switchedOffQuery())
  expect(found.map(({ entityKind, entity, namespace: home }) => [entityKind, entity, home])).toEqual([
    ['Rollout', 'argo', 'shop'],
    ['Deployment', 'off', 'shop'],
  ])
  expect(found[0]?.message).toBe(
    `Injection is switched off for Rollout argo: ${off}. New pods are not injected; those that crash stay until you restart the workload`,
  )
})
