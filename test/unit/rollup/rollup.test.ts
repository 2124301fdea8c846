import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type SpanRow, spansTable } from '../../../collector/record/span.ts'
import {
  type ApplicationRedRow,
  type ApplicationStepRow,
  applicationStepsQuery,
  applicationsRedQuery,
} from '../../../collector/service/query/applications.ts'
import {
  type OperationListRow,
  type OperationStepRow,
  operationStepsQuery,
  operationsQuery,
} from '../../../collector/service/query/operations.ts'
import { everything, type Query } from '../../../collector/service/query/query.ts'
import type { RedRow } from '../../../collector/service/query/red.ts'
import { defaultNaming } from '../../../collector/service/query/transaction-naming.ts'
import {
  computeMinutes,
  entryTables,
  nextGeneration,
} from '../../../collector/service/rollup/compute-minutes.ts'
import { rebuildRollup } from '../../../collector/service/rollup/rebuild.ts'
import { rollupConfig as defaults } from '../../../collector/service/rollup/rollup-config.ts'
import { createRollupRuns } from '../../../collector/service/rollup/run.ts'
import { startTestClickHouse, type TestClickHouse } from '../../support/clickhouse.ts'
import { seedTraces, toHex } from '../../support/seed/traces.ts'
import { rawRed, rolledRed } from './compare.ts'

// Each run writes fourteen tables.
vi.setConfig({ testTimeout: 120_000 })

const minute = 60_000
const hour = 60 * minute
/** A whole hour, two days ago: the seed lies around a change of hour. */
const baseMs = Math.floor(Date.now() / hour) * hour - 48 * hour
let clickHouse: TestClickHouse
const ask = <Row>(query: Query) => clickHouse.store.query<Row>(query)

beforeAll(async () => {
  clickHouse = await startTestClickHouse()
})
afterAll(() => clickHouse?.close())

beforeEach(async () => {
  for (const { name } of await ask<{ name: string }>({
    sql: "SELECT name FROM system.tables WHERE database = currentDatabase() AND (name = 'spans' OR match(name, '_1[mh]$|^rollup_')) AND total_rows > 0",
    params: {},
  }))
    await clickHouse.store.client.command({ query: `TRUNCATE TABLE ${name}` })
})

let inserts = 0
async function insert(rows: readonly SpanRow[]): Promise<void> {
  const outcome = await clickHouse.store.insert({ table: spansTable, rows }, `rollup test ${inserts++}`)
  expect(outcome.type).toBe('stored')
}

/** A minute that was just computed may be computed again at once. */
const rollupConfig = { ...defaults, spacingMsMin: 0, spacingMsMax: 0, restFactor: 0, windowMs: 4 * hour }
/** The tables of entry spans alone, and not that they are done. */
async function computeEntries(minutes: readonly number[], generation: bigint): Promise<void> {
  for (const table of entryTables) {
    const { sql, params } = table({ minutes, generation, naming: defaultNaming })
    await clickHouse.store.client.command({ query: sql, query_params: params })
  }
}
const clockAt = (ms: number) => ({ nowMs: () => ms, monotonicMs: () => ms, sleep: async () => {} })
const rollUpAt = (nowMs: number, over: Partial<typeof rollupConfig> = {}) =>
  createRollupRuns({ store: clickHouse.store, clock: clockAt(nowMs) }, { ...rollupConfig, ...over }).next()

/** As the job does: runs until nothing is left to do. Returns the number of runs. */
async function catchUpAt(nowMs: number, over: Partial<typeof rollupConfig> = {}): Promise<number> {
  const clock = clockAt(nowMs)
  const runs = createRollupRuns({ store: clickHouse.store, clock }, { ...rollupConfig, ...over })
  for (let count = 1; count <= 100; count++) if (!(await runs.next()).backlog) return count
  throw new Error('does not end')
}

async function expectEqual(): Promise<void> {
  const raw = await ask(rawRed)
  expect(raw.length).toBeGreaterThan(0)
  expect(await ask(rolledRed)).toEqual(raw)
}

const seed = (minutes = 12, fromMs = baseMs - 6 * minute) =>
  seedTraces({ fromMs, minutes, tracesPerMinute: 20 })
/** When all of it has long arrived. */
const laterMs = baseMs + 30 * minute

describe('rolled-up minutes equal raw spans in every key, counter and bucket', () => {
  test('after duplicated inserts', async () => {
    const { first, late, duplicates } = seed()
    for (const rows of [first, late, duplicates, first]) await insert(rows)
    await catchUpAt(laterMs)
    await expectEqual()
  })

  test('after spans that arrive in a later run, among them callers after their callees', async () => {
    const { first, late } = seed()
    const isRoot = (row: SpanRow) => row.kind === 2 && row.operation === 'GET /hw2'
    await insert(first.filter((row) => !isRoot(row)).map((row) => ({ ...row, received_at: baseMs })))
    await catchUpAt(laterMs)
    await expectEqual()
    const at = laterMs + 20 * minute
    await insert([...first.filter(isRoot), ...late].map((row) => ({ ...row, received_at: at })))
    await catchUpAt(at + 5_000)
    await expectEqual()
  })

  test('when a caller arrives late and started in another minute', async () => {
    const { first } = seed(1)
    const callee = first.find((row) => row.operation === 'GET /') as SpanRow
    const caller = first.find((row) => toHex(row.span_id) === toHex(callee.parent_span_id)) as SpanRow
    await insert([{ ...callee, received_at: baseMs }])
    await catchUpAt(laterMs)
    const entering = async () => (await ask<{ entering: boolean }>(rolledRed)).map((row) => row.entering)
    expect(await entering()).toEqual([true])
    await insert([
      {
        ...caller,
        start_time: callee.start_time - 90_000_000_000n,
        duration_ns: 120_000_000_000n,
        received_at: laterMs,
      },
    ])
    await catchUpAt(laterMs + 10_000)
    expect(await entering()).toEqual([false])
    await expectEqual()
  })

  test('in whatever order spans arrive, and however many inserts bring them', async () => {
    const { first, late } = seed()
    const rows = [...first, ...late].map((row, index) => ({
      ...row,
      received_at: baseMs + (index % 7) * 1000,
    }))
    const shuffled = rows.toSorted((a, b) => Buffer.compare(a.span_id, b.span_id))
    for (let part = 0; part < 5; part++) {
      await insert(shuffled.filter((_, index) => index % 5 === part))
      await rollUpAt(baseMs + 10_000 + part * 15_000)
    }
    await catchUpAt(laterMs)
    await expectEqual()
  })

  test('after a crash between the writes, and after one before the progress is written', async () => {
    const { first, late } = seed()
    await insert(first.map((row) => ({ ...row, received_at: baseMs })))
    await catchUpAt(laterMs)
    await insert(late.map((row) => ({ ...row, received_at: laterMs })))
    // The rows of one minute alone; a second minute whole; nothing of the others.
    const [one, two] = [baseMs - 3 * minute, baseMs - 2 * minute]
    await computeEntries([one / 1000], nextGeneration(laterMs, 0n))
    await computeMinutes({ store: clickHouse.store, clock: clockAt(laterMs) }, [two], 0n)
    await catchUpAt(laterMs + 15_000)
    await expectEqual()
  })

  test('after a run that died with the clock two hours ahead, in minutes and in their hour', async () => {
    const { first, late } = seed()
    const hourCalls = async () => {
      const [row] = await ask<{ calls: number }>({
        sql: `SELECT sum(calls) AS calls FROM red_1h FINAL
          WHERE (hour, generation) IN (SELECT hour, max(generation) FROM red_1h GROUP BY hour)`,
        params: {},
      })
      return row?.calls
    }
    await insert(first.map((row) => ({ ...row, received_at: baseMs })))
    await catchUpAt(laterMs + 2 * hour)
    const before = await hourCalls()
    await insert(late.map((row) => ({ ...row, received_at: laterMs })))
    // It had written its rows, and not yet that they are done.
    for (const table of ['rollup_minutes', 'rollup_hours', 'rollup_progress'])
      await clickHouse.store.client.command({ query: `TRUNCATE TABLE ${table}` })
    await catchUpAt(laterMs + hour)
    await expectEqual()
    const [rolled] = await ask<{ calls: number }>({
      sql: `SELECT sum(calls) AS calls FROM red_1m FINAL
        WHERE (minute, generation) IN (SELECT minute, max(generation) FROM red_1m GROUP BY minute)
          AND minute < fromUnixTimestamp64Milli({endMs:Int64})`,
      params: { endMs: baseMs + hour },
    })
    expect(await hourCalls()).toBe(rolled?.calls)
    expect(await hourCalls()).toBeGreaterThan(Number(before))
  })

  test('after the same run again, and after two replicas at once', async () => {
    const { first, late } = seed()
    await insert(first)
    await Promise.all([rollUpAt(baseMs + 7 * minute), rollUpAt(baseMs + 7 * minute)])
    await insert(late.map((row) => ({ ...row, received_at: laterMs })))
    await Promise.all([0, 1, 2].map((replica) => catchUpAt(laterMs + 10_000 + replica)))
    await expectEqual()
    await clickHouse.store.client.command({ query: 'TRUNCATE TABLE rollup_progress' })
    await clickHouse.store.client.command({ query: 'TRUNCATE TABLE rollup_minutes' })
    await catchUpAt(laterMs + 20_000)
    await expectEqual()
    await clickHouse.store.client.command({ query: 'OPTIMIZE TABLE red_1m FINAL' })
    await expectEqual()
  })

  test('when a replica that started earlier writes last', async () => {
    const { first, late } = seed()
    const minutes = Array.from({ length: 12 }, (_, index) => baseMs / 1000 + (index - 6) * 60)
    const compute = async (generation: bigint) => {
      for (const each of [minutes.slice(0, 6), minutes.slice(6)]) {
        await computeEntries(each, generation)
      }
    }
    await insert([...first, ...late])
    await compute(2n)
    await expectEqual()
    // What the other one had seen: one tier less, under another version.
    await clickHouse.store.client.command({ query: 'TRUNCATE TABLE spans' })
    await insert(first.filter((row) => row.service !== 'benigno').map((row) => ({ ...row, version: 'old' })))
    await compute(1n)
    await clickHouse.store.client.command({ query: 'TRUNCATE TABLE spans' })
    await insert([...first, ...late])
    await expectEqual()
    await clickHouse.store.client.command({ query: 'OPTIMIZE TABLE red_1m FINAL' })
    await expectEqual()
  })

  test('when the clock is put back', async () => {
    const { first, late } = seed()
    await insert(first.map((row) => ({ ...row, received_at: baseMs })))
    await catchUpAt(laterMs + 24 * hour)
    await insert(late.map((row) => ({ ...row, received_at: baseMs + 1_000 })))
    await rebuildRollup(
      { store: clickHouse.store, clock: clockAt(laterMs) },
      { fromMs: baseMs - 6 * minute, toMs: baseMs + 6 * minute },
    )
    await expectEqual()
  })
})

test('minutes whose spans were removed are empty once they are rebuilt, and nothing else changes', async () => {
  await insert(seed().first)
  await catchUpAt(laterMs)
  const cut = baseMs
  await clickHouse.store.client.command({
    query: 'ALTER TABLE spans DELETE WHERE start_time >= fromUnixTimestamp64Milli({cut:Int64})',
    query_params: { cut },
    clickhouse_settings: { mutations_sync: '2' },
  })
  const seen: number[] = []
  const deps = { store: clickHouse.store, clock: clockAt(laterMs + defaults.minAgeMs) }
  const done = await rebuildRollup(deps, { fromMs: cut, toMs: laterMs }, (p) => seen.push(p.done))
  expect(done).toBe(30)
  expect(seen).toEqual([10, 20, 30])
  await expectEqual()
  const stale = await ask({
    sql: 'SELECT 1 FROM red_1m WHERE minute >= toDateTime({at:UInt32}) AND calls > 0',
    params: { at: cut / 1000 },
  })
  expect(stale.length).toBeGreaterThan(0)
})

test('a range whose raw spans may have expired is not rebuilt', async () => {
  const deps = { store: clickHouse.store, clock: clockAt(baseMs) }
  const range = { fromMs: baseMs - rollupConfig.keptMs - 1, toMs: baseMs }
  await expect(rebuildRollup(deps, range)).rejects.toThrow('cannot rebuild from')
})

test('an outage of three hours is caught up in bounded runs, the oldest minutes first', async () => {
  const { first, late } = seedTraces({ fromMs: baseMs - 3 * hour, minutes: 180, tracesPerMinute: 2 })
  await insert([...first, ...late])
  const one = await rollUpAt(baseMs, { minutesMax: 25 })
  expect(one).toMatchObject({ minutes: 25, backlog: true })
  const [oldest] = await ask<{ first: number; count: number }>({
    sql: 'SELECT toUnixTimestamp(min(minute)) * 1000 AS first, count() AS count FROM rollup_minutes FINAL',
    params: {},
  })
  expect(oldest).toEqual({ first: baseMs - 3 * hour, count: 25 })
  const runs = await catchUpAt(baseMs + 15 * minute, { minutesMax: 25 })
  expect(runs).toBeLessThan(14)
  await expectEqual()
})

test('nothing is computed where nothing was received', async () => {
  expect(await rollUpAt(baseMs)).toMatchObject({ minutes: 0, backlog: false })
  await insert(seed().first)
  await catchUpAt(laterMs)
  expect(await rollUpAt(laterMs + hour)).toMatchObject({ minutes: 0, backlog: false })
})

describe('screens of long ranges', () => {
  // Neither bound is a whole minute; the last minutes are not rolled up.
  const scope = { fromMs: baseMs - 7 * hour + 12_345, toMs: baseMs - 100, application: 'shop' }
  const list = { ...scope, service: everything, limit: 100 }
  const short = (minutes: number) => ({ ...scope, toMs: scope.fromMs + minutes * minute })

  async function fill(): Promise<void> {
    const traces = seedTraces({ fromMs: baseMs - 7 * hour, minutes: 420, tracesPerMinute: 1 })
    for (const rows of [traces.first, traces.late, traces.duplicates]) await insert(rows)
  }

  /** Everything that both ways must give alike; quantiles apart. */
  const counted = <T extends RedRow>(rows: readonly T[]) =>
    rows.map((row) => ({ ...row, p50Ms: 0, p95Ms: 0, p99Ms: 0, quantilesNs: [] }))

  test('are the same, whether all, some or none of their minutes are rolled up', async () => {
    await fill()
    const answers = async () => ({
      red: counted(await ask<ApplicationRedRow>(applicationsRedQuery(scope))),
      steps: counted(await ask<ApplicationStepRow>(applicationStepsQuery({ ...scope, stepMs: 300_000 }))),
      operations: counted(await ask<OperationListRow>(operationsQuery(list))),
      spark: await ask<OperationStepRow>(operationStepsQuery({ ...list, stepMs: 300_000 })),
    })
    const none = await answers()
    expect(none.red[0]?.calls).toBeGreaterThan(400)
    await rollUpAt(baseMs - 3 * hour)
    await catchUpAt(baseMs - 3 * hour)
    expect(await answers()).toEqual(none)
    await catchUpAt(baseMs + hour)
    expect(await answers()).toEqual(none)
    // The middle does come from the rollup.
    await clickHouse.store.client.command({ query: 'TRUNCATE TABLE spans' })
    const [left] = await ask<ApplicationRedRow>(applicationsRedQuery(scope))
    expect(left?.calls).toBeGreaterThan(400)
  })

  test('agree with raw spans of a short range in calls, errors, mean and maximum', async () => {
    await fill()
    await catchUpAt(baseMs + hour)
    const steps = async (range: typeof scope) =>
      (await ask<ApplicationStepRow>(applicationStepsQuery({ ...range, stepMs: 300_000 }))).slice(0, 60)
    const [long, raw] = [await steps(scope), await steps(short(350))]
    expect(counted(long)).toEqual(counted(raw))
    for (const [index, row] of long.entries()) {
      for (const name of ['p50Ms', 'p95Ms', 'p99Ms'] as const)
        expect(row[name], `${name} of step ${index}`).toBeGreaterThan(0)
    }
  })

  test('have quantiles within 4.4 % of the exact ones', async () => {
    const [model] = seed(1).first
    const rows = Array.from({ length: 5_000 }, (_, index) => ({
      ...(model as SpanRow),
      parent_span_id: new Uint8Array(8),
      span_id: new Uint8Array(Buffer.from((index + 1).toString(16).padStart(16, '0'), 'hex')),
      start_time: BigInt(baseMs - 5 * hour) * 1_000_000n + BigInt(index) * 1_000_000_000n,
      // 50 µs to 50 s, evenly on a logarithmic scale.
      duration_ns: BigInt(Math.round(50_000 * 10 ** ((6 * index) / 5_000))),
      received_at: baseMs - 2 * hour,
    }))
    await insert(rows)
    await catchUpAt(baseMs + hour)
    const [row] = await ask<ApplicationRedRow>(applicationsRedQuery(scope))
    expect(row?.calls).toBe(5_000)
    const exact = (level: number) => Number(rows[Math.ceil(level * 5_000) - 1]?.duration_ns) / 1e6
    for (const [got, level] of [
      [row?.p50Ms, 0.5],
      [row?.p95Ms, 0.95],
      [row?.p99Ms, 0.99],
    ] as const)
      expect(Math.abs((got ?? 0) / exact(level) - 1), `p${level * 100}`).toBeLessThan(0.0455)
  })
})
