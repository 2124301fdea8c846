import { afterAll, beforeAll, expect, test } from 'vitest'
import { agentAttributes, agentsTable } from '../../../collector/record/agent.ts'
import { kubeObjectsTable } from '../../../collector/record/kube.ts'
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
import {
  injectedCluster,
  injectionCases,
  injectionCount,
  injectionRows,
  off,
} from '../../support/seed/injection.ts'

const clusterId = injectedCluster
const pods = injectionCases

let clickHouse: TestClickHouse
const ask = <Row>(query: Query) => clickHouse.store.query<Row>(query)
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  const { store } = clickHouse
  await store.insert({ table: kubeObjectsTable, rows: injectionRows() }, 'objects')
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
  const nowMs = Date.now()
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

const count = injectionCount
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
