import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { SelfMetrics } from '../../std/self-metrics.ts'
import type { Store } from '../store/store.ts'
import { type RollupConfig, rollupConfig } from './rollup-config.ts'
import { createRollupRuns } from './run.ts'

/**
 * Keeps the rollup tables equal to the raw spans: finds the minutes that spans received since the last run belong to, and
 * computes each of them anew, whole. Nothing is ever added to a minute, so doing it again is harmless: after a crash anywhere,
 * after a restart, and when several replicas do it at once (run.ts). A run that fails (the database is away) leaves the rest for
 * the next one, which forgets what it knew and begins where the last progress was written.
 *
 * Duty: statements use one core, and after work the job rests `restFactor` times as long as the work took, so that under
 * overload it falls behind (`rollup_lag_seconds`) instead of taking ingest's cores; screens read what is not rolled up raw.
 */
export interface Rollup {
  close(): Promise<void>
}

export interface RollupDeps {
  readonly store: Pick<Store, 'query' | 'client' | 'carryOver'>
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
    let runs = createRollupRuns(deps, config)
    while (!stop.signal.aborted) {
      let backlog = false
      const startedMs = clock.monotonicMs()
      try {
        const done = await runs.next(stop.signal)
        minutes.add(done.minutes)
        lagMs = done.lagMs
        backlog = done.backlog
      } catch (error) {
        runs = createRollupRuns(deps, config)
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
