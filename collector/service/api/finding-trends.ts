import { countEveryMs, type FindingStepsRow } from '../query/finding-counts.ts'
import type { FindingRow } from '../query/inventory.ts'
import { templateFindings } from './finding-kinds.ts'

export interface FindingTrend {
  /** At the start of the range; null: nobody counted then. */
  readonly before: number | null
  readonly spark: number[]
}

/**
 * The past of each finding. Where it was not counted at the start of the range, findings about a pod's template, which never
 * changes in a pod's life, are known from the pods that were there then.
 */
export function findingTrends(
  steps: readonly FindingStepsRow[],
  findings: readonly FindingRow[],
  fromMs: number,
): ReadonlyMap<string, FindingTrend> {
  const timesMs = steps.find((row) => row.finding === '')?.points.map(([timeMs]) => timeMs) ?? []
  const wasCounted = timesMs[0] !== undefined && timesMs[0] < fromMs + countEveryMs
  const ids = new Set([...findings.map((row) => row.id), ...steps.map((row) => row.finding)])
  return new Map(
    [...ids].map((id): [string, FindingTrend] => {
      const counted = new Map(steps.find((row) => row.finding === id)?.points ?? [])
      const spark = timesMs.map((timeMs) => counted.get(timeMs) ?? 0)
      const inferred = templateFindings.has(id) ? (findings.find((row) => row.id === id)?.before ?? 0) : null
      return [id, { before: wasCounted ? (spark[0] ?? null) : inferred, spark }]
    }),
  )
}
