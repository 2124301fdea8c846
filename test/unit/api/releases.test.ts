import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kubeChangesTable, kubeObjectsTable } from '../../../collector/record/kube.ts'
import type { ReleaseComparison, ReleaseList } from '../../../collector/service/api/schema/releases.ts'
import { type SeededApp, startSeededApp } from '../../support/service-app.ts'

let seeded: SeededApp
beforeAll(async () => {
  seeded = await startSeededApp({ usageStepSeconds: 60 })
})
afterAll(() => seeded?.close())

async function get<T>(path: string): Promise<T> {
  const response = await seeded.app.inject({ url: `/api/v1/applications/shop${path}` })
  expect(response.statusCode, response.body).toBe(200)
  return response.json<T>()
}
const sql = async <Row>(text: string) => seeded.clickHouse.store.query<Row>({ sql: text, params: {} })
const compare = (query = '') => get<ReleaseComparison>(`/tiers/benigno/compare${query}`)

test('the versions of a tier, the newest first, with their shares and what is intended', async () => {
  const { tiers, timesMs } = await get<ReleaseList>('/releases')
  const tier = tiers.find((one) => one.service === 'benigno')
  const { calls } = seeded.facts.traces
  expect(tier?.versions).toMatchObject([
    { version: 'v2', calls: calls['benigno@v2'], share: 0.1, pods: 1, firstSeenMs: seeded.facts.fromMs + 1 },
    { version: 'v1', calls: calls['benigno@v1'], share: 0.9, pods: 3 },
  ])
  for (const version of tier?.versions ?? []) expect(version.shares).toHaveLength(timesMs.length)
  expect(tier?.rollouts.map((one) => one.title)).toEqual(['benigno-v2: v1 → v2'])
})

describe('two versions', () => {
  test('are compared by what is stored of each', async () => {
    const { a, b, sideBySide, operations, aspects, share, verdict, charts } = await compare()
    const { calls, errors } = seeded.facts.traces
    expect([a, b]).toMatchObject([
      {
        name: 'v1',
        calls: calls['benigno@v1'],
        errors: errors['benigno@v1'],
        worth: calls['benigno@v1'],
        pods: 4,
      },
      { name: 'v2', calls: calls['benigno@v2'], errors: 0, pods: 1 },
    ])
    expect(sideBySide).toBe(true)
    expect(operations).toMatchObject([
      { operation: 'GET /', kind: 'server', a: { calls: a.calls }, b: { calls: b.calls } },
    ])
    expect(share?.value).toBeCloseTo(0.1, 8)
    const [raw] = await sql<{ p95: number; failed: number }>(
      `SELECT quantileExact(0.95)(duration_ns) / 1e6 AS p95, toFloat64(countIf(status = 2)) / count() AS failed
       FROM spans FINAL WHERE service = 'benigno' AND version = 'v1' AND kind = 2`,
    )
    // Of buckets 9 % wide.
    expect(
      Math.abs((aspects.find((one) => one.aspect === 'p95')?.a?.value ?? 0) / (raw?.p95 ?? 1) - 1),
    ).toBeLessThan(0.1)
    expect(aspects.find((one) => one.aspect === 'errors')?.a?.value).toBeCloseTo(raw?.failed ?? 0, 8)
    // One pod of v1 uses 450 mCPU and 240 MiB, the other two as much as that of v2.
    const last = (name: 'cpu' | 'memory') => charts[name].series.map((one) => one.points.at(-2))
    expect(last('cpu').map((one) => Math.round(one ?? 0))).toEqual([183, 50])
    expect(last('memory').map((one) => Math.round((one ?? 0) / 1024 ** 2))).toEqual([123, 64])
    // Its every 20th call fails, and none of v2's.
    expect(verdict.outcome).toBe('better')
    expect(verdict.sentence).toMatch(/^v2 is better than v1: errors 5\.56 % → 0 %/)
  })

  test('the other way round the same is worse, for the same reasons', async () => {
    const { verdict, exceptions } = await compare('?a=v2&b=v1')
    expect(verdict.outcome).toBe('worse')
    expect(verdict.reasons[0]).toMatchObject({ aspect: 'errors', outcome: 'worse' })
    expect(verdict.sentence).toContain('new exception StockError (60 times), unknown before v1')
    expect(exceptions).toMatchObject([{ type: 'StockError', a: 0, b: 60, isNew: true }])
  })

  test('a version without calls is not enough, one version alone cannot be compared', async () => {
    expect((await compare('?a=v1&b=v3')).verdict.outcome).toBe('not-enough-data')
    const response = await seeded.app.inject({ url: '/api/v1/applications/shop/tiers/ordini/compare' })
    expect(response.json()).toMatchObject({
      statusCode: 400,
      code: 'bad-parameter',
      message: expect.stringContaining('there is no other than v1 in this time range'),
    })
  })
})

test('around a deployment: equally long before and after, of all versions', async () => {
  const markerMs = seeded.facts.toMs - 25 * 60_000
  const { a, b, sideBySide, verdict } = await compare(`?marker=${markerMs}&minutes=15`)
  expect([a, b]).toMatchObject([
    { name: 'before', fromMs: markerMs - 15 * 60_000, toMs: markerMs, calls: 300 },
    { name: 'after', fromMs: markerMs + 5 * 60_000, toMs: markerMs + 20 * 60_000, calls: 300 },
  ])
  expect(sideBySide).toBe(false)
  expect(verdict.outcome).toBe('no-difference')
})

test('pods that never sent a span count for their version, with their restarts; a label says the intended share', async () => {
  const { store } = seeded.clickHouse
  const [like] = await sql<Record<string, unknown>>(
    "SELECT * FROM k8s_objects FINAL WHERE name = 'benigno-v2-6f77-0'",
  )
  const pod = {
    ...like,
    name: 'benigno-v2-6f77-1',
    uid: 'sick',
    labels: { 'binnacle.dev/canary-weight': '10' },
  }
  await store.client.insert({ table: kubeObjectsTable.name, values: [pod], format: 'JSONEachRow' })
  const restarts = Array.from({ length: 6 }, (_, index) => ({
    cluster_id: 'demo',
    namespace: 'shop',
    kind: 'Pod',
    name: pod.name,
    uid: 'sick',
    time: seeded.facts.toMs - (index + 1) * 60_000,
    change: 'restart',
    reason: 'Error',
    change_id: `restart ${index}`,
  }))
  await store.client.insert({ table: kubeChangesTable.name, values: restarts, format: 'JSONEachRow' })
  const { b, verdict, share } = await compare()
  expect(b).toMatchObject({ pods: 2, restarts: 6, restartReasons: ['Error'] })
  expect(verdict.outcome).toBe('worse')
  expect(verdict.sentence).toMatch(
    /^v2 is worse than v1: restarts 0 per pod and hour → [\d.]+ per pod and hour/,
  )
  expect(share).toMatchObject({ intended: 0.1, source: 'label', isAsIntended: true })
})

test('a canary of which every tenth call was stored is judged by the stored ones', async () => {
  await seeded.clickHouse.store.client.command({
    query: `INSERT INTO spans (trace_id, span_id, start_time, duration_ns, application, service, version, operation, kind, weight, received_at)
      SELECT unhex(hex(MD5(concat('sampled', toString(number))))), substring(MD5(toString(number)), 1, 8),
        (SELECT max(start_time) FROM spans WHERE service = 'benigno') - number, 12000000, 'shop', 'benigno', 'v4', 'GET /', 2, 10, now64(3)
      FROM numbers(40)`,
  })
  const { b, verdict } = await compare('?a=v1&b=v4')
  expect(b.calls).toBe(400)
  expect(Math.round(b.worth)).toBe(40)
  expect(verdict.notes.join(' ')).toContain('sampled')
})
