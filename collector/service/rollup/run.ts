import type { Clock } from '../../std/clock.ts'
import { skewMs } from '../query/pairing-sql.ts'
import type { Store } from '../store/store.ts'
import {
  type ComputedMinute,
  computeMinutes,
  computeStaleHours,
  groupMinutes,
  lanesFor,
  readNaming,
  renameMinutes,
  run,
} from './compute-minutes.ts'
import { isExpired, type PendingMinute, planRun } from './plan.ts'
import {
  firstReceivedQuery,
  otherwiseNamedQuery,
  type ProgressRow,
  progressQuery,
  recordProgressQuery,
} from './progress-sql.ts'
import type { RollupConfig } from './rollup-config.ts'
import {
  behindSidecarsQuery,
  calleesOfLateQuery,
  callersOfReceivedQuery,
  type OwnMinuteRow,
  ownMinutesQuery,
  type TouchedRow,
} from './touched-sql.ts'

/**
 * The runs of one process. What must survive is in the database, the rest in mind:
 *
 *   spans received ──▶ │ finished: progress │ pending minutes │ scanned │◀─ overlap ─▶│ next window │ settling │ now
 *
 * Order of writes: rows of the minutes, a block a table (valid at once) → `rollup_minutes` → hours → `rollup_progress`.
 * After an error a new one begins at the progress, less the overlap.
 * Limits: `minutesMax` minutes a run, `windowMs` of receipt a run, `pendingMax` minutes in mind; what is beyond waits.
 */
export interface RollupRuns {
  next(signal?: AbortSignal): Promise<RollupRun>
}

export interface RollupRun {
  readonly minutes: number
  /** Minutes that are due, or receipt that was not looked at, remain. */
  readonly backlog: boolean
  readonly lagMs: number
}

export interface RunDeps {
  readonly store: Pick<Store, 'query' | 'client' | 'carryOver'>
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs' | 'sleep'>
}

export function createRollupRuns({ store, clock }: RunDeps, config: RollupConfig): RollupRuns {
  const pending = new Map<number, PendingMinute>()
  /** Receipt that has been looked at; undefined: ask the database how far it was. */
  let scannedMs: number | undefined
  /** Hours are looked at after minutes, and whenever another hour is over. */
  let hoursUntil: number | undefined

  /** When the work that is not rested from yet began. */
  let workingSinceMs = 0
  async function rest(signal?: AbortSignal): Promise<void> {
    const restMs = (clock.monotonicMs() - workingSinceMs) * config.restFactor
    if (restMs > 0) await clock.sleep(restMs, signal)
    workingSinceMs = clock.monotonicMs()
  }

  async function scan(finishedMs: number, settledMs: number): Promise<number> {
    const fromMs = scannedMs ?? finishedMs
    let sinceMs = Math.max(0, fromMs - config.overlapMs)
    if (settledMs - sinceMs > config.windowMs) {
      const [first] = await store.query<{ firstMs: number }>(
        firstReceivedQuery({ sinceMs, beforeMs: settledMs }),
      )
      // What lies before the first span is finished, too: a long silence is crossed in one step.
      if (!first) return settledMs
      sinceMs = Math.max(sinceMs, first.firstMs)
    }
    const beforeMs = Math.min(settledMs, Math.max(sinceMs, fromMs) + config.windowMs)
    await findTouched(sinceMs, beforeMs)
    return Math.max(fromMs, beforeMs)
  }

  async function findTouched(sinceMs: number, beforeMs: number): Promise<void> {
    const lateMs = config.minAgeMs - config.overlapMs - skewMs
    const window = { sinceMs, beforeMs, overlapMs: config.overlapMs, lateMs }
    const own = await store.query<OwnMinuteRow>(ownMinutesQuery(window))
    keep(own.filter((row) => row.spans > 0))
    const computedUntilMs = own[0]?.computedUntilMs ?? 0
    if (computedUntilMs === 0) return
    const starts = own.map((row) => row.minuteMs)
    const bounds = { fromMs: Math.min(...starts), toMs: Math.max(...starts) + 60_000 }
    if (own.some((row) => row.late > 0))
      keep(await store.query<TouchedRow>(calleesOfLateQuery({ ...window, ...bounds })))
    keep(await store.query<TouchedRow>(callersOfReceivedQuery({ ...window, ...bounds, computedUntilMs })))
    keep(await store.query<TouchedRow>(behindSidecarsQuery({ ...window, ...bounds })))
  }

  function keep(rows: readonly (TouchedRow & { readonly spans?: number })[]): void {
    for (const { minuteMs, firstReceivedMs, computedMs, spans = 0 } of rows) {
      const known = pending.get(minuteMs)
      pending.set(minuteMs, {
        minuteMs,
        computedMs,
        firstReceivedMs: Math.min(firstReceivedMs, known?.firstReceivedMs ?? firstReceivedMs),
        spans: spans + (known?.spans ?? 0),
      })
    }
  }

  /** Minutes that were named or judged otherwise than they would be now. Returns how many. */
  async function rename(nowMs: number, newest: bigint, signal?: AbortSignal): Promise<number> {
    const { revision } = await readNaming(store)
    const minutes = await store.query<ComputedMinute>(
      otherwiseNamedQuery({
        naming: revision,
        sinceMs: nowMs - config.keptMs,
        recentMs: nowMs - config.renamedFirstMs,
        limit: config.minutesMax,
      }),
    )
    const computed = new Map(minutes.map((minute) => [minute.minuteMs, minute]))
    let generation = newest
    let renamed = 0
    for (const group of groupMinutes([...computed.keys()])) {
      if (signal?.aborted) return renamed
      const own = group.flatMap((minuteMs) => computed.get(minuteMs) ?? [])
      generation = await renameMinutes({ store, clock }, own, generation)
      renamed += group.length
      await rest(signal)
    }
    return renamed
  }

  return {
    async next(signal) {
      workingSinceMs = clock.monotonicMs()
      const nowMs = clock.nowMs()
      const settledMs = nowMs - config.settleMs
      const [progress] = await store.query<ProgressRow>(progressQuery())
      const finishedMs = progress?.receivedUntilMs ?? 0
      if (pending.size < config.pendingMax) scannedMs = await scan(finishedMs, settledMs)
      const untilMs = scannedMs ?? finishedMs
      const bounds = { ...config, nowMs, scannedMs: untilMs }
      for (const minute of pending.values()) if (isExpired(minute, bounds)) pending.delete(minute.minuteMs)
      const plan = planRun([...pending.values()], bounds)
      let generation = BigInt(progress?.newestGeneration ?? 0)
      let computed = 0
      const spansOf = (minuteMs: number) => pending.get(minuteMs)?.spans ?? 0
      for (const group of groupMinutes(plan.now, spansOf)) {
        if (signal?.aborted) return { minutes: computed, backlog: true, lagMs: nowMs - finishedMs }
        const lanes = lanesFor(Math.max(...group.map(spansOf)))
        generation = await computeMinutes({ store, clock, lanes }, group, generation)
        await rest(signal)
        for (const minuteMs of group) pending.delete(minuteMs)
        computed += group.length
      }
      const renamed = plan.backlog ? 0 : await rename(nowMs, generation, signal)
      const hourMs = Math.floor((nowMs - config.minAgeMs) / 3_600_000)
      if (computed + renamed > 0 || hourMs !== hoursUntil)
        await computeStaleHours({ store, clock }, nowMs - config.minAgeMs)
      hoursUntil = hourMs
      if (plan.finishedMs > finishedMs)
        await run(store, recordProgressQuery({ job: 'red_1m', untilMs: plan.finishedMs }))
      await rest(signal)
      return {
        minutes: computed + renamed,
        backlog: plan.backlog || renamed > 0 || (untilMs < settledMs && pending.size < config.pendingMax),
        lagMs: nowMs - Math.max(plan.finishedMs, finishedMs),
      }
    },
  }
}
