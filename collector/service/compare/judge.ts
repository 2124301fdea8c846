import { type Aspect, type JudgedAspect, level, type Outcome } from './comparison.ts'
import { holm } from './holm.ts'

/** What each aspect comes to when all of them are looked at together. */
export function judge(aspects: readonly Aspect[]): JudgedAspect[] {
  const tested = aspects.filter((one) => one.p !== null)
  const adjusted = holm(tested.map((one) => one.p ?? 1))
  return aspects.map((aspect) => {
    const adjustedP = adjusted[tested.indexOf(aspect)] ?? null
    return { ...aspect, adjustedP, outcome: outcomeOf(aspect, adjustedP) }
  })
}

function outcomeOf(aspect: Aspect, adjustedP: number | null): Outcome {
  if (adjustedP === null || !aspect.a || !aspect.b) return 'not-enough-data'
  if (adjustedP < level && aspect.isLarge) return aspect.b.value > aspect.a.value ? 'worse' : 'better'
  return aspect.isConclusive ? 'no-difference' : 'not-enough-data'
}
