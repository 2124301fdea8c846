import { addSums, type Cells, type SpanCell, type Sums } from './cells.ts'
import { type Comparison, compareMeans, compareRatios, type Ratio } from './compare.ts'

/**
 * What changed at one place. `impact` is what the change surely means for an average request that enters the application:
 * milliseconds of its time, errors, or the share of its work that took another way.
 */
export interface Symptom {
  readonly type: SymptomType
  readonly service: string
  readonly operation: string
  /** Of a call: whom it calls; else ''. */
  readonly callee: string
  readonly comparison: Comparison
  readonly impact: number
  /** Cells of the window that it was seen in: to find the pods and versions. */
  readonly cells: readonly SpanCell[]
  readonly reference: readonly (readonly SpanCell[])[]
  /** Of `way`: the children that are gone or new; of `calls`: the child. */
  readonly children?: { readonly gone: readonly string[]; readonly added: readonly string[] }
}

export type SymptomType =
  /** A span's own work takes longer, or a call to a backend or over the network does. */
  | 'time'
  /** Spans fail without a failed child. */
  | 'errors'
  /** An operation makes more calls to the same child: retries, N + 1. */
  | 'calls'
  /** An operation takes another way: children that used to be there are missing, or there are new ones. */
  | 'way'

/** A place where spans are compared: one operation's own work, or its calls to one callee. */
export interface Place {
  readonly service: string
  readonly operation: string
  readonly kind: 'work' | 'call'
  readonly callee: string
  readonly cells: readonly SpanCell[]
  readonly window: Sums
  /** By bucket. */
  readonly reference: readonly (readonly SpanCell[])[]
  readonly buckets: readonly Sums[]
}

const placeKey = (cell: Pick<SpanCell, 'service' | 'operation' | 'kind' | 'callee'>) =>
  JSON.stringify([cell.service, cell.operation, cell.kind, cell.callee])
const operationKey = (cell: Pick<SpanCell, 'service' | 'operation'>) =>
  JSON.stringify([cell.service, cell.operation])

/** The places of the window; calls that were not answered stand with those that used to be. */
export function placesOf(cells: Pick<Cells, 'spans' | 'referenceSpans'>): Place[] {
  const reference = Map.groupBy(cells.referenceSpans, placeKey)
  const spans = withUsualCallee(cells.spans, cells.referenceSpans)
  return [...Map.groupBy(spans, placeKey)].map(([key, own]) => {
    const [{ service, operation, kind, callee }] = own as [SpanCell, ...SpanCell[]] // A group is never empty.
    const buckets = byBucket(reference.get(key) ?? [])
    return {
      ...{ service, operation, kind, callee, cells: own },
      window: addSums(own),
      reference: buckets,
      buckets: buckets.map(addSums),
    }
  })
}

/** Most calls of an operation go to one tier. */
const usualShare = 0.9

function withUsualCallee(spans: readonly SpanCell[], reference: readonly SpanCell[]): SpanCell[] {
  const usual = new Map<string, string>()
  const calls = reference.filter((cell) => cell.kind === 'call')
  for (const [key, own] of Map.groupBy(calls, operationKey)) {
    const total = addSums(own).calls
    for (const [callee, answered] of Map.groupBy(own, (cell) => cell.callee))
      if (callee.startsWith('tier:') && addSums(answered).calls >= usualShare * total) usual.set(key, callee)
  }
  return spans.map((cell) =>
    cell.kind === 'call' && !cell.callee.startsWith('tier:')
      ? { ...cell, callee: usual.get(operationKey(cell)) ?? cell.callee }
      : cell,
  )
}

function byBucket(cells: readonly SpanCell[]): SpanCell[][] {
  return [...Map.groupBy(cells, (cell) => cell.bucket).values()]
}

/** Everything that surely changed, for the worse or just in its ways. */
export function symptomsOf(places: readonly Place[], requests: number): Symptom[] {
  return [
    ...places.flatMap((place) => timeSymptom(place, requests)),
    ...places.flatMap((place) => errorSymptom(place, requests)),
    ...operationSymptoms(places, requests),
  ]
}

function timeSymptom(place: Place, requests: number): Symptom[] {
  const reference = place.buckets.length > 0 ? place.buckets : [nothingOf(place.window)]
  return strongest('time', place, requests, (sums) => compareMeans(sums, reference))
}

function errorSymptom(place: Place, requests: number): Symptom[] {
  if (place.window.origins === 0) return []
  const ratio = (sums: Sums): Ratio => ({ count: sums.origins, of: sums.calls })
  const reference = (place.buckets.length > 0 ? place.buckets : [nothingOf(place.window)]).map(ratio)
  return strongest('errors', place, requests, (sums) => compareRatios(ratio(sums), reference))
}

/** A place that the reference does not have: all of its time and errors are new. */
const nothingOf = (window: Sums): Sums => ({ ...window, sumMs: 0, sumMs2: 0, origins: 0 })

/** Of the whole place, or of one version or pod where the rest would hide it: whatever surely means most. */
function strongest(
  type: SymptomType,
  place: Place,
  requests: number,
  compare: (sums: Sums) => Comparison | undefined,
): Symptom[] {
  const parts = [
    (cell: SpanCell) => cell.version,
    (cell: SpanCell) => cell.pod,
    (cell: SpanCell) => cell.calleePod,
  ]
  const groups = parts.flatMap((nameOf) => [...Map.groupBy(place.cells, nameOf).values()])
  const found = [place.cells, ...groups].flatMap((cells) => {
    const sums = addSums(cells)
    const comparison = compare(sums)
    return comparison && comparison.surely > 0
      ? [{ comparison, impact: (comparison.surely * sums.calls) / requests }]
      : []
  })
  const [most] = found.sort((a, b) => b.impact - a.impact)
  return most ? [symptom(type, place, most.comparison, most.impact)] : []
}

function operationSymptoms(places: readonly Place[], requests: number): Symptom[] {
  const durations = meanDurations(places)
  return [...Map.groupBy(places, operationKey).values()].flatMap((own) => {
    const [{ service, operation, callee }] = own as [Place, ...Place[]] // A group is never empty.
    const cells = own.flatMap((place) => place.cells)
    const buckets = byBucket(own.flatMap((place) => place.reference.flat()))
    if (buckets.length === 0) return []
    const whole: Place = {
      // A call that is not answered any more may be its callee's fault.
      ...{ service, operation, kind: 'work', callee, cells, reference: buckets },
      window: addSums(cells),
      buckets: buckets.map(addSums),
    }
    return [...callSymptoms(whole, durations, requests), ...waySymptom(whole, requests)]
  })
}

function meanDurations(places: readonly Place[]): ReadonlyMap<string, number> {
  const byChild = Map.groupBy(places, (place) => `${place.service}/${place.operation}`)
  return new Map(
    [...byChild].map(([name, own]) => {
      const sums = addSums(own.map((place) => place.window))
      return [name, sums.totalMs / sums.calls]
    }),
  )
}

function callSymptoms(place: Place, durations: ReadonlyMap<string, number>, requests: number): Symptom[] {
  const names = new Set(place.cells.flatMap((cell) => cell.shape))
  return [...names].flatMap((name) => {
    const comparison = compareRatios(
      childRatio(place.cells, name),
      place.reference.map((bucket) => childRatio(bucket, name)),
    )
    if (!comparison || comparison.surely <= 0) return []
    // A call more for some is another way; more calls than usual for all are extra time.
    if (comparison.usual < manyCallsMin && comparison.now < 2 * manyCallsMin) return []
    const impact = (comparison.surely * place.window.calls * (durations.get(name) ?? 0)) / requests
    return [{ ...symptom('calls', place, comparison, impact), children: { gone: [], added: [name] } }]
  })
}

const manyCallsMin = 1

function childRatio(cells: readonly SpanCell[], name: string): Ratio {
  let count = 0
  let squares = 0
  for (const cell of cells) {
    const at = cell.shape.indexOf(name)
    if (at < 0) continue
    count += cell.childCounts[at] ?? 0
    squares += cell.childSquares[at] ?? 0
  }
  return { count, squares, of: addSums(cells).calls }
}

/** Which ways an operation takes: the way that became most frequent, and all shares that surely grew. */
function waySymptom(place: Place, requests: number): Symptom[] {
  const ways = Map.groupBy(place.cells, (cell) => cell.shape.join('\n'))
  const totals = place.buckets.map((bucket) => bucket.calls)
  const grown = [...ways]
    .flatMap(([way, cells]) => {
      const comparison = compareRatios(
        { count: addSums(cells).calls, of: place.window.calls },
        place.reference.map((bucket, index) => ({
          count: addSums(bucket.filter((cell) => cell.shape.join('\n') === way)).calls,
          of: totals[index] ?? 0,
        })),
      )
      return comparison && comparison.surely > 0 ? [{ cells, comparison, shape: cells[0]?.shape ?? [] }] : []
    })
    .sort((a, b) => b.comparison.surely - a.comparison.surely)
  const [first] = grown
  if (!first) return []
  const share = grown.reduce((sum, one) => sum + one.comparison.surely, 0)
  return [
    {
      ...symptom('way', place, first.comparison, (share * place.window.calls) / requests),
      cells: first.cells,
      children: differenceOf(first.shape, place.reference.flat()),
    },
  ]
}

/** The new way beside the usual one that it has most in common with. */
function differenceOf(shape: readonly string[], reference: readonly SpanCell[]) {
  const own = new Set(shape)
  const likeness = (other: readonly string[]) => other.filter((name) => own.has(name)).length
  const ways = [...Map.groupBy(reference, (cell) => cell.shape.join('\n')).values()]
    .map((cells) => ({ shape: cells[0]?.shape ?? [], calls: addSums(cells).calls }))
    .filter((way) => way.shape.join('\n') !== shape.join('\n'))
    .sort((a, b) => likeness(b.shape) - likeness(a.shape) || b.calls - a.calls)
  const usual = ways[0]?.shape ?? []
  return {
    gone: usual.filter((name) => !own.has(name)),
    added: shape.filter((name) => !usual.includes(name)),
  }
}

function symptom(type: SymptomType, place: Place, comparison: Comparison, impact: number): Symptom {
  const { service, operation, callee, cells, reference } = place
  return { type, service, operation, callee, comparison, impact, cells, reference }
}
