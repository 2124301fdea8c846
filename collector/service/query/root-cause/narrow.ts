import type { Blame } from './blame.ts'
import { addSums, type SpanCell } from './cells.ts'
import { compareMeans, compareRatios } from './compare.ts'
import type { Symptom } from './symptoms.ts'

/** Where within a party something is wrong, when it is not everywhere: a bad pod of three, a bad version. */
export interface Narrowed {
  readonly by: 'version' | 'pod'
  readonly names: readonly string[]
  /** How many there are in all. */
  readonly of: number
  /** Of the party's calls. */
  readonly share: number
}

/** Nearly all that is wrong is in few of them. */
const excessShareMin = 0.8
const callShareMax = 0.75

/** By the strongest blame; a version is named rather than its pods. */
export function narrow(
  blames: readonly Blame[],
  versionOf: ReadonlyMap<string, string>,
): Narrowed | undefined {
  const [strongest] = blames.filter((one) => ['time', 'errors'].includes(one.symptom.type))
  if (!strongest) return undefined
  const { symptom, party } = strongest
  const podOf = (cell: SpanCell) => (symptom.callee === party ? cell.calleePod : cell.pod)
  return (
    concentrated(symptom, 'version', (cell) => versionOf.get(podOf(cell)) ?? '') ??
    concentrated(symptom, 'pod', podOf)
  )
}

function concentrated(
  symptom: Symptom,
  by: Narrowed['by'],
  nameOf: (cell: SpanCell) => string,
): Narrowed | undefined {
  const groups = Map.groupBy(
    symptom.cells.filter((cell) => nameOf(cell) !== ''),
    nameOf,
  )
  if (groups.size < 2) return undefined
  const buckets = symptom.reference.map(addSums)
  const parts = [...groups].map(([name, cells]) => {
    const sums = addSums(cells)
    const comparison =
      symptom.type === 'errors'
        ? compareRatios(
            { count: sums.origins, of: sums.calls },
            buckets.map((bucket) => ({ count: bucket.origins, of: bucket.calls })),
          )
        : compareMeans(sums, buckets)
    const excess = comparison && comparison.surely > 0 ? (comparison.now - comparison.usual) * sums.calls : 0
    return { name, calls: sums.calls, excess }
  })
  const total = (of: 'calls' | 'excess', all = parts) => all.reduce((sum, part) => sum + part[of], 0)
  const wrong = parts.filter((part) => part.excess > 0).sort((a, b) => b.excess - a.excess)
  const few = wrong.slice(
    0,
    1 +
      wrong.findIndex((_, at) => total('excess', wrong.slice(0, at + 1)) >= excessShareMin * total('excess')),
  )
  const share = total('calls', few) / total('calls')
  if (few.length === 0 || few.length === groups.size || share > callShareMax) return undefined
  return { by, names: few.map((part) => part.name).sort(), of: groups.size, share }
}
