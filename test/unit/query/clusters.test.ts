import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type KubeEventRow, kubeEventsTable, kubeObjectsTable } from '../../../collector/record/kube.ts'
import {
  type ClusterActivityRow,
  clusterActivityQuery,
  type PodFiguresRow,
  podFiguresQuery,
} from '../../../collector/service/query/clusters.ts'
import {
  type CrashFilter,
  type CrashListRow,
  crashesQuery,
} from '../../../collector/service/query/crashes.ts'
import {
  type EventOriginRow,
  eventChainQuery,
  eventOriginQuery,
} from '../../../collector/service/query/event-chain.ts'
import {
  type EventFilter,
  type EventGroupRow,
  type EventTimelineRow,
  eventFacetsQuery,
  eventGroupsQuery,
  eventTimelineQuery,
  type FacetRow,
} from '../../../collector/service/query/events.ts'
import { type FindingRow, findingsQuery } from '../../../collector/service/query/inventory.ts'
import {
  type PodFilter,
  type PodListRow,
  podFacetsQuery,
  podsQuery,
} from '../../../collector/service/query/pods.ts'
import { everything, type Query } from '../../../collector/service/query/query.ts'
import {
  type ReservedStepRow,
  reservedStepsQuery,
  type UsageStepRow,
  usageStepsQuery,
} from '../../../collector/service/query/usage.ts'
import {
  type NamespaceListRow,
  namespacesQuery,
  type WorkloadListRow,
  workloadsQuery,
} from '../../../collector/service/query/workloads.ts'
import { createRandom } from '../../bench/corpus/random.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { countOccurrences, drawEvents } from '../../support/event-counts.ts'
import { seedObjects } from '../../support/seed/cluster.ts'
import { seedEvents } from '../../support/seed/events.ts'
import { seedDemo } from '../../support/seed.ts'
import { testSeed } from '../../support/test-seed.ts'

const minute = 60_000
const nowMs = Math.floor(Date.now() / minute) * minute
const range = { fromMs: nowMs - 60 * minute, toMs: nowMs }
const scope = { ...range, clusterId: 'demo', namespace: everything }
const only = (...values: string[]) => ({ in: values, out: [] })

let clickHouse: TestClickHouse
const ask = <Row>(query: Query) => clickHouse.store.query<Row>(query)
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  await seedDemo(clickHouse.store, { nowMs, tracesPerMinute: 2 })
})
afterAll(() => clickHouse?.close())

const eventsOf = (over: Partial<EventFilter>): EventFilter => ({
  ...scope,
  severity: everything,
  category: everything,
  reason: everything,
  workload: everything,
  objectUid: '',
  text: '',
  ...over,
})
const ago = (fromMinutes: number, toMinutes: number) => ({
  fromMs: nowMs - fromMinutes * minute,
  toMs: nowMs - toMinutes * minute,
})

describe('occurrences of events', () => {
  const counts = async (over: Partial<EventFilter>) =>
    Object.fromEntries(
      (await ask<EventGroupRow>(eventGroupsQuery(eventsOf(over), 100))).map((row) => [row.reason, row.count]),
    )
  const cases: [name: string, filter: Partial<EventFilter>, want: Record<string, number>][] = [
    [
      'the whole hour: differences of cumulative counts, without what was before; repeats of a relist collapse',
      { severity: only('error', 'warning') },
      { BackOff: 30, Failed: 12, FailedScheduling: 6, FailedMount: 3, Unhealthy: 5, Evicted: 1 },
    ],
    [
      'between two versions: what was not seen one by one',
      { ...ago(45, 41), reason: only('BackOff') },
      { BackOff: 3 },
    ],
    ['around one version: its newest', { ...ago(30.5, 29.5), reason: only('BackOff') }, { BackOff: 1 }],
    ['up to a version, which is exclusive', { ...ago(50, 30), reason: only('BackOff') }, { BackOff: 15 }],
    ['after a version up to the next', { ...ago(49.9, 29.9), reason: only('BackOff') }, { BackOff: 15 }],
    [
      'the first occurrence of a first version that says four',
      { ...ago(41, 39), reason: only('Failed') },
      { Failed: 1 },
    ],
    ['the other three of it, up to its time', { ...ago(39.9, 35.9), reason: only('Failed') }, { Failed: 3 }],
    ['the second version: eight more', { ...ago(35.9, 0), reason: only('Failed') }, { Failed: 8 }],
    [
      'the first version of all counts whole, spread over its time',
      { ...ago(181, 60.9) },
      { BackOff: 100, Unhealthy: 7 },
    ],
    ['by text', { text: 'INSUFFICIENT CPU' }, { FailedScheduling: 6 }],
    ['by object', { objectUid: 'uid-mailer-5f6d-0' }, { FailedMount: 3 }],
    ['of another cluster', { clusterId: 'other' }, {}],
  ]
  test.each(cases)('%s', async (_name, filter, want) => {
    expect(await counts(filter)).toEqual(want)
  })

  test('no occurrence is lost or doubled between ranges that touch', async () => {
    const total = async (from: number, to: number) => {
      const rows = await ask<EventTimelineRow>(eventTimelineQuery(eventsOf(ago(from, to)), minute))
      return rows.reduce((sum, row) => sum + row.times, 0)
    }
    const newest = new Map(seedEvents(nowMs).map((row) => [row.event_uid, row.count]))
    const all = [...newest.values()].reduce((sum, count) => sum + count, 0)
    expect(await total(300, 0)).toBe(all)
    const parts = await Promise.all([total(300, 61), total(61, 30), total(30, 10), total(10, 0)])
    expect(parts.reduce((sum, part) => sum + part)).toBe(all)
  })

  test('a version that arrives late lands between its neighbours and moves nothing else', async () => {
    const [template] = seedEvents(nowMs).filter((row) => row.reason === 'BackOff')
    if (!template) throw new Error('no BackOff in the seed')
    const row = { ...template, event_uid: 'late', object_uid: 'uid-late', first_time: nowMs - 50 * minute }
    const version = (count: number, agoMinutes: number) => ({
      ...row,
      count,
      last_time: nowMs - agoMinutes * minute,
      resource_version: String(count * 50),
    })
    const insert = (rows: (typeof row)[], token: string) =>
      clickHouse.store.insert({ table: kubeEventsTable, rows }, token)
    await insert([version(3, 40), version(9, 10)], 'late-1')
    expect(await counts({ objectUid: 'uid-late', ...ago(60, 39.9) })).toEqual({ BackOff: 3 })
    expect(await counts({ objectUid: 'uid-late', ...ago(39.9, 19.9) })).toEqual({ BackOff: 4 })
    await insert([version(5, 20)], 'late-2')
    expect(await counts({ objectUid: 'uid-late', ...ago(60, 39.9) })).toEqual({ BackOff: 3 })
    expect(await counts({ objectUid: 'uid-late', ...ago(39.9, 19.9) })).toEqual({ BackOff: 2 })
    expect(await counts({ objectUid: 'uid-late' })).toEqual({ BackOff: 9 })
    await clickHouse.store.client.command({ query: "DELETE FROM k8s_events WHERE event_uid = 'late'" })
  })

  test('any history of events, as agents saw it, counts as the same history in plain TypeScript', async () => {
    const seed = testSeed()
    console.info(`events drawn with BINNACLE_TEST_SEED=${seed}`)
    const random = createRandom(seed)
    const rows = drawEvents({ below: random.below, endMs: nowMs })
    const dayOf = (row: KubeEventRow) => Math.floor(row.first_time / 86_400_000)
    // In the order of their last read, so that the later of two copies replaces the earlier, as inserts do.
    for (const [day, ofDay] of Map.groupBy(rows, dayOf))
      for (const part of [0, 1])
        await clickHouse.store.insert(
          { table: kubeEventsTable, rows: ofDay.filter((row) => row.backfill === (part === 1)) },
          `drawn-${day}-${part}`,
        )
    const want = countOccurrences(rows)
    const drawn = { clusterId: 'drawn', namespace: only('shop') }
    const ranges = [
      ago(75 * 60, -60),
      ...Array.from({ length: 4 }, () => ago(60 + random.below(4_000), random.unit() * 60)),
    ]
    for (const { fromMs, toMs } of ranges.map((one) => ({
      fromMs: Math.floor(one.fromMs),
      toMs: Math.floor(one.toMs),
    }))) {
      const inside = want.filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
      const sumBy = (key: (one: (typeof inside)[number]) => string) =>
        Object.fromEntries(
          [...Map.groupBy(inside, key)].map(([name, all]) => [
            name,
            all.reduce((sum, one) => sum + one.times, 0),
          ]),
        )
      const filter = eventsOf({ ...drawn, fromMs, toMs })
      expect(await counts({ ...drawn, fromMs, toMs })).toEqual(sumBy((one) => one.uid))
      const steps = await ask<EventTimelineRow>(eventTimelineQuery(filter, minute))
      expect(Object.fromEntries(steps.map((row) => [row.timeMs, row.times]))).toEqual(
        sumBy((one) => String(Math.floor(one.atMs / minute) * minute)),
      )
      const [activity] = await ask<ClusterActivityRow>(clusterActivityQuery({ ...drawn, fromMs, toMs }))
      expect(activity?.errorEvents ?? 0).toBe(inside.reduce((sum, one) => sum + one.times, 0))
    }
    await clickHouse.store.client.command({ query: "DELETE FROM k8s_events WHERE cluster_id = 'drawn'" })
  })

  test('a facet ignores its own filter and obeys the others', async () => {
    const rows = await ask<FacetRow>(
      eventFacetsQuery(eventsOf({ severity: only('error'), namespace: only('shop') })),
    )
    const facet = (name: string) =>
      Object.fromEntries(rows.filter((row) => row.facet === name).map((row) => [row.value, row.count]))
    expect(facet('severity')).toEqual({ error: 46, warning: 11 })
    expect(facet('category')).toEqual({ pod: 30, image: 12, storage: 3, eviction: 1 })
    expect(facet('namespace')).toEqual({ shop: 46 })
  })
})

describe('crashes', () => {
  const list = async (over: Partial<CrashFilter> = {}) =>
    (
      await ask<CrashListRow>(
        crashesQuery({ ...scope, workload: everything, podUid: '', linesMax: 2, ...over }, 10),
      )
    ).map((row) => [
      row.pod,
      row.exitCode,
      row.count,
      row.lines.split('\n').length,
      (nowMs - row.linesMs) / minute,
    ])

  test('restarts with one exit code are one row with the newest lines; a pod that failed for good is in', async () => {
    expect(await list()).toEqual([
      ['pagamenti-59cc-0', 1, 5, 2, 4],
      ['spedizioni-66b9-0', 137, 4, 1, nowMs / minute],
      ['import-28', 2, 1, 1, 30],
    ])
  })
  test('by pod, by workload, by namespace, and outside of the range', async () => {
    expect(await list({ podUid: 'uid-import-28' })).toEqual([['import-28', 2, 1, 1, 30]])
    expect(await list({ workload: only('pagamenti'), linesMax: 10 })).toEqual([
      ['pagamenti-59cc-0', 1, 5, 4, 4],
    ])
    expect(await list({ namespace: only('billing') })).toEqual([])
    expect(await list(ago(29, 13))).toMatchObject([
      ['pagamenti-59cc-0', 1, 2, 1, nowMs / minute],
      ['spedizioni-66b9-0', 137, 2, 1, nowMs / minute],
    ])
  })
})

test('the chain of an event: its pod, the controllers above it and its node, in the order of time', async () => {
  const [template] = seedEvents(nowMs)
  if (!template) throw new Error('no event in the seed')
  const event = (reason: string, agoMinutes: number, over: Partial<KubeEventRow>): KubeEventRow => ({
    ...template,
    ...{ cluster_id: 'chain', event_uid: reason, reason, message: reason, count: 1, resource_version: '1' },
    ...{ first_time: nowMs - agoMinutes * minute, last_time: nowMs - agoMinutes * minute, host: '' },
    ...{ object_kind: 'Pod', object_name: 'web-1', object_uid: 'uid-web-1', workload: 'web' },
    ...over,
  })
  const rows = [
    event('NodeHasDiskPressure', 20, {
      object_kind: 'Node',
      object_name: 'node-a',
      object_uid: 'node-a',
      workload: 'node-a',
      namespace: 'default',
    }),
    event('Evicted', 18, { host: 'node-a' }),
    event('SuccessfulCreate', 17, { object_kind: 'ReplicaSet', object_name: 'web-abc', object_uid: 'rs' }),
    event('FailedScheduling', 16, { object_name: 'web-2', object_uid: 'uid-web-2' }),
    event('Unhealthy', 15, { object_name: 'other-1', object_uid: 'uid-other-1', workload: 'other' }),
  ]
  await clickHouse.store.insert({ table: kubeEventsTable, rows }, 'chain')
  const [pod] = seedObjects(nowMs)
  if (!pod) throw new Error('no object in the seed')
  const web = { ...pod, cluster_id: 'chain', kind: 'Pod', uid: 'uid-web-1', name: 'web-1', node: 'node-a' }
  await clickHouse.store.insert({ table: kubeObjectsTable, rows: [web] }, 'chain-pod')
  const chainOf = async (eventUid: string) => {
    const [origin] = await ask<EventOriginRow>(eventOriginQuery({ clusterId: 'chain', eventUid }))
    if (!origin) throw new Error('no origin')
    const query = eventChainQuery({ ...range, clusterId: 'chain', origin }, 100)
    return (await ask<EventGroupRow>(query)).map((row) => row.reason)
  }
  expect(await chainOf('Evicted')).toEqual(['NodeHasDiskPressure', 'Evicted', 'SuccessfulCreate'])
  expect(await chainOf('FailedScheduling')).toEqual(['SuccessfulCreate', 'FailedScheduling'])
  expect(await chainOf('SuccessfulCreate')).toEqual(['Evicted', 'SuccessfulCreate', 'FailedScheduling'])
  expect(await chainOf('NodeHasDiskPressure')).toEqual(['NodeHasDiskPressure', 'Evicted'])
})

describe('pods', () => {
  const podsOf = (over: Partial<PodFilter>) =>
    ask<PodListRow>(
      podsQuery(
        {
          ...scope,
          ...{
            status: everything,
            phase: everything,
            health: everything,
            workload: everything,
            node: everything,
            version: everything,
          },
          ...{ text: '', finding: everything, uid: '', restarted: false, deleted: false },
          ...over,
        },
        1_000,
      ),
    )
  const cases: [name: string, filter: Partial<PodFilter>, count: number][] = [
    ['those that are there', {}, 30],
    ['also one that was deleted within the range, not one deleted before it', { deleted: true }, 31],
    ['at the moment before one was deleted and others were created', { ...ago(60, 30) }, 23],
    ['failed ones', { health: only('failed') }, 3],
    ['not the fine ones', { health: { in: [], out: ['ok', 'done'] } }, 7],
    ['with restarts in the range', { restarted: true }, 2],
    ['part of the name, in any case', { text: 'BENIGNO' }, 4],
    ['a finding', { finding: only('no-readiness-probe') }, 2],
    ['one of several findings', { finding: only('privileged', 'no-memory-limit') }, 2],
    ['two filters', { namespace: only('billing'), version: only('2.0.1') }, 2],
  ]
  test.each(cases)('%s', async (_name, filter, count) => {
    expect(await podsOf(filter)).toHaveLength(count)
  })

  test('a row has restarts of the range, use, last event and whether it is traced', async () => {
    const rows = new Map((await podsOf({})).map((row) => [row.name, row]))
    expect(rows.get('pagamenti-59cc-0')).toMatchObject({
      ...{ status: 'CrashLoopBackOff', health: 'failed', restarts: 17, restartsInRange: 5, traced: false },
      ...{ eventReason: 'BackOff', eventSeverity: 'error', eventMs: nowMs - 2 * minute },
    })
    expect(rows.get('benigno-v1-5c8b-0')).toMatchObject({
      ...{ health: 'ok', traced: true, cpuUsedMillicores: 450, memoryUsedBytes: 240 * 1024 ** 2, eventMs: 0 },
    })
    expect(rows.get('import-28910')).toMatchObject({ health: 'done', cpuUsedMillicores: null })
    expect(rows.get('cache-58d6-0')).toMatchObject({ evicted: true, health: 'failed' })
  })

  test('every figure of the dashboard and every finding counts the pods that its link lists', async () => {
    const [figures] = await ask<PodFiguresRow>(podFiguresQuery(scope))
    expect(figures).toMatchObject({
      pods: 30,
      podsNotReady: 7,
      crashLooping: 1,
      privileged: 1,
      noMemoryLimit: 1,
    })
    expect(figures?.pendingPods).toBe((await podsOf({ health: only('pending') })).length)
    const findings = await ask<FindingRow>(findingsQuery(scope))
    const ofPods = findings.filter((row) => row.kinds.join() === 'Pod')
    expect(ofPods.map((row) => row.id)).toContain('missing-secret')
    for (const finding of ofPods) {
      expect([finding.id, (await podsOf({ finding: only(finding.id) })).length]).toEqual([
        finding.id,
        finding.count,
      ])
    }
  })

  test('facets add up to the pods they describe', async () => {
    const filter = {
      ...scope,
      ...{
        status: everything,
        phase: everything,
        health: only('failed'),
        workload: everything,
        node: everything,
        version: everything,
      },
      ...{ text: '', finding: everything, uid: '', restarted: false, deleted: false },
    }
    const rows = await ask<FacetRow>(podFacetsQuery(filter))
    const sum = (name: string) =>
      rows.filter((row) => row.facet === name).reduce((total, row) => total + row.count, 0)
    expect([sum('total'), sum('namespace'), sum('health')]).toEqual([3, 3, 30])
  })
})

test('restarts and events of a cluster, whole and per namespace', async () => {
  const activity = async (...namespaces: string[]) => {
    const [row] = await ask<ClusterActivityRow>(
      clusterActivityQuery({ ...scope, namespace: only(...namespaces) }),
    )
    return [row?.restarts, row?.errorEvents, row?.warningEvents]
  }
  expect(await activity()).toEqual([9, 46, 11])
  expect(await activity('shop')).toEqual([9, 46, 11])
  expect(await activity('billing')).toEqual([0, 0, 0])
})

test('workloads come from their objects, else from their pods', async () => {
  const rows = await ask<WorkloadListRow>(workloadsQuery(scope))
  const find = (name: string) => rows.find((row) => row.name === name)
  expect(find('search')).toMatchObject({ kind: 'Deployment', status: 'Degraded', ready: 0, desired: 2 })
  expect(find('postgres')).toMatchObject({ kind: 'StatefulSet', status: 'Available', ready: 1, desired: 1 })
  expect(find('spedizioni')?.restarts).toBe(4)
  expect(find('benigno-v2')?.lastRolloutMs).toBe(nowMs - 25 * minute)
  expect(new Set(rows.map((row) => `${row.kind}/${row.namespace}/${row.name}`)).size).toBe(rows.length)
})

test('a namespace that left the scope says when', async () => {
  const rows = await ask<NamespaceListRow>(namespacesQuery({ ...range, clusterId: 'demo' }))
  expect(rows.map((row) => [row.name, row.collecting, row.stoppedAtMs, row.pods])).toEqual([
    ['billing', true, 0, 10],
    ['legacy', false, nowMs - 15 * minute, 0],
    ['shop', true, 0, 20],
  ])
})

test('use and reservations over time', async () => {
  const steps = { ...scope, stepMs: 10 * minute }
  const usage = await ask<UsageStepRow>(usageStepsQuery({ ...steps, namespace: only('billing'), pod: '' }))
  // Eight pods for the whole hour, and two gateways for the last ten minutes.
  expect(Math.round(usage.at(1)?.cpuMillicores ?? 0)).toBe(400)
  expect(Math.round(usage.at(-1)?.cpuMillicores ?? 0)).toBe(500)
  const reserved = await ask<ReservedStepRow>(reservedStepsQuery({ ...steps, namespace: only('billing') }))
  expect(reserved.at(1)?.cpuRequestMillicores).toBe(600)
  expect(reserved.at(-1)?.cpuRequestMillicores).toBe(800)
})
