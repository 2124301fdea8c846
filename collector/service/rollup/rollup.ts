import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { SelfMetrics } from '../../std/self-metrics.ts'
import type { Store } from '../store/store.ts'
import { computeMinutes, groupMinutes, run } from './compute-minutes.ts'
import {
  firstReceivedQuery,
  type ProgressRow,
  progressQuery,
  recordProgressQuery,
  type TouchedRow,
  touchedMinutesQuery,
} from './minute-sql.ts'

/**
 * Keeps `red_1m` equal to the raw spans: finds the minutes that spans received since the last run belong to, and computes
 * each of them anew, whole. Nothing is ever added to a minute, so doing it again is harmless: after a crash anywhere, after a
 * restart, and when several replicas do it at once. All state is in the database:
 *
 *   spans received ──▶ │ finished: progress │◀─ overlap ─▶│ this run: at most windowMs of receipt │ settling │ now
 *
 * Order of writes: rows of the minutes (one block, valid at once) → `rollup_minutes` → `rollup_progress`.
 * Limits: `minutesMax` minutes a run, those never computed first and of those the oldest; the others wait for the next run,
 * which follows at once while there is a backlog. `windowMs` bounds how much receipt a run looks at.
 * A run that fails (the database is away) leaves the rest for the next one.
 */
export interface Rollup {
  close(): Promise<void>
}

export interface RollupConfig {
  readonly intervalMs: number
  /** Spans received so lately are left for the next run: most of a block in the making is then seen once. */
  readonly settleMs: number
  /** A span is visible at most so long after its receipt, by whichever replica's clock. */
  readonly overlapMs: number
  readonly minutesMax: number
  readonly windowMs: number
  /** Minutes older than this are not computed again: some of their raw spans may have expired (after 15 days). */
  readonly keptMs: number
}

export const rollupConfig: RollupConfig = {
  intervalMs: 15_000,
  settleMs: 3_000,
  overlapMs: 60_000,
  minutesMax: 60,
  windowMs: 3_600_000,
  keptMs: 14 * 86_400_000,
}

export interface RollupDeps {
  readonly store: Pick<Store, 'query' | 'client'>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Pick<SelfMetrics, 'counter' | 'gauge' | 'histogram'>
}

export function startRollup(deps: RollupDeps, config: RollupConfig = rollupConfig): Rollup {
  const { clock, log, metrics } = deps
  const minutes = metrics.counter('rollup_minutes', 'Minutes computed from raw spans')
  const failures = metrics.counter('rollup_run_failures', 'Runs of the rollup that could not finish')
  const seconds = metrics.histogram('rollup_run_seconds', 'A run of the rollup', [0.05, 0.25, 1, 5, 15, 60])
  let lagMs = 0
  metrics.gauge('rollup_lag_seconds', 'Age of the oldest span that is not rolled up yet', () => lagMs / 1000)
  const stop = new AbortController()
  const running = (async () => {
    while (!stop.signal.aborted) {
      let backlog = false
      const startedMs = clock.monotonicMs()
      try {
        const done = await rollUp(deps, config, stop.signal)
        minutes.add(done.minutes)
        lagMs = done.lagMs
        backlog = done.backlog
      } catch (error) {
        if (!stop.signal.aborted) {
          failures.add(1)
          log.warn({ error: errorText(error) }, 'cannot roll minutes up now; tried again')
        }
      }
      seconds.record((clock.monotonicMs() - startedMs) / 1000)
      if (!backlog) await clock.sleep(config.intervalMs, stop.signal)
    }
  })()
  return {
    close() {
      stop.abort()
      return running
    },
  }
}

export interface RollupRun {
  readonly minutes: number
  /** Minutes that were never computed, or receipt that was not looked at, remain. */
  readonly backlog: boolean
  readonly lagMs: number
}

/** One run. */
export async function rollUp(
  { store, clock }: Pick<RollupDeps, 'store' | 'clock'>,
  config: RollupConfig = rollupConfig,
  signal?: AbortSignal,
): Promise<RollupRun> {
  const nowMs = clock.nowMs()
  const settledMs = nowMs - config.settleMs
  const [progress] = await store.query<ProgressRow>(progressQuery())
  const finishedMs = progress?.receivedUntilMs ?? 0
  const [first] = await store.query<{ firstMs: number }>(
    firstReceivedQuery({ sinceMs: Math.max(0, finishedMs - config.overlapMs), beforeMs: settledMs }),
  )
  if (!first) return { minutes: 0, backlog: false, lagMs: 0 }
  // What lies before the first span, but for the overlap, is finished, too: a long silence is crossed in one step.
  const beforeMs = Math.min(settledMs, Math.max(first.firstMs, finishedMs) + config.windowMs)
  const touched = await store.query<TouchedRow>(
    touchedMinutesQuery({ sinceMs: first.firstMs, beforeMs, overlapMs: config.overlapMs }),
  )
  const plan = planRun(touched, { ...config, nowMs, beforeMs })
  let generation = BigInt(progress?.newestGeneration ?? 0)
  let computed = 0
  for (const group of groupMinutes(plan.now)) {
    if (signal?.aborted) return { minutes: computed, backlog: true, lagMs: nowMs - finishedMs }
    generation = await computeMinutes({ store, clock }, group, generation)
    computed += group.length
  }
  if (plan.finishedMs > finishedMs)
    await run(store, recordProgressQuery({ receivedUntilMs: plan.finishedMs }))
  return {
    minutes: computed,
    backlog: plan.backlog || beforeMs < settledMs,
    lagMs: nowMs - Math.max(plan.finishedMs, finishedMs),
  }
}

export interface RunPlan {
  readonly now: readonly number[]
  /** Everything received before is rolled up when the minutes are. */
  readonly finishedMs: number
  readonly backlog: boolean
}

/** Which of the touched minutes are computed in this run (they come in order of need), and how far it gets. */
export function planRun(
  touched: readonly TouchedRow[],
  bounds: Pick<RollupConfig, 'minutesMax' | 'keptMs'> & {
    readonly nowMs: number
    readonly beforeMs: number
  },
): RunPlan {
  const due = touched.filter(
    ({ minuteMs, computedMs }) => computedMs === 0 || minuteMs >= bounds.nowMs - bounds.keptMs,
  )
  const later = due.slice(bounds.minutesMax)
  return {
    now: due.slice(0, bounds.minutesMax).map(({ minuteMs }) => minuteMs),
    finishedMs: later.reduce((ms, row) => Math.min(ms, row.firstReceivedMs), bounds.beforeMs),
    backlog: later.some(({ computedMs }) => computedMs === 0),
  }
}
