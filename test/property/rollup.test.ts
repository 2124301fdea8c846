import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { type SpanRow, spansTable } from '../../collector/record/span.ts'
import { rebuildRollup } from '../../collector/service/rollup/rebuild.ts'
import { rollupConfig } from '../../collector/service/rollup/rollup-config.ts'
import { createRollupRuns, type RunDeps } from '../../collector/service/rollup/run.ts'
import { startTestClickHouse, type TestClickHouse } from '../support/clickhouse.ts'
import { modelOf } from './rollup-model.ts'
import { tablesOf } from './rollup-tables.ts'
import { createWorld, type Random, randomFrom } from './rollup-world.ts'

vi.setConfig({ testTimeout: 240_000 })
const minute = 60_000
const day = 86_400_000
const seed = Number(process.env['BINNACLE_ROLLUP_SEED'] ?? Date.now() % 1_000_000)
const midnightMs = Math.floor(Date.now() / day) * day - day

let clickHouse: TestClickHouse
beforeAll(async () => {
  clickHouse = await startTestClickHouse()
})
afterAll(() => clickHouse?.close())
beforeEach(async () => {
  const tables = await clickHouse.store.query<{ name: string }>({
    sql: "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' AND name != 'schema_migrations' AND total_rows > 0",
    params: {},
  })
  for (const { name } of tables) await clickHouse.store.client.command({ query: `TRUNCATE TABLE ${name}` })
})

let inserts = 0
async function insert(rows: readonly SpanRow[]): Promise<void> {
  const outcome = await clickHouse.store.insert({ table: spansTable, rows }, `world ${seed} ${inserts++}`)
  expect(outcome.type).toBe('stored')
}

/** Shuffled, in random chunks. */
async function insertAnyhow(random: Random, rows: readonly SpanRow[]): Promise<void> {
  let left = rows.map((row) => ({ row, at: random.next() })).toSorted((a, b) => a.at - b.at)
  while (left.length > 0) {
    const size = 1 + random.below(left.length)
    await insert(left.slice(0, size).map(({ row }) => row))
    left = left.slice(size)
  }
}

class Crash extends Error {}

/** The store, until its n-th statement: the process dies before it reaches the database. */
function dyingStore(statements: number): RunDeps['store'] {
  let left = statements
  const alive = () => {
    if (left-- <= 0) throw new Crash()
  }
  const { store } = clickHouse
  return {
    query: async (query, options) => {
      alive()
      return store.query(query, options)
    },
    carryOver: store.carryOver,
    client: new Proxy(store.client, {
      get: (client, name) =>
        name === 'command'
          ? async (params: Parameters<typeof client.command>[0]) => {
              alive()
              return client.command(params)
            }
          : Reflect.get(client, name),
    }),
  }
}

async function play(seed: number, traces: number): Promise<void> {
  const random = randomFrom(seed)
  const world = createWorld(random, [midnightMs, midnightMs + 60 * minute], traces)
  let nowMs = Math.floor(world.arrivals[0]?.atMs ?? midnightMs)
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep: async () => {} }
  const config = { ...rollupConfig, minutesMax: 1 + random.below(20) }
  let runs: ReturnType<typeof createRollupRuns> | undefined
  let [next, crashes, done] = [0, 0, 0]

  async function run(crashing: boolean): Promise<boolean> {
    if (crashing) runs = undefined
    const dying = crashing ? dyingStore(random.below(25)) : clickHouse.store
    runs ??= createRollupRuns({ store: dying, clock }, config)
    try {
      const result = await runs.next()
      done += result.minutes
      return result.backlog || result.minutes > 0
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      crashes++
      return true
    } finally {
      if (crashing) runs = undefined
    }
  }

  while (next < world.arrivals.length) {
    nowMs = Math.max(nowMs + 15_000 + random.below(90_000), (world.arrivals[next]?.atMs ?? 0) + 1)
    const rows: SpanRow[] = []
    for (let one = world.arrivals[next]; one && one.atMs < nowMs; one = world.arrivals[++next])
      // Visible now, received a moment ago.
      rows.push({ ...one.row, received_at: nowMs - random.below(20_000) })
    await insertAnyhow(random, rows)
    if (random.chance(0.6)) await run(random.chance(0.4))
  }
  for (let quiet = 0; quiet < 2; ) {
    nowMs += 11 * minute
    let worked = false
    while (await run(false)) worked = true
    quiet = worked ? 0 : quiet + 1
  }
  // The last hour is over.
  nowMs += 70 * minute
  await run(false)
  expect(crashes + done).toBeGreaterThan(0)
  const want = modelOf(world.spans)
  const got = await tablesOf(clickHouse.store)
  // What calls were compared with was that of the time: classes, and what is made of them.
  const timely = new Set(['snapshots', 'thresholds_1m'])
  const judged = new Set(['red_1m', 'red_1h', 'transactions_1m', 'transactions_1h', 'nodes_1m', 'nodes_1h'])
  const unjudged = (table: string, lines: readonly string[] = []) =>
    judged.has(table) ? lines.map((line) => line.replace(/( \S+){3}$/, '')) : lines
  for (const table of Object.keys(want))
    if (!timely.has(table))
      expect(unjudged(table, got[table]), `${table}, seed ${seed}`).toEqual(unjudged(table, want[table]))

  // Computed anew with all minutes before them as they are, classes are exact, and nothing else changes.
  await rebuildRollup(
    { store: clickHouse.store, clock },
    { fromMs: midnightMs - 5 * minute, toMs: midnightMs + 80 * minute },
  )
  const rebuilt = await tablesOf(clickHouse.store)
  for (const table of Object.keys(want))
    expect(rebuilt[table], `${table} rebuilt, seed ${seed}`).toEqual(want[table])
}

const rounds = Number(process.env['BINNACLE_ROLLUP_ROUNDS'] ?? 1)
test.each(Array.from({ length: rounds }, (_, index) => seed + index))(
  `whatever arrives when, and wherever the job dies, every table equals the spans (seed %i)`,
  (each) => play(each, 50),
)
