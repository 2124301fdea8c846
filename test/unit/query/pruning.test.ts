import { afterAll, beforeAll, expect, test } from 'vitest'
import type { InformationPoint } from '../../../collector/record/information-point.ts'
import {
  applicationNamespacesQuery,
  applicationSizesQuery,
  applicationStepsQuery,
  applicationsRedQuery,
} from '../../../collector/service/query/applications.ts'
import { backendsQuery } from '../../../collector/service/query/backends.ts'
import { databasesQuery } from '../../../collector/service/query/databases.ts'
import { endpointsQuery } from '../../../collector/service/query/endpoints.ts'
import { errorOperationsQuery } from '../../../collector/service/query/error-operations.ts'
import { exceptionsQuery, occurrencesQuery } from '../../../collector/service/query/exceptions.ts'
import { flowEdgesQueries } from '../../../collector/service/query/flow-map.ts'
import { errorRatioQuery } from '../../../collector/service/query/health.ts'
import { attributeKeysQuery, pointQuery } from '../../../collector/service/query/information-points.ts'
import {
  operationStepsQuery,
  operationsQuery,
  tiersQuery,
} from '../../../collector/service/query/operations.ts'
import { podServicesQuery } from '../../../collector/service/query/pods.ts'
import { everything, type Query } from '../../../collector/service/query/query.ts'
import { queuesQuery } from '../../../collector/service/query/queues.ts'
import {
  foundTracesQuery,
  matchesQuery,
  traceStepsQuery,
  tracesQuery,
} from '../../../collector/service/query/traces.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'

const hour = 3_600_000
/** Midnight of the day before yesterday, so that all hours lie in one part. */
const dayMs = Math.floor(Date.now() / 86_400_000) * 86_400_000 - 2 * 86_400_000
const scope = { fromMs: dayMs + 11 * hour, toMs: dayMs + 11.5 * hour, application: 'shop' }
const list = { ...scope, service: everything, limit: 10 }
const filter = {
  ...scope,
  application: everything,
  service: everything,
  operation: everything,
  version: everything,
  pod: everything,
  namespace: everything,
  status: '',
  minMs: 0,
  maxMs: 0,
  attributes: [],
} as const

const point: InformationPoint = {
  name: 'Revenue',
  description: '',
  unit: '',
  service: '',
  operation: '',
  conditions: [],
  aggregation: 'sum',
  attribute: 'order.total',
  groupBy: 'user.tier',
  groupsMax: 8,
}

let clickHouse: TestClickHouse
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  // 24 hours of 20,000 spans in one part of about 60 granules.
  await clickHouse.store.client.command({
    query: `
INSERT INTO spans (trace_id, span_id, start_time, kind, application, service)
SELECT unhex(hex(MD5(toString(number)))), substring(MD5(toString(number)), 1, 8),
  fromUnixTimestamp64Milli(toInt64(${dayMs} + number * 180)), 2 + number % 2, 'shop', 'a'
FROM numbers(480000)`,
    clickhouse_settings: {
      max_insert_threads: '1',
      min_insert_block_size_rows: '1000000',
      max_block_size: '1000000',
    },
  })
  await clickHouse.store.client.command({ query: 'OPTIMIZE TABLE spans FINAL' })
})
afterAll(() => clickHouse?.close())

/** Granules of `spans` that each read of the query selects by the sort key, of how many. */
async function granulesOf({ sql, params }: Query): Promise<[selected: number, all: number][]> {
  const rows = await clickHouse.store.query<{ explain: string }>({
    sql: `EXPLAIN indexes = 1 ${sql}`,
    params,
  })
  const reads: [number, number][] = []
  let [table, index] = ['', '']
  for (const { explain } of rows) {
    table = /ReadFromMergeTree \((\S+)\)/.exec(explain)?.[1] ?? table
    // The lines of the tree that it is drawn with stand before.
    index = /^[\s│├└─]*(Min-?Max|Partition|PrimaryKey|Skip)$/.exec(explain)?.[1] ?? index
    const granules = /Granules: (\d+)\/(\d+)/.exec(explain)
    // Of 0: what is looked for was known to be nothing before any granule was.
    if (granules && index === 'PrimaryKey' && table.endsWith('.spans') && granules[2] !== '0')
      reads.push([Number(granules[1]), Number(granules[2])])
  }
  return reads
}

test.each<[string, Query]>([
  ['applicationsRed', applicationsRedQuery(scope)],
  ['applicationSteps', applicationStepsQuery({ ...scope, stepMs: 60_000 })],
  ['applicationSizes', applicationSizesQuery(scope)],
  ['applicationNamespaces', applicationNamespacesQuery(scope)],
  ['tiers', tiersQuery(scope)],
  ['operations', operationsQuery(list)],
  ['operationSteps', operationStepsQuery({ ...list, stepMs: 60_000 })],
  ...flowEdgesQueries({ ...scope, nowMs: scope.toMs })
    .filter(({ sql }) => sql.includes('FROM spans'))
    .map((query): [string, Query] => ['flowEdges', query]),
  ['podServices', podServicesQuery({ ...scope, clusterId: '', namespace: '', pod: '' })],
  ['errorRatio', errorRatioQuery({ nowMs: scope.toMs })],
  ['traces', tracesQuery(filter, { sort: 'newest', limit: 10 })],
  ['traceSteps', traceStepsQuery(filter, 60_000)],
  ['databases', databasesQuery(list)],
  ['backends', backendsQuery({ ...list, nowMs: scope.toMs })],
  ['queues', queuesQuery(list)],
  ['endpoints', endpointsQuery(list)],
  ['errorOperations', errorOperationsQuery(list)],
  ['exceptions', exceptionsQuery(list)],
  ['occurrences', occurrencesQuery({ ...list, groupHash: '1' })],
  ['attributeKeys', attributeKeysQuery(scope)],
  ['informationPoint', pointQuery(point, { ...scope, stepMs: 60_000 })],
  [
    'traces of a statement',
    matchesQuery({ ...filter, statement: '1' }, { sort: 'newest', limit: 10 }, 60_000),
  ],
  ['found traces', foundTracesQuery([['0'.repeat(32), scope.fromMs]], { sort: 'newest', limit: 10 })],
  ['long databases, of the raw parts', databasesQuery({ ...list, toMs: scope.fromMs + 7 * hour })],
  [
    'long applicationsRed, of the raw parts',
    applicationsRedQuery({ ...scope, toMs: scope.fromMs + 7 * hour }),
  ],
])('%s reads the granules of its hours only', async (name, query) => {
  // The hours that the range touches with its margins, and a granule more.
  const hours = name.startsWith('long') ? 9.5 : 4
  const reads = await granulesOf(query)
  expect(reads.length).toBeGreaterThan(0)
  for (const [selected, all] of reads) {
    expect(all).toBeGreaterThan(50)
    expect(selected).toBeLessThan((all * hours) / 24)
  }
})
