import type { Aspect, Comparison, Estimate } from './comparison.ts'
import { type RatioTest, ratioTest } from './trimmed-test.ts'

/** A change matters from this part on, and from this much on. */
const floorRatio = 0.2
const floorMillicores = 10
const floorBytes = 16 * 1024 ** 2

const missing = 'too few samples of usage'
const none = { a: null, b: null, change: null, p: null, isLarge: false, isConclusive: false } as const

/**
 * CPU. A pod that gets more calls uses more CPU, and less per call, since some is used without calls. So a release is said to need more
 * only when both figures rose, and less when both fell: an intersection–union test, whose p is the larger one (Berger, Technometrics 24,
 * 1982). Then no difference of load explains it. The values are of a pod.
 */
export function compareCpu({ a, b }: Comparison): Aspect {
  const perPod = ratioTest(a.cpuMillicores, b.cpuMillicores)
  const perCall = ratioTest(a.cpuMsPerCall, b.cpuMsPerCall)
  if (!perPod || !perCall) return { id: 'cpu', ...none, missing }
  const agree = perPod.ratio > 1 === perCall.ratio > 1
  return {
    id: 'cpu',
    ...estimates(perPod),
    p: agree ? Math.max(perPod.p, perCall.p) : 1,
    isLarge: agree && isLarge(perPod, floorMillicores) && isLarge(perCall, 0),
    isConclusive: isNarrow(perPod),
    missing: '',
  }
}

/** Working set of a pod. */
export function compareMemory({ a, b }: Comparison): Aspect {
  const test = ratioTest(a.memoryBytes, b.memoryBytes)
  if (!test) return { id: 'memory', ...none, missing }
  return {
    id: 'memory',
    ...estimates(test),
    p: test.p,
    isLarge: isLarge(test, floorBytes),
    isConclusive: isNarrow(test),
    missing: '',
  }
}

/** A change by half would have shown. */
const isNarrow = ({ interval }: RatioTest) => interval.high < 1.5 && interval.low > 1 / 1.5

const isLarge = ({ a, b, ratio }: RatioTest, floor: number) =>
  Math.max(ratio, 1 / ratio) >= 1 + floorRatio && Math.abs(b - a) >= floor

function estimates({ a, b, ratio, interval }: RatioTest): { a: Estimate; b: Estimate; change: Estimate } {
  return {
    a: { value: a, low: a, high: a },
    b: { value: b, low: b, high: b },
    change: { value: ratio - 1, low: interval.low - 1, high: interval.high - 1 },
  }
}
