import { randomInt } from 'node:crypto'
import type { SettingsRow } from '../../record/transaction-settings.ts'
import { type Naming, namingOf } from '../query/transaction-naming.ts'
import type { Query, Store } from '../store/store.ts'
import { newestSettings } from '../store/transaction-settings.ts'
import { hourQueries, staleHoursQuery } from './hour-sql.ts'
import { absentOf, type MinutesToCompute, type PresentRow, presentQuery } from './minutes.ts'
import { newestWrittenQuery, recordMinutesQuery } from './progress-sql.ts'
import { applicationsQuery } from './tables/applications.ts'
import { dbQuery, dbStatementsQuery } from './tables/db.ts'
import { edgesQuery } from './tables/edges.ts'
import { endpointsQuery } from './tables/endpoints.ts'
import { dropEntriesQuery, entriesQuery } from './tables/entries.ts'
import { exceptionGroupsQuery, exceptionSightingsQuery, exceptionsQuery } from './tables/exceptions.ts'
import { queuesQuery } from './tables/queues.ts'
import { nodesQuery, redQuery } from './tables/red.ts'
import { snapshotsQuery } from './tables/snapshots.ts'
import { thresholdsQuery } from './tables/thresholds.ts'
import { traceIndexQuery } from './tables/trace-index.ts'
import { knownTransactionsQuery, transactionsQuery } from './tables/transactions.ts'

export interface ComputeDeps {
  readonly store: Pick<Store, 'query' | 'client' | 'carryOver'>
  readonly clock: { nowMs(): number }
  /** Statements at once, of one core each; 1. */
  readonly lanes?: 1 | 2
}

/** Ingest goes first: the job has one core, and two for minutes of so many spans. */
const busySpans = 1_000_000
export const lanesFor = (spans: number): 1 | 2 => (spans > busySpans ? 2 : 1)

/** Spans that one insert reads, when it is of more than one minute. */
const spansPerInsertMax = 2_000_000

type TableQuery = (minutes: MinutesToCompute) => Query

/** What is made of the entry spans that are set aside, in this order: see tables/entries.ts. */
const ofEntries: readonly TableQuery[] = [
  knownTransactionsQuery,
  thresholdsQuery,
  redQuery,
  transactionsQuery,
  applicationsQuery,
  nodesQuery,
  snapshotsQuery,
]

/** What depends on names and thresholds. */
export const entryTables: readonly TableQuery[] = [
  entriesQuery,
  ...ofEntries,
  endpointsQuery,
  dropEntriesQuery,
]

const ofSpans: readonly TableQuery[] = [
  dbQuery,
  dbStatementsQuery,
  queuesQuery,
  exceptionsQuery,
  exceptionGroupsQuery,
  exceptionSightingsQuery,
  traceIndexQuery,
]

/**
 * Minutes (Unix ms) as they are computed together: of one UTC hour, which is how spans are sorted and within the day that
 * rollups are partitioned by, and so few that the spans of one insert stay bounded, as far as their number is known. In the
 * order of their first minute given.
 */
export function groupMinutes(
  minutesMs: readonly number[],
  spansOf: (minuteMs: number) => number = () => spansPerInsertMax / 10,
): number[][] {
  const hours = Map.groupBy(minutesMs, (minuteMs) => Math.floor(minuteMs / 3_600_000))
  return [...hours.values()].flatMap((minutes) => {
    const groups: number[][] = []
    let room = 0
    for (const minuteMs of minutes) {
      const spans = spansOf(minuteMs)
      if (groups.length === 0 || spans > room) {
        groups.push([])
        room = spansPerInsertMax
      }
      room -= spans
      groups.at(-1)?.push(minuteMs)
    }
    return groups
  })
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

export async function readNaming(store: Pick<Store, 'query'>): Promise<Naming> {
  return namingOf(await store.query<SettingsRow>(newestSettings))
}

/** The rows of every table first, then that the minutes are done: a crash in between computes them again. Returns the generation. */
export async function computeMinutes(
  deps: ComputeDeps,
  minutesMs: readonly number[],
  newest: bigint,
): Promise<bigint> {
  // What is received from here on may be missed.
  const computedMs = deps.clock.nowMs()
  const { lanes = 1 } = deps
  return computeTables(deps, (tables) => runTables(tables, lanes), {
    minutesMs,
    newest,
    computedMs: () => computedMs,
  })
}

/** A computed minute, and when it was. */
export interface ComputedMinute {
  readonly minuteMs: number
  readonly computedMs: number
}

/**
 * The same of the tables that depend on names and thresholds alone. When the minutes were computed stays as it is: their other
 * tables have seen no more.
 */
export async function renameMinutes(
  deps: ComputeDeps,
  minutes: readonly ComputedMinute[],
  newest: bigint,
): Promise<bigint> {
  const times = new Map(minutes.map(({ minuteMs, computedMs }) => [minuteMs, computedMs]))
  return computeTables(deps, (tables) => tables(entryTables), {
    minutesMs: [...times.keys()],
    newest,
    computedMs: (minuteMs) => times.get(minuteMs) ?? 0,
  })
}

type RunTables = (tables: readonly TableQuery[]) => Promise<void>

/**
 * Two lanes, one after the other or at once:
 *
 *   entries ──▶ what is made of them              ──▶ dropped
 *   what is made of all spans ──▶ endpoints, edges ──▶
 */
async function runTables(tables: RunTables, lanes: 1 | 2): Promise<void> {
  if (lanes === 1) return tables([...entryTables.slice(0, -1), ...ofSpans, edgesQuery, dropEntriesQuery])
  const entries = tables([entriesQuery])
  const done = await Promise.allSettled([
    entries.then(() => tables(ofEntries)),
    tables(ofSpans)
      .then(() => entries)
      .then(() => tables([endpointsQuery, edgesQuery])),
  ])
  // Both are over: nothing of a run that failed is written beside the next one.
  for (const lane of done) if (lane.status === 'rejected') throw lane.reason
  await tables([dropEntriesQuery])
}

interface Computation {
  readonly minutesMs: readonly number[]
  readonly newest: bigint
  readonly computedMs: (minuteMs: number) => number
}

async function computeTables(
  { store, clock }: ComputeDeps,
  compute: (tables: RunTables) => Promise<void>,
  { minutesMs, newest, computedMs }: Computation,
): Promise<bigint> {
  const naming = await readNaming(store)
  const minutes = minutesMs.map((minuteMs) => minuteMs / 1000)
  const written = await newestWritten(store, 'minute', minutes)
  const generation = nextGeneration(clock.nowMs(), written > newest ? written : newest)
  const [present] = await store.query<PresentRow>(presentQuery(minutes))
  const computed = { minutes, generation, naming, ...(present && { absent: absentOf(present) }) }
  await compute(async (tables) => {
    for (const table of tables) await run(store, table(computed))
  })
  await run(store, recordMinutesQuery({ minutes, generation, naming, computedMs: minutesMs.map(computedMs) }))
  return generation
}

/** Hours that are over and have newer minutes, from these. */
export async function computeStaleHours({ store, clock }: ComputeDeps, beforeMs: number): Promise<void> {
  const hours = await store.query<{ hour: number; newest: string }>(staleHoursQuery({ beforeMs }))
  for (const hour of hours) {
    const generation = nextGeneration(clock.nowMs(), await newestWritten(store, 'hour', [hour.hour]))
    for (const query of hourQueries({ ...hour, generation })) await run(store, query)
  }
}

async function newestWritten(
  store: Pick<Store, 'query'>,
  time: 'minute' | 'hour',
  times: readonly number[],
): Promise<bigint> {
  const [row] = await store.query<{ newest: string }>(newestWrittenQuery(time, times))
  return BigInt(row?.newest ?? 0)
}

const settings = {
  max_threads: 1,
  // Rules of all applications are part of the text.
  max_query_size: String(4 * 1024 ** 2),
  max_ast_elements: String(1_000_000),
  max_expanded_ast_elements: String(2_000_000),
  // One block, so that all rows of the minutes appear at once.
  max_insert_threads: '1',
  min_insert_block_size_rows: '20000000',
  min_insert_block_size_bytes: String(1024 ** 3),
  // Rows of one key are the same span with the same content: filters may come before they are made one.
  optimize_move_to_prewhere_if_final: 1,
} as const

export async function run(store: Pick<Store, 'client' | 'carryOver'>, { sql, params }: Query): Promise<void> {
  for (const query of /^\s*ALTER\b/.test(sql) ? store.carryOver(sql) : [sql])
    await store.client.command({ query, query_params: params, clickhouse_settings: settings })
}
