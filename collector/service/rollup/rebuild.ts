import type { Range } from '../query/query.ts'
import { type ComputeDeps, computeMinutes, computeStaleHours, groupMinutes } from './compute-minutes.ts'
import { type ProgressRow, progressQuery } from './progress-sql.ts'
import { rollupConfig } from './rollup-config.ts'

export interface RebuildProgress {
  readonly done: number
  readonly minutes: number
}

const minuteMs = 60_000

/**
 * Computes every minute of every table that the range touches anew, the empty ones too, and their hours: for spans that were
 * deleted, or after a correction. Refuses minutes whose raw spans may have expired, since it would empty them; leaves the newest
 * to the job, which expects that spans of a computed minute have had time to arrive.
 */
export async function rebuildRollup(
  deps: ComputeDeps,
  { fromMs, toMs }: Range,
  onProgress: (progress: RebuildProgress) => void = () => {},
): Promise<number> {
  const nowMs = deps.clock.nowMs()
  const oldestMs = nowMs - rollupConfig.keptMs
  if (fromMs < oldestMs) {
    throw new Error(
      `cannot rebuild from ${new Date(fromMs).toISOString()}: raw spans are whole only since ${new Date(oldestMs).toISOString()}`,
    )
  }
  const first = Math.floor(fromMs / minuteMs) * minuteMs
  const newestMs = Math.floor((nowMs - rollupConfig.minAgeMs) / minuteMs) * minuteMs
  const count = Math.max(0, Math.ceil((Math.min(toMs, newestMs) - first) / minuteMs))
  const [progress] = await deps.store.query<ProgressRow>(progressQuery())
  let generation = BigInt(progress?.newestGeneration ?? 0)
  let done = 0
  for (const group of groupMinutes(Array.from({ length: count }, (_, index) => first + index * minuteMs))) {
    generation = await computeMinutes(deps, group, generation)
    done += group.length
    onProgress({ done, minutes: count })
  }
  await computeStaleHours(deps, nowMs - rollupConfig.minAgeMs)
  return done
}
