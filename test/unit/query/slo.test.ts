import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { SloDefinition } from '../../../collector/record/slo.ts'
import { type SpanRow, spansTable } from '../../../collector/record/span.ts'
import type { TransactionRule } from '../../../collector/record/transaction-settings.ts'
import { burnWindowsMs, type Counted, statusOf } from '../../../collector/service/query/slo.ts'
import {
  type SloBurnRow,
  type SloStepRow,
  sloBurnQuery,
  sloFromMs,
  sloWindowsQuery,
} from '../../../collector/service/query/slo-sql.ts'
import { defaultNaming } from '../../../collector/service/query/transaction-naming.ts'
import { rollupConfig } from '../../../collector/service/rollup/rollup-config.ts'
import { createRollupRuns } from '../../../collector/service/rollup/run.ts'
import { randomFrom } from '../../property/rollup-world.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { type HistoryHour, seedHistory } from '../../support/seed/history.ts'
import { seedTraces } from '../../support/seed/traces.ts'
import { testSeed } from '../../support/test-seed.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

describe('worked examples of the SRE workbook: 99.9 % over 30 days', () => {
  const slo = { target: 0.999, windowDays: 30 } as const
  const quiet: Counted = { total: 0, good: 0 }
  const rate = (bad: number): Counted => ({ total: 1_000_000, good: 1_000_000 * (1 - bad) })
  const given = (counted: Partial<Record<keyof typeof burnWindowsMs | 'window', Counted>>) =>
    statusOf(slo, { window: rate(0), m5: quiet, m15: quiet, h1: quiet, h6: quiet, ...counted })
  const day = 86_400_000

  // "Burn rates and time to complete budget exhaustion", table 5-4.
  test.each([
    [1, 0.001, 30 * day],
    [2, 0.002, 15 * day],
    [10, 0.01, 3 * day],
    [1000, 1, 43.2 * 60_000],
  ])('a burn rate of %d, %d of the calls bad, spends the budget in %d ms', (burn, bad, ms) => {
    const status = given({ h1: rate(bad) })
    expect(status.burn.h1).toBeCloseTo(burn, 6)
    expect(status.exhaustedInMs).toBeCloseTo(ms, -2)
  })

  // Table 5-6 for 2 % in an hour and 5 % in 6 hours; the second with a short window of 15 minutes.
  test.each<[string, Parameters<typeof given>[0], 'fast' | 'slow' | null]>([
    [
      '1.44 % in an hour and in 5 minutes is not faster than 14.4',
      { h1: rate(0.0143), m5: rate(0.0143) },
      null,
    ],
    ['1.45 % in both is', { h1: rate(0.0145), m5: rate(0.0145) }, 'fast'],
    ['an hour alone is over', { h1: rate(0.1), m5: rate(0.001) }, null],
    ['five minutes alone do not matter yet', { h1: rate(0.001), m5: rate(1) }, null],
    ['0.61 % in 6 hours and 15 minutes', { h6: rate(0.0061), m15: rate(0.0061) }, 'slow'],
    ['0.59 % in 6 hours', { h6: rate(0.0059), m15: rate(0.1) }, null],
    ['both are the fast one', { h1: rate(1), m5: rate(1), h6: rate(1), m15: rate(1) }, 'fast'],
  ])('%s', (_name, counted, burning) => {
    expect(given(counted)).toMatchObject({ burning, state: burning ? 'burning' : 'ok' })
  })

  // 60 calls an hour, of which 99.9 % shall be good: one bad call burns 16.7 times too fast.
  test.each<[bad: number, alertBadCalls: number | undefined, burning: 'fast' | null]>([
    [1, undefined, null],
    [4, undefined, null],
    [5, undefined, 'fast'],
    [60, undefined, 'fast'],
    [1, 1, 'fast'],
    [59, 60, null],
  ])('%d of 60 calls bad in an hour, %s are asked for: %s', (bad, alertBadCalls, burning) => {
    const counted = { total: 60, good: 60 - bad }
    const status = statusOf(
      { ...slo, ...(alertBadCalls === undefined ? {} : { alertBadCalls }) },
      { window: rate(0), m5: counted, m15: quiet, h1: counted, h6: quiet },
    )
    expect(status).toMatchObject({ burning, bad: { h1: bad, h6: 0 } })
    expect(status.burn.h1).toBeGreaterThan(14.4)
  })

  test('14.4 for an hour spends 2 % of the budget, 6 for six hours 5 %', () => {
    const spentIn = (hours: number, burn: number) => (burn * hours) / (30 * 24)
    expect([spentIn(1, 14.4), spentIn(6, 6)]).toEqual([0.02, 0.05].map((one) => expect.closeTo(one, 9)))
  })

  test('the budget is left in shares, calls and minutes', () => {
    // 3,600,000 calls allow 3,600 bad ones, and 43.2 minutes; 900 were bad.
    expect(given({ window: { total: 3_600_000, good: 3_599_100 } })).toMatchObject({
      sli: 0.99975,
      budget: { left: near(0.75), leftCalls: near(2_700), leftMinutes: near(32.4) },
      state: 'ok',
      exhaustedInMs: null,
    })
    expect(given({ window: { total: 1_000, good: 998 }, h1: rate(0.1), m5: rate(0.1) })).toMatchObject({
      budget: { left: near(-1), leftCalls: near(-1) },
      state: 'exhausted',
      burning: 'fast',
      exhaustedInMs: 0,
    })
    expect(given({ window: quiet })).toMatchObject({ sli: null, state: 'no data', budget: { left: 1 } })
  })
})

describe('against a plain count of weighted calls', () => {
  const seed = testSeed()
  const random = randomFrom(seed)
  const hour = 3_600_000
  const minute = 60_000
  const nowMs = Math.floor(Date.now() / hour) * hour + 37 * minute + 12_345
  const spansFromMs = Math.floor(nowMs / hour) * hour - 8 * hour

  interface Call {
    readonly atMs: number
    readonly service: string
    readonly entering: boolean
    readonly operation: string
    readonly failed: boolean
    readonly durationMs: number
    readonly weight: number
  }
  const calls: Call[] = []
  let clickHouse: TestClickHouse

  beforeAll(async () => {
    clickHouse = await startTestClickHouse()
    const { store } = clickHouse
    const rows = spanRows(calls)
    expect((await store.insert({ table: spansTable, rows }, 'spans')).type).toBe('stored')
    const clock = { nowMs: () => nowMs, monotonicMs: () => 0, sleep: async () => {} }
    const config = { ...rollupConfig, windowMs: 40 * hour, minutesMax: 2_000 }
    const runs = createRollupRuns({ store, clock }, config)
    while ((await runs.next()).backlog);
    const past = Array.from({ length: 30 * 24 }, (_, back): HistoryHour => {
      const count = random.below(50)
      return {
        hourMs: spansFromMs - (back + 1) * hour,
        service: 'front',
        operation: 'GET /cart/{id}',
        calls: count,
        errors: Math.floor(count / 10),
        durations: [[random.pick([5, 900]), count]],
      }
    })
    await seedHistory(store, past)
    for (const one of past)
      for (let index = 0; index < one.calls; index++)
        calls.push({
          atMs: one.hourMs,
          service: 'front',
          entering: true,
          operation: 'GET /cart/{id}',
          failed: index < (one.errors ?? 0),
          durationMs: one.durations[0]?.[0] ?? 0,
          weight: 1,
        })
  })
  afterAll(() => clickHouse?.close())

  function spanRows(into: Call[]): SpanRow[] {
    const [template] = seedTraces({ fromMs: spansFromMs, minutes: 1, tracesPerMinute: 1 }).first
    if (!template) throw new Error('cannot seed: no span')
    const rows: SpanRow[] = []
    for (let index = 0; index < 500; index++) {
      // In few minutes, which are fast to roll up; the newest are read raw.
      const atMs = nowMs - random.pick([1, 3, 4, 12, 50, 200, 400]) * minute + random.below(minute)
      const traceId = random.bytes(16)
      const front = random.bytes(8)
      const weight = random.pick([1, 1, 2.5, 4])
      for (const service of ['front', 'back']) {
        const entering = service === 'front'
        const call = {
          atMs,
          service,
          entering,
          operation: entering ? 'GET /cart/{id}' : 'query',
          failed: random.chance(entering ? 0.02 : 0.2),
          durationMs: random.pick([3, 20, 134, 135, 700]),
          weight,
        }
        into.push(call)
        rows.push({
          ...template,
          trace_id: traceId,
          span_id: entering ? front : random.bytes(8),
          parent_span_id: entering ? new Uint8Array(8) : front,
          start_time: BigInt(atMs) * 1_000_000n,
          duration_ns: BigInt(call.durationMs) * 1_000_000n,
          service,
          kind: 2,
          operation: entering ? 'GET' : 'query',
          http_method: entering ? 'GET' : '',
          http_route: entering ? '/cart/{id}' : '',
          status: call.failed ? 2 : 0,
          weight,
          received_at: atMs + 50,
        })
      }
    }
    return rows
  }

  const base = {
    application: 'shop',
    service: '',
    transaction: '',
    objective: 'availability',
    thresholdMs: 0,
    target: 0.99,
    windowDays: 30,
  } as const
  /** A border of buckets: 2^27 ns, between 134 and 135 ms. */
  const thresholdMs = 2 ** 27 / 1e6
  const definitions: Record<string, Omit<SloDefinition, 'name'>> = {
    'the whole application': base,
    'a tier that others call': { ...base, service: 'back', windowDays: 7 },
    'a transaction': { ...base, service: 'front', transaction: 'GET /cart/{id}', windowDays: 28 },
    'latency of the application': { ...base, objective: 'latency', thresholdMs },
    'latency of a tier': { ...base, service: 'back', objective: 'latency', thresholdMs, windowDays: 7 },
    'latency of a transaction': {
      ...base,
      service: 'front',
      transaction: 'GET /cart/{id}',
      objective: 'latency',
      thresholdMs,
    },
  }
  const slos = Object.entries(definitions).map(([name, definition]) => ({
    sloId: name,
    definition: { name, ...definition },
  }))

  function countOf(definition: SloDefinition, fromMs: number): Counted {
    const own = calls.filter(
      (call) =>
        call.atMs >= fromMs &&
        (definition.service === '' ? call.entering : call.service === definition.service) &&
        (definition.transaction === '' || (call.entering && call.operation === definition.transaction)),
    )
    const isGood = (call: Call) =>
      definition.objective === 'availability' ? !call.failed : call.durationMs <= definition.thresholdMs
    const sum = (of: readonly Call[]) => of.reduce((total, { weight }) => total + weight, 0)
    return { total: sum(own), good: sum(own.filter(isGood)) }
  }

  test(`windows of 7, 28 and 30 days, each in one question for all (BINNACLE_TEST_SEED=${seed})`, async () => {
    const rows = await clickHouse.store.query<SloStepRow>(
      sloWindowsQuery({ slos, nowMs, naming: defaultNaming }),
    )
    expect(rows.map(({ sloId, total, good }) => ({ sloId, total, good }))).toEqual(
      slos
        .toSorted((a, b) => (a.sloId < b.sloId ? -1 : 1))
        .map(({ sloId, definition }) => {
          const { total, good } = countOf(definition, sloFromMs(definition.windowDays, nowMs))
          return { sloId, total: near(total), good: near(good) }
        }),
    )
  })

  test('steps of a window add up to it', async () => {
    const [whole] = await clickHouse.store.query<SloStepRow>(
      sloWindowsQuery({ slos: slos.slice(0, 1), nowMs, naming: defaultNaming }),
    )
    const steps = await clickHouse.store.query<SloStepRow>(
      sloWindowsQuery({ slos: slos.slice(0, 1), nowMs, naming: defaultNaming, stepMs: 24 * hour }),
    )
    expect(steps.length).toBe(31)
    expect(steps.reduce((sum, one) => sum + one.total, 0)).toBeCloseTo(whole?.total ?? 0, 3)
    expect(steps.reduce((sum, one) => sum + one.good, 0)).toBeCloseTo(whole?.good ?? 0, 3)
  })

  test('burn windows of 5 and 15 minutes, 1 and 6 hours', async () => {
    const rows = await clickHouse.store.query<SloBurnRow>(
      sloBurnQuery({ slos, nowMs, naming: defaultNaming }),
    )
    for (const { sloId, definition } of slos) {
      const row = rows.find((one) => one.sloId === sloId)
      for (const [name, ms] of Object.entries(burnWindowsMs)) {
        const { total, good } = countOf(definition, Math.floor((nowMs - ms) / minute) * minute)
        expect(row?.[name as keyof typeof burnWindowsMs], `${sloId} ${name}`).toEqual([
          near(total),
          near(good),
        ])
      }
    }
  })

  test('the newest calls of a transaction are found by the name that a rule gives it', async () => {
    const definition = { name: '', ...base, service: 'front', transaction: 'Cart' } as const
    const rules: TransactionRule[] = [{ label: 'cart', when: [], action: 'name', name: 'Cart' }]
    const totalBy = async (settings: typeof defaultNaming.settings) => {
      const naming = { ...defaultNaming, settings }
      const slos = [{ sloId: 'renamed', definition }]
      const [row] = await clickHouse.store.query<SloBurnRow>(sloBurnQuery({ slos, nowMs, naming }))
      return row?.m5[0] ?? 0
    }
    expect(await totalBy(defaultNaming.settings)).toBe(0)
    expect(await totalBy(new Map([['shop', { rules }]]))).toBeGreaterThan(0)
  })

  test('a threshold within a bucket counts the newest calls exactly and divides the bucket of rolled up ones', async () => {
    const slo = {
      sloId: 'inside',
      definition: { name: '', ...base, objective: 'latency', thresholdMs: 134.5, windowDays: 7 } as const,
    }
    const [row] = await clickHouse.store.query<SloStepRow>(
      sloWindowsQuery({ slos: [slo], nowMs, naming: defaultNaming }),
    )
    const from = sloFromMs(7, nowMs)
    const faster = countOf({ ...slo.definition, thresholdMs: 134 }, from).good
    const slower = countOf({ ...slo.definition, thresholdMs: 135 }, from).good
    expect(row?.good).toBeGreaterThan(faster)
    expect(row?.good).toBeLessThan(slower)
  })
})

const near = (value: number) => expect.closeTo(value, 3)
