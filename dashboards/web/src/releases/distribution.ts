import type { ReleaseComparison } from '@binnacle/collector/api/releases'
import { logTicks } from '../traces/ruler.ts'

type Distribution = ReleaseComparison['distribution']

export interface DistributionFrame {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly bottom: number
}

export interface DrawnDistribution {
  /** Outlines, as the `d` of SVG paths. */
  readonly a: string
  readonly b: string
  readonly durationTicks: readonly { readonly durationMs: number; readonly x: number }[]
  readonly shareTicks: readonly { readonly share: number; readonly y: number }[]
  readonly xOf: (ms: number) => number
}

/** Bars as wide as so many buckets: of a few hundred calls, finer ones would be noise. */
const bucketsOfBar = 2
const bucketsOfDoubling = 8
const top = 8
const right = 12

/** Two distributions over one logarithmic axis of durations; heights are parts of the calls per bar. */
export function drawDistribution(distribution: Distribution, frame: DistributionFrame): DrawnDistribution {
  const bars = barsOf(distribution)
  const [first, last] = [bars[0], bars.at(-1)]
  const [lowMs, highMs] = [first?.fromMs ?? 1, last?.toMs ?? 10]
  const innerWidth = Math.max(1, frame.width - frame.left - right)
  const innerHeight = Math.max(1, frame.height - frame.bottom - top)
  const highest = Math.max(0.01, ...bars.flatMap((bar) => [bar.a, bar.b]))
  const xOf = (ms: number) => frame.left + (innerWidth * Math.log(ms / lowMs)) / Math.log(highMs / lowMs)
  const yOf = (share: number) => top + innerHeight * (1 - share / highest)
  const outline = (side: 'a' | 'b') =>
    bars.length === 0
      ? ''
      : `M${round(xOf(lowMs))},${round(yOf(0))}${bars
          .map((bar) => `V${round(yOf(bar[side]))}H${round(xOf(bar.toMs))}`)
          .join('')}V${round(yOf(0))}Z`
  return {
    a: outline('a'),
    b: outline('b'),
    xOf,
    durationTicks: logTicks(lowMs, highMs)
      .filter((ms) => ms >= lowMs && ms <= highMs)
      .map((durationMs) => ({ durationMs, x: xOf(durationMs) })),
    shareTicks: [0, highest / 2, highest].map((share) => ({ share, y: yOf(share) })),
  }
}

const round = (value: number) => Math.round(value * 10) / 10

/** Neighbouring bars without gaps. */
function barsOf(distribution: Distribution): Distribution {
  const place = (ms: number) => Math.floor((Math.log2(ms) * bucketsOfDoubling + 1e-6) / bucketsOfBar)
  const sums = new Map<number, { a: number; b: number }>()
  for (const bucket of distribution) {
    const bar = place(Math.sqrt(bucket.fromMs * bucket.toMs))
    const sum = sums.get(bar) ?? { a: 0, b: 0 }
    sums.set(bar, { a: sum.a + bucket.a, b: sum.b + bucket.b })
  }
  if (sums.size === 0) return []
  const [low, high] = [Math.min(...sums.keys()), Math.max(...sums.keys())]
  const edge = (bar: number) => 2 ** ((bar * bucketsOfBar) / bucketsOfDoubling)
  return Array.from({ length: high - low + 1 }, (_, index) => ({
    fromMs: edge(low + index),
    toMs: edge(low + index + 1),
    ...(sums.get(low + index) ?? { a: 0, b: 0 }),
  }))
}
