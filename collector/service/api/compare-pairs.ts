import type { ExceptionCounts, OperationCalls, OperationPair } from '../compare/comparison.ts'
import { isNew } from '../compare/exceptions.ts'
import type { SideExceptionRow } from '../query/compare.ts'
import type { Side } from './compare-side.ts'
import type { ReleaseComparison } from './schema/releases.ts'

/** Each operation beside what it is on the other side. */
export function pairOperations(a: Side['operations'], b: Side['operations']): OperationPair[] {
  const none = (worth: number): OperationCalls => ({ calls: 0, errors: 0, durations: [], worth })
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((key) => {
    const [ofA, ofB] = [a.get(key), b.get(key)]
    const named = ofB ?? ofA
    return named
      ? [
          {
            operation: named.operation,
            kind: named.kind,
            a: ofA ?? none(named.worth),
            b: ofB ?? none(named.worth),
          },
        ]
      : []
  })
}

type PairedException = ExceptionCounts & ReleaseComparison['exceptions'][number]

/** New ones first, then the most frequent. */
export function pairExceptions(
  a: readonly SideExceptionRow[],
  b: readonly SideExceptionRow[],
  known: ReadonlySet<string>,
): PairedException[] {
  const [inA, inB] = [a, b].map((rows) => new Map(rows.map((row) => [row.group, row])))
  return [...new Set([...b, ...a].map((row) => row.group))]
    .flatMap((group) => {
      const [ofA, ofB] = [inA?.get(group), inB?.get(group)]
      const shown = ofB ?? ofA
      if (!shown) return []
      const counts = { a: ofA?.count ?? 0, b: ofB?.count ?? 0, known: known.has(group) }
      return [
        {
          group,
          type: shown.type,
          message: shown.message,
          ...counts,
          isNew: isNew({ group, type: shown.type, ...counts }),
          firstMs: Math.min(ofA?.firstMs ?? shown.firstMs, shown.firstMs),
          lastMs: Math.max(ofA?.lastMs ?? shown.lastMs, shown.lastMs),
          sampleTraceId: shown.sampleTraceId,
        },
      ]
    })
    .sort((x, y) => Number(y.isNew) - Number(x.isNew) || y.b - x.b || y.a - x.a)
}
