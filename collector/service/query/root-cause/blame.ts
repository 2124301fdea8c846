import type { Place, Symptom } from './symptoms.ts'

/**
 * Who is to blame for a slow or failing call: the caller, the callee, or what lies between, which only the other calls of both
 * can tell. Where all callers of a callee see the same, it is the callee; where one caller sees it with all it calls, it is the
 * caller. Each party is as suspect as the share of its relations (its own work, and each peer) in which something is wrong;
 * a call's impact is split by the squares.
 */
export interface Blame {
  /** `tier:NAME`, or a backend. */
  readonly party: string
  readonly symptom: Symptom
  /** Of the symptom's impact. */
  readonly impact: number
}

export function blame(places: readonly Place[], symptoms: readonly Symptom[], requests: number): Blame[] {
  const suspicion = suspicions(places, symptoms, requests)
  return symptoms.flatMap((symptom) => {
    const caller = tier(symptom.service)
    if (symptom.callee === '') return [{ party: caller, symptom, impact: symptom.impact }]
    const weightOf = (party: string) =>
      (suspicion.get(party) ?? 0) ** 2 * (party === symptom.callee ? ratherCallee : 1)
    const sum = weightOf(caller) + weightOf(symptom.callee)
    return [caller, symptom.callee].map((party) => ({
      party,
      symptom,
      impact: (symptom.impact * weightOf(party)) / sum,
    }))
  })
}

export const tier = (service: string): string => `tier:${service}`

/** Where nothing else tells: a caller would mostly show it with others that it calls, too. */
const ratherCallee = 1.1
/** So that one relation does not yet make a certainty. */
const smoothing = 0.25

function suspicions(
  places: readonly Place[],
  symptoms: readonly Symptom[],
  requests: number,
): ReadonlyMap<string, number> {
  const relations = new Map<string, number[]>()
  const note = (party: string, wrong: number) =>
    relations.set(party, [...(relations.get(party) ?? []), wrong])
  for (const [key, own] of Map.groupBy(places, relationKey)) {
    const wrong = wrongShare(
      own,
      symptoms.filter((symptom) => relationKey(symptom) === key),
      requests,
    )
    const [{ service, callee }] = own as [Place, ...Place[]] // A group is never empty.
    note(tier(service), wrong)
    if (callee !== '') note(callee, wrong)
  }
  return new Map(
    [...relations].map(([party, all]) => [
      party,
      (all.reduce((sum, wrong) => sum + wrong, 0) + smoothing) / (all.length + 2 * smoothing),
    ]),
  )
}

const relationKey = ({ service, callee }: { service: string; callee: string }) =>
  JSON.stringify([service, callee])

/** How much of a relation is wrong, 0…1: of its time what exceeds the usual, or of its spans those that fail. */
function wrongShare(places: readonly Place[], symptoms: readonly Symptom[], requests: number): number {
  const total = (of: (place: Place) => number) => places.reduce((sum, place) => sum + of(place), 0)
  const excess = (type: Symptom['type']) =>
    symptoms
      .filter((symptom) => symptom.type === type)
      .reduce((sum, { impact }) => sum + impact * requests, 0)
  const timeMs = total((place) => place.window.sumMs)
  const calls = total((place) => place.window.calls)
  return Math.min(
    1,
    Math.max(timeMs > 0 ? excess('time') / timeMs : 0, calls > 0 ? excess('errors') / calls : 0),
  )
}
