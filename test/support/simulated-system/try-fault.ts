import type { Cells } from '../../../collector/service/query/root-cause/cells.ts'
import { narrow } from '../../../collector/service/query/root-cause/narrow.ts'
import { type Cause, rankCauses } from '../../../collector/service/query/root-cause/rank.ts'
import { createRandom } from '../../bench/corpus/random.ts'
import { type KnownFault, usageOf } from './faults.ts'
import { plainCells } from './plain-cells.ts'
import { simulate } from './simulate.ts'
import { documents, type Topology } from './topology.ts'

const minuteMs = 60_000
/** The window begins at 0. */
const referenceMinutes = 20
const windowMinutes = 3
const requestsPerMinute = 60

export interface Tried {
  readonly causes: readonly Cause[]
  /** Of the first that is to be blamed; 0: not on the list. */
  readonly rank: number
  /** Spans of the window that have to do with what is to be blamed: few show nothing. */
  readonly touched: number
  /** Pods or versions that the right cause was narrowed to. */
  readonly where: readonly string[]
}

export function tryFault(known: KnownFault, seed: number, topology: Topology = documents): Tried {
  const cells = cellsWith(known, seed, topology)
  const { causes } = rankCauses(cells)
  const at = causes.findIndex((cause) => known.parties.includes(cause.party))
  const versionOf = new Map(cells.spans.map((cell) => [cell.pod, cell.version]))
  const touched = cells.spans
    .filter((cell) => [`tier:${cell.service}`, cell.callee].some((party) => known.parties.includes(party)))
    .reduce((sum, cell) => sum + cell.n, 0)
  return { causes, rank: at + 1, touched, where: narrow(causes[at]?.blames ?? [], versionOf)?.names ?? [] }
}

/** The cells of three minutes with the fault against twenty without. */
export function cellsWith(known: KnownFault, seed: number, topology: Topology): Cells {
  const random = createRandom(seed).unit
  const range = (fromMs: number, toMs: number) => ({
    topology,
    fromMs,
    toMs,
    requestsPerMinute,
    random,
  })
  const windowMs = windowMinutes * minuteMs
  const before = simulate({ ...range(-referenceMinutes * minuteMs, 0), fault: {}, firstTrace: 0 })
  const during = simulate({ ...range(0, windowMs), fault: known.fault, firstTrace: 1_000_000 })
  const own = plainCells(during, (startMs) => (startMs < windowMs ? 0 : undefined), 'window')
  const other = plainCells(
    before,
    (startMs) => (startMs < 0 ? Math.floor(startMs / minuteMs) : undefined),
    'reference',
  )
  const buckets = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index)
  return {
    ...{
      window: { fromMs: 0, toMs: windowMs },
      bucketMs: minuteMs,
      sampled: { range: 1, reference: 1 },
      kube: [],
    },
    ...{
      spans: own.spans,
      requests: own.requests,
      referenceSpans: other.spans,
      referenceRequests: other.requests,
    },
    usage: usageOf(topology, { buckets: buckets(0, windowMinutes), fault: known, random }),
    referenceUsage: usageOf(topology, {
      ...{ buckets: buckets(-referenceMinutes, referenceMinutes), fault: undefined, random },
    }),
  }
}
