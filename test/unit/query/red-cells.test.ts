import { afterAll, beforeAll, expect, test } from 'vitest'
import { bucketOf } from '../../../collector/service/query/duration-buckets.ts'
import type { RedRow } from '../../../collector/service/query/red.ts'
import {
  addCells,
  cellColumns,
  type RedCells,
  redOfCells,
} from '../../../collector/service/query/red-cells.ts'
import { mergedRedColumns } from '../../../collector/service/query/red-rollup.ts'
import { randomFrom } from '../../property/rollup-world.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { testSeed } from '../../support/test-seed.ts'

let clickHouse: TestClickHouse
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
})
afterAll(() => clickHouse?.close())

const none: RedCells = { calls: 0, errors: 0, sumNs: 0, maxNs: 0, buckets: [[], []] }

test('cells of parts that are put together give what ClickHouse says of all rows', async () => {
  const seed = testSeed()
  console.log(`cells: seed ${seed}`)
  const { below, next, chance } = randomFrom(seed)
  const rows = Array.from({ length: 300 }, () => ({
    key: below(3),
    ns: Math.floor(1_000 * 2 ** (next() * 20)),
    weight: (1 + below(8)) / 4,
    failed: chance(0.2),
  }))
  const columns = async <Row>(figures: string, wanted: readonly (typeof rows)[number][]) =>
    clickHouse.store.query<Row & { key: number }>({
      sql: `
SELECT key, ${figures} FROM (
  SELECT one.1 AS key, one.3 AS n, if(one.4, n, 0) AS failed, one.2 * n AS sumNs, one.2 AS maxNs, [${bucketOf('one.2')}] AS buckets, [n] AS counts
  FROM (SELECT arrayJoin(JSONExtract({rows:String}, 'Array(Tuple(UInt8, UInt64, Float64, Bool))')) AS one)
) AS rows GROUP BY key ORDER BY key`,
      params: {
        rows: JSON.stringify(wanted.map(({ key, ns, weight, failed }) => [key, ns, weight, failed])),
      },
    })
  const cut = below(rows.length)
  const parts = [
    ...(await columns<RedCells>(cellColumns, rows.slice(0, cut))),
    ...(await columns<RedCells>(cellColumns, rows.slice(cut))),
  ]
  const whole = await columns<RedRow>(mergedRedColumns(), rows)
  expect(whole).toHaveLength(3)
  for (const { key, ...wanted } of whole) {
    const got = redOfCells(addCells(parts.filter((part) => part.key === key)))
    for (const name of ['calls', 'errors', 'p50Ms', 'p95Ms', 'p99Ms', 'maxMs'] as const)
      expect([name, got[name]]).toEqual([name, wanted[name]])
    // Sums of fractions, in another order.
    expect(got.meanMs).toBeCloseTo(wanted.meanMs ?? Number.NaN, 5)
  }
})

test('without calls there are no durations', () => {
  const noDurations = { meanMs: null, p50Ms: null, p95Ms: null, p99Ms: null, maxMs: null }
  expect(redOfCells(addCells([]))).toEqual({ calls: 0, errors: 0, ...noDurations })
  expect(addCells([none, none])).toEqual(none)
})

test('a quantile is the first bucket up to which so much of the weight lies, and no more than the maximum', () => {
  const cells: RedCells = {
    calls: 100,
    errors: 0,
    sumNs: 100e6,
    maxNs: 2 ** 20,
    buckets: [
      [80, 160],
      [50, 50],
    ],
  }
  const middle = 2 ** (80.5 / 8) / 1e6
  expect(redOfCells(cells).p50Ms).toBeCloseTo(middle, 6)
  expect(redOfCells(cells).p95Ms).toBe(2 ** 20 / 1e6)
  expect(redOfCells(addCells([cells, { ...none, calls: 1, buckets: [[80], [1]] }])).p50Ms).toBeCloseTo(
    middle,
    6,
  )
})
