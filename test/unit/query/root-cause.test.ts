import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Range } from '../../../collector/service/query/query.ts'
import type { KubeCell, RequestCell, SpanCell } from '../../../collector/service/query/root-cause/cells.ts'
import {
  referenceCellsQuery,
  referenceRequestsQuery,
  windowCellsQuery,
  windowRequestsQuery,
} from '../../../collector/service/query/root-cause/cells-sql.ts'
import { compareMeans, compareRatios } from '../../../collector/service/query/root-cause/compare.ts'
import { toKubeCells } from '../../../collector/service/query/root-cause/of-places.ts'
import type { KubeNearRow } from '../../../collector/service/query/root-cause/places-sql.ts'
import { rankCauses } from '../../../collector/service/query/root-cause/rank.ts'
import { usageChanges } from '../../../collector/service/query/root-cause/usage.ts'
import { defaultNaming } from '../../../collector/service/query/transaction-naming.ts'
import { createRandom } from '../../bench/corpus/random.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { knownFaults } from '../../support/simulated-system/faults.ts'
import { plainCells } from '../../support/simulated-system/plain-cells.ts'
import { simulate } from '../../support/simulated-system/simulate.ts'
import { insertSimulated } from '../../support/simulated-system/store-spans.ts'
import { documents } from '../../support/simulated-system/topology.ts'
import { cellsWith, tryFault } from '../../support/simulated-system/try-fault.ts'
import { testSeed } from '../../support/test-seed.ts'

const seed = testSeed()

describe(`faults of a made system (seed ${seed})`, () => {
  for (const known of knownFaults) {
    test(known.name, () => {
      const { causes, rank, where } = tryFault(known, seed)
      if (known.parties.length === 0)
        expect(causes.filter((cause) => cause.score > scoreOfNothing)).toEqual([])
      else expect(rank, JSON.stringify(causes.map((cause) => [cause.party, cause.score]))).toBe(1)
      if (known.where) expect(where).toEqual(known.where)
    })
  }
})

/** Three sigma are passed by chance now and then, by little. */
const scoreOfNothing = 0.02

describe('how far a figure lies from its reference', () => {
  const sums = (n: number, meanMs: number, deviationMs: number, maxMs = meanMs) => ({
    ...{ n, calls: n, squares: n, sumMs: n * meanMs, sumMs2: n * (meanMs ** 2 + deviationMs ** 2) },
    ...{ maxMs, totalMs: n * meanMs, failed: 0, origins: 0 },
  })
  const steady = [9, 10, 11, 10, 9, 11, 10].map((meanMs) => sums(100, meanMs, 2))

  test('a mean: median and MAD of the buckets, without the two longest spans, three standard errors nearer', () => {
    // The variance within a bucket is 2² · 100 / 99; the MAD 1 · 1.4826, its variance · (1 + 4 / 7).
    const error = Math.sqrt(4 / 99 + 1.4826 ** 2 * (1 + 4 / 7))
    const found = compareMeans(sums(100, 20, 2, 25), steady)
    expect(found).toMatchObject({ now: 20, usual: 10, n: 100, buckets: 7 })
    expect(found?.sigma).toBeCloseTo(10 / error, 6)
    expect(found?.surely).toBeCloseTo(20 - (2 * 25) / 100 - 10 - 3 * error, 6)
  })
  test('a fault in some buckets of the reference does not hide the one that is looked for', () => {
    const faulty = [...steady, sums(100, 500, 20), sums(100, 800, 20)]
    expect(compareMeans(sums(100, 20, 2), faulty)?.surely).toBeGreaterThan(0)
  })
  test('what moves by itself as much is no change, few spans say nothing, one outlier is not many', () => {
    const restless = [5, 40, 12, 30, 8, 25, 50].map((meanMs) => sums(100, meanMs, 2))
    expect(compareMeans(sums(100, 45, 2), restless)?.surely).toBe(0)
    expect(compareMeans(sums(4, 1000, 2), steady)).toBeUndefined()
    // Nineteen of 10 ms and one of 210.
    expect(compareMeans(sums(20, 20, 43.6, 210), steady)?.surely).toBe(0)
  })
  test('a share: five of seven against none of hundreds is sure, one of seven is not', () => {
    const none = Array.from({ length: 10 }, () => ({ count: 0, of: 60 }))
    expect(compareRatios({ count: 5, of: 7 }, none)?.surely).toBeGreaterThan(0.1)
    expect(compareRatios({ count: 1, of: 7 }, none)).toBeUndefined()
  })
  test('sampled spans count by their weights, and are as sure as they are many', () => {
    const sampled = { ...sums(100, 20, 2), calls: 1_000, squares: 10_000, sumMs: 20_000, sumMs2: 404_000 }
    expect(compareMeans(sampled, steady)?.surely).toBeCloseTo(
      compareMeans(sums(100, 20, 2), steady)?.surely ?? 0,
      6,
    )
  })
  test('CPU that grows with the load is no news, CPU beyond it is', () => {
    const cells = (cpuMillicores: number, buckets: number) =>
      Array.from({ length: buckets }, (_, bucket) => ({
        ...{
          bucket,
          service: 'a',
          pod: 'a-0',
          cpuMillicores: cpuMillicores + (bucket % 3),
          memoryBytes: null,
        },
        ...{ cpuLimitMillicores: 500, memoryLimitBytes: 0 },
      }))
    expect(usageChanges(cells(300, 3), cells(100, 20), 3)).toEqual([])
    expect(usageChanges(cells(300, 3), cells(100, 20), 1)).toMatchObject([
      { pod: 'a-0', resource: 'cpu', ofLimit: 0.602 },
    ])
  })
})

describe('what happened in Kubernetes', () => {
  const place = (service: string, pod: string, node: string) => ({
    ...{ clusterId: 'c', namespace: 'shop', service, pod, workload: service, node },
    ...{ cpuLimitMillicores: 0, memoryLimitBytes: 0 },
  })
  const places = [
    place('cart', 'cart-0', 'worker-1'),
    place('cart', 'cart-1', 'worker-2'),
    place('pay', 'pay-0', 'worker-2'),
  ]
  const row = (kind: string, name: string, over: Partial<KubeNearRow> = {}): KubeNearRow => ({
    ...{ timeMs: 1, clusterId: 'c', namespace: 'shop', kind, name, workload: '' },
    ...{ change: 'event', severity: 'warning', title: 'BackOff', times: 2 },
    ...over,
  })
  const cases: [name: string, row: KubeNearRow, services: string[]][] = [
    ['a pod is of its tier', row('Pod', 'cart-1'), ['cart']],
    ['so is its workload', row('Deployment', 'cart', { change: 'rollout' }), ['cart']],
    ['and a pod that is gone, by its workload', row('Pod', 'cart-9', { workload: 'cart' }), ['cart']],
    ['a node concerns all that runs there', row('Node', 'worker-2', { namespace: '' }), ['cart', 'pay']],
    ['another namespace or cluster does not', row('Pod', 'cart-1', { namespace: 'other' }), []],
    ['nor another cluster', row('Pod', 'cart-1', { clusterId: 'd' }), []],
  ]
  test.each(cases)('%s', (_, one, services) => {
    expect(toKubeCells([one], places).map((cell) => cell.service)).toEqual(services)
  })

  test('moves a tier up where something is wrong with it, and little where not', () => {
    const fault = knownFaults.find((one) =>
      one.name.startsWith('network delay between'),
    ) as (typeof knownFaults)[number]
    const restart = (service: string): KubeCell => ({
      ...{
        timeMs: 0,
        service,
        pod: `${service}-0`,
        change: 'restart',
        severity: 'error',
        title: 'restart',
        times: 1,
      },
    })
    const orderOf = (kube: KubeCell[]) =>
      rankCauses({ ...cellsWith(fault, seed, documents), kube }).causes.map((cause) => cause.party)
    expect(orderOf([]).slice(0, 2).sort()).toEqual(['tier:index', 'tier:store'])
    expect(orderOf([restart('store')])[0]).toBe('tier:store')
    expect(orderOf([restart('billing')]).indexOf('tier:billing')).toBeGreaterThan(0)
  })
})

describe('the cells of the database', () => {
  let clickHouse: TestClickHouse
  const atMs = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 3_600_000
  const window = { fromMs: 300_000, toMs: 360_000 }
  const reference = { fromMs: 0, toMs: 600_000 }
  const random = createRandom(seed).unit
  const fault = knownFaults.find((one) => one.name.includes('again and again'))?.fault ?? {}
  const spans = simulate({
    ...{ topology: documents, ...reference, requestsPerMinute: 20, fault, random, firstTrace: 1 },
  })
  const stored = ({ fromMs, toMs }: Range): Range => ({ fromMs: atMs + fromMs, toMs: atMs + toMs })
  const scope = { application: 'documents', service: '', transaction: '', naming: defaultNaming, sample: 1 }
  const own = { ...scope, ...stored(window) }
  const other = {
    ...{ ...scope, ...stored(reference), bucketMs: 60_000 },
    ...{ windowFromMs: own.fromMs, windowToMs: own.toMs },
  }

  beforeAll(async () => {
    clickHouse = await startTestClickHouse()
    await insertSimulated(clickHouse.store, spans, atMs)
  })
  afterAll(() => clickHouse?.close())

  test(`of the window and of its reference are those of a plain reading (seed ${seed})`, async () => {
    const ask = clickHouse.store.query
    const inWindow = (ms: number) => ms >= window.fromMs && ms < window.toMs
    const now = plainCells(spans, (ms) => (inWindow(ms) ? 0 : undefined), 'window')
    const usual = plainCells(
      spans,
      (ms) => (inWindow(ms) ? undefined : Math.floor((ms - window.fromMs) / 60_000)),
      'reference',
    )
    expectSame(await ask<SpanCell>(windowCellsQuery(own)), now.spans)
    expectSame(await ask<SpanCell>(referenceCellsQuery(other)), usual.spans)
    expectSame(await ask<RequestCell>(windowRequestsQuery(own)), now.requests)
    expectSame(await ask<RequestCell>(referenceRequestsQuery(other)), usual.requests)
  })

  test('of one transaction are those of the traces that it begins', async () => {
    const transaction = 'POST /documents'
    const begun = new Set(
      spans.filter((span) => span.parentId < 0 && span.operation === transaction).map((span) => span.traceId),
    )
    const cells = plainCells(
      spans.filter((span) => begun.has(span.traceId)),
      () => 0,
      'window',
    )
    const asked = windowCellsQuery({ ...scope, ...stored(reference), service: 'portal', transaction })
    expectSame(await clickHouse.store.query<SpanCell>(asked), cells.spans)
  })
})

/** The same rows in any order; sums may differ in their last digits. */
function expectSame(found: readonly object[], wanted: readonly object[]): void {
  const split = (row: object) => {
    const entries = Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))
    const isSum = ([name]: [string, unknown]) => sums.has(name)
    return { key: JSON.stringify(entries.filter((entry) => !isSum(entry))), sums: entries.filter(isSum) }
  }
  const sums = new Set(['sumMs', 'sumMs2', 'maxMs', 'totalMs', 'meanMs'])
  const byKey = new Map(found.map(split).map((row) => [row.key, row.sums]))
  const rows = wanted.map(split)
  expect([...byKey.keys()].sort()).toEqual(rows.map((row) => row.key).sort())
  for (const row of rows)
    for (const [at, [name, value]] of row.sums.entries())
      expect(byKey.get(row.key)?.[at]?.[1], `${name} of ${row.key}`).toBeCloseTo(value as number, 3)
}
