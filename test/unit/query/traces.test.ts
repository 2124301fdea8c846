import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { everything, type Query } from '../../../collector/service/query/query.ts'
import {
  foundTrace,
  type TraceKey,
  type TraceMinuteRow,
  type TraceSpanRow,
  traceMinutesQuery,
  traceResourcesQuery,
  traceSpansQuery,
} from '../../../collector/service/query/trace-detail.ts'
import {
  foundTracesQuery,
  type MatchesRow,
  matchesQuery,
  type TraceFilter,
  type TraceListRow,
  type TracePage,
  type TraceStepRow,
  traceStepsQuery,
  tracesQuery,
} from '../../../collector/service/query/traces.ts'
import { defaultNaming } from '../../../collector/service/query/transaction-naming.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { type SeedFacts, seedDemo } from '../../support/seed.ts'

let clickHouse: TestClickHouse
let facts: SeedFacts
const ask = <Row>(query: Query) => clickHouse.store.query<Row>(query)
const only = (...values: string[]) => ({ in: values, out: [] })

beforeAll(async () => {
  clickHouse = await startTestClickHouse()
  facts = await seedDemo(clickHouse.store, {
    nowMs: Math.floor(Date.now() / 60_000) * 60_000,
    minutes: 10,
    tracesPerMinute: 20,
  })
})
afterAll(() => clickHouse?.close())

const filterOf = (over: Partial<TraceFilter>): TraceFilter => ({
  fromMs: facts.fromMs,
  toMs: facts.toMs,
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
  ...over,
})
/** As the panels ask, in one, and as the API does, in two. */
async function search(over: Partial<TraceFilter>, page: Partial<TracePage> = {}): Promise<TraceListRow[]> {
  const whole: TracePage = { sort: 'newest', limit: 1_000, ...page }
  const rows = await ask<TraceListRow>(tracesQuery(filterOf(over), whole))
  const matches = await ask<MatchesRow>(matchesQuery(filterOf(over), whole, 60_000))
  const found = matches.find((row) => row.whole)?.found ?? []
  expect(found.length === 0 ? [] : await ask<TraceListRow>(foundTracesQuery(found, whole))).toEqual(rows)
  return rows
}

const began = { application: 'shop', entry: 'magnanimo', transaction: 'GET /hw2', naming: defaultNaming }

describe('trace search', () => {
  // 200 traces and 50 that a link continues.
  const cases: [name: string, filter: Partial<TraceFilter>, traces: number][] = [
    ['everything', {}, 250],
    ['a service', { service: only('ordini') }, 100],
    [
      'a service left out keeps traces with a span of another',
      { service: { in: [], out: ['magnanimo'] } },
      250,
    ],
    ['an operation', { operation: only('GET /hw2') }, 200],
    ['a version', { version: only('v2') }, 20],
    ['a pod', { pod: only('benigno-v2-6f77-0') }, 20],
    ['a transaction', { transaction: began }, 200],
    ['a transaction of another tier', { transaction: { ...began, entry: 'ordini' } }, 0],
    ['a transaction, of traces that pass a tier', { transaction: began, service: only('ordini') }, 100],
    ['a transaction that failed', { transaction: began, status: 'error' }, 10],
    // Not those in which only a consumer took 40 ms.
    ['a transaction that was slow itself', { transaction: began, minMs: 40 }, 144],
    ['errors', { status: 'error' }, 10],
    ['no errors', { status: 'ok' }, 240],
    ['errors of a version without any', { status: 'error', version: only('v2') }, 0],
    ['slow', { minMs: 1_000 }, 8],
    ['fast, of one service', { service: only('magnanimo'), maxMs: 1_000 }, 192],
    ['an attribute', { attributes: [['user.tier', 'gold']] }, 67],
    ['a value under another key', { attributes: [['user.name', 'gold']] }, 0],
    ['an attribute without a value, or that is not there', { attributes: [['none.such', '']] }, 250],
    [
      'two attributes on one span',
      {
        attributes: [
          ['user.tier', 'gold'],
          ['http.route', '/hw2'],
        ],
      },
      67,
    ],
    [
      'two attributes on different spans',
      {
        attributes: [
          ['user.tier', 'gold'],
          ['db.namespace', 'shop'],
        ],
      },
      0,
    ],
    ['an application that is not there', { application: only('none') }, 0],
  ]
  test.each(cases)('%s', async (_name, filter, traces) => {
    expect(await search(filter)).toHaveLength(traces)
    const steps = await ask<TraceStepRow>(traceStepsQuery(filterOf(filter), 60_000))
    expect(steps.reduce((sum, row) => sum + row.ok + row.error, 0)).toBe(traces)
    const matches = await ask<MatchesRow>(
      matchesQuery(filterOf(filter), { sort: 'newest', limit: 1 }, 60_000),
    )
    expect(matches.filter((row) => !row.whole)).toMatchObject(steps)
  })

  test('a row tells of the whole trace, whatever span matched', async () => {
    const rows = await search({ service: only('spedizioni') })
    expect(rows.find((row) => row.traceId === facts.traces.sampleTraceId)).toMatchObject({
      rootService: 'magnanimo',
      rootOperation: 'GET /hw2',
      rootMissing: false,
      spans: 8,
      errors: 0,
      services: ['benigno', 'magnanimo', 'ordini', 'spedizioni'],
      httpStatus: 200,
      versions: ['benigno@v1', 'magnanimo@1.4.0', 'ordini@v1', 'spedizioni@v1'],
    })
  })

  test('where the root is not stored the earliest span stands in', async () => {
    const rows = await search({ service: only('magnanimo') })
    const rootless = rows.filter((row) => row.rootMissing)
    expect(rootless.map((row) => row.traceId)).toContain(facts.traces.rootlessTraceId)
    expect(rootless.every((row) => row.rootOperation === 'GET /hw2')).toBe(true)
  })

  test('slowest first, newest first, and no more than asked for', async () => {
    const slowest = await search({}, { sort: 'slowest', limit: 5 })
    expect(slowest).toHaveLength(5)
    expect(slowest.every((row) => row.durationMs > 1_200)).toBe(true)
    const newest = await search({}, { limit: 5 })
    expect(newest.map((row) => row.startMs)).toEqual(newest.map((row) => row.startMs).sort((a, b) => b - a))
  })
})

/** As the API finds it; nothing is rolled up here. */
async function find(key: TraceKey) {
  return foundTrace(key, await ask<TraceMinuteRow>(traceMinutesQuery(key, 0)))
}

async function spansOf(key: TraceKey): Promise<TraceSpanRow[]> {
  const found = await find(key)
  return found ? ask<TraceSpanRow>(traceSpansQuery(found, 100)) : []
}

test('a trace has each span once, with its events, links and resources', async () => {
  const key = { traceId: facts.traces.linkedTraceId }
  const [consumer, ...others] = await spansOf(key)
  expect(others).toEqual([])
  expect(consumer).toMatchObject({
    service: 'spedizioni',
    kind: 'consumer',
    parentSpanId: '',
    status: 'unset',
  })
  expect(consumer?.links).toHaveLength(1)
  const [resource] = await ask(traceResourcesQuery((await find(key)) ?? { key }))
  expect(resource).toMatchObject({
    resourceId: consumer?.resourceId,
    attributes: { 'service.name': 'spedizioni' },
  })
})

test('a bound that misses the trace finds nothing, one around it everything', async () => {
  const { traceId } = { traceId: facts.traces.sampleTraceId }
  const spans = (fromMs: number, toMs: number) => spansOf({ traceId, fromMs, toMs })
  expect(await spans(facts.fromMs - 3_600_000, facts.fromMs)).toHaveLength(0)
  expect(await spans(facts.fromMs, facts.toMs)).toHaveLength(8)
})
