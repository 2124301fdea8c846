import { randomInt } from 'node:crypto'
import type { Store } from '../store/store.ts'
import { computeMinutesQuery, recordMinutesQuery } from './minute-sql.ts'

export interface ComputeDeps {
  readonly store: Pick<Store, 'query' | 'client'>
  readonly clock: { nowMs(): number }
}

const minutesPerInsertMax = 10

/**
 * Minutes (Unix ms) as they are computed together: of one UTC hour, which is how spans are sorted and within the day that
 * rollups are partitioned by, and so few that the spans of one insert stay bounded. In the order of their first minute given.
 */
export function groupMinutes(minutesMs: readonly number[]): number[][] {
  const hours = Map.groupBy(minutesMs, (minuteMs) => Math.floor(minuteMs / 3_600_000))
  return [...hours.values()].flatMap((minutes) =>
    Array.from({ length: Math.ceil(minutes.length / minutesPerInsertMax) }, (_, index) =>
      minutes.slice(index * minutesPerInsertMax, (index + 1) * minutesPerInsertMax),
    ),
  )
}

/** Two recomputations never share a generation, and a later one has the greater, though the clock may have been put back. */
export function nextGeneration(
  nowMs: number,
  newest: bigint,
  random: (below: number) => number = randomInt,
): bigint {
  const byClock = BigInt(nowMs) * 1_048_576n
  const base = byClock > newest ? byClock : newest + 1n
  return base + BigInt(random(1_048_576))
}

/** The rows first, then that the minutes are done: a crash in between computes them again. Returns the generation. */
export async function computeMinutes(
  { store, clock }: ComputeDeps,
  minutesMs: readonly number[],
  newest: bigint,
): Promise<bigint> {
  // What is received from here on may be missed.
  const computedMs = clock.nowMs()
  const generation = nextGeneration(computedMs, newest)
  const minutes = minutesMs.map((minuteMs) => minuteMs / 1000)
  await run(store, computeMinutesQuery({ minutes, generation }))
  await run(store, recordMinutesQuery({ minutes, generation, computedMs }))
  return generation
}

/** One block, so that all rows of the minutes appear at once. */
const oneBlock = {
  max_insert_threads: '1',
  min_insert_block_size_rows: '20000000',
  min_insert_block_size_bytes: String(1024 ** 3),
}

export async function run(
  store: Pick<Store, 'client'>,
  { sql, params }: { readonly sql: string; readonly params: Record<string, unknown> },
): Promise<void> {
  await store.client.command({ query: sql, query_params: params, clickhouse_settings: oneBlock })
}
