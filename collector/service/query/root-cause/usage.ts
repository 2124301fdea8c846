import type { UsageCell } from './cells.ts'
import { type Comparison, medianOf, spreadOf, sure } from './compare.ts'

/** A pod that uses more than usual, and more than its load explains. */
export interface UsageChange {
  readonly service: string
  readonly pod: string
  readonly resource: 'cpu' | 'memory'
  readonly comparison: Comparison
  /** Of its limit; undefined: none is known. */
  readonly ofLimit: number | undefined
  /** What of its use is more than usual, 0…1. */
  readonly excess: number
}

const bucketsMin = 3
/** Less is no news: memory of a quiet pod hardly moves, and a little may be many standard errors. */
const excessMin = 0.1

/** `growth`: requests now, as a multiple of the usual ones; more requests explain more CPU time. */
export function usageChanges(
  window: readonly UsageCell[],
  reference: readonly UsageCell[],
  growth: number,
): UsageChange[] {
  const before = Map.groupBy(reference, (cell) => cell.pod)
  return [...Map.groupBy(window, (cell) => cell.pod)].flatMap(([pod, cells]) => {
    // A pod that was not there before is compared with its siblings.
    const usual = before.get(pod) ?? reference.filter((cell) => cell.service === cells[0]?.service)
    return (['cpu', 'memory'] as const).flatMap((resource) =>
      changeOf({ pod, cells, usual, resource, growth: resource === 'cpu' ? Math.max(1, growth) : 1 }),
    )
  })
}

const columns = {
  cpu: ['cpuMillicores', 'cpuLimitMillicores'],
  memory: ['memoryBytes', 'memoryLimitBytes'],
} as const

function changeOf(of: {
  readonly pod: string
  readonly cells: readonly UsageCell[]
  readonly usual: readonly UsageCell[]
  readonly resource: 'cpu' | 'memory'
  readonly growth: number
}): UsageChange[] {
  const [used, limit] = columns[of.resource]
  const valuesOf = (cells: readonly UsageCell[]) => cells.flatMap((cell) => cell[used] ?? [])
  const now = valuesOf(of.cells)
  const before = valuesOf(of.usual)
  if (now.length === 0 || before.length < bucketsMin) return []
  const spread = spreadOf(before)
  const level = medianOf(now)
  const usual = spread.mean * of.growth
  const error = Math.sqrt(spread.variance) * of.growth
  const surely = level - usual - sure * error
  if (surely < excessMin * level) return []
  const limitValue = Math.max(0, ...of.cells.map((cell) => cell[limit]))
  return [
    {
      service: of.cells[0]?.service ?? '',
      pod: of.pod,
      resource: of.resource,
      comparison: {
        ...{ now: level, usual, n: now.length, buckets: before.length, surely },
        sigma: error > 0 ? (level - usual) / error : 0,
      },
      ofLimit: limitValue > 0 ? level / limitValue : undefined,
      excess: surely / level,
    },
  ]
}
