import { compareVersions } from './resource-version.ts'

/**
 * Remembers how many objects a collection held at each version since the trace began, so that the count of a list, which is
 * of one version, can be compared exactly although changes go on.
 * Limit: `stepsMax` versions; beyond it the trace knows nothing (the check is repeated later anyway).
 */
export interface CountTrace {
  /** The collection is at this version now, with so many more or fewer objects. */
  step(version: string, added: number): void
  /** The collection was read anew: what was counted before says nothing. */
  break(): void
  /** 'later': the collection has not come to that version. */
  at(version: string): number | 'later' | 'unknown'
}

export function createCountTrace(
  start: { readonly version: string; readonly count: number },
  { stepsMax = 20_000 }: { readonly stepsMax?: number } = {},
): CountTrace {
  const steps = [start]
  let broken = false
  return {
    step(version, added) {
      const last = steps.at(-1) ?? start
      if (steps.length >= stepsMax) broken = true
      if (!broken) steps.push({ version, count: last.count + added })
    },
    break() {
      broken = true
    },
    at(version) {
      if (broken || compareVersions(version, start.version) < 0) return 'unknown'
      const last = steps.at(-1) ?? start
      if (compareVersions(last.version, version) < 0) return 'later'
      return steps.findLast((step) => compareVersions(step.version, version) <= 0)?.count ?? 'unknown'
    },
  }
}
