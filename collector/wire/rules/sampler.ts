import { weightOf } from '../weight.ts'
import { readSamplingState, withThreshold } from './trace-state.ts'

/**
 * Consistent probability sampling: a trace is kept when its 56 random bits (the last seven bytes of its id, or `rv` of the
 * trace state) are not below the rejection threshold, so that every span of it, and every other sampler that follows the
 * same specification, decides alike. Our thresholds are multiples of 2^8: 48 bits decide, which a number holds exactly.
 */
export interface Sampler {
  /** Undefined: it is not kept. The trace id begins at `at` of `bytes`. */
  decide(bytes: Uint8Array, at: number, traceState: string): Sampled | undefined
  /** By the trace id alone. */
  keeps(traceId: Uint8Array): boolean
}

/** What a kept span carries on. */
export interface Sampled {
  readonly traceState: string
  /** How many spans it stands for. */
  readonly weight: number
}

const range48 = 2 ** 48

export function createSampler(ratio: number): Sampler {
  const threshold48 = Math.round((1 - ratio) * range48)
  const threshold = threshold48.toString(16).padStart(12, '0').padEnd(14, '0')
  const fresh: Sampled = {
    traceState: threshold48 === 0 ? '' : withThreshold('', threshold),
    weight: range48 / (range48 - threshold48),
  }
  return {
    decide(bytes, at, traceState) {
      if (traceState === '') return random48(bytes, at) >= threshold48 ? fresh : undefined
      const before = readSamplingState(traceState)
      // A span that was sampled as hard or harder is ours as it is: the larger threshold has been applied already.
      if (threshold48 === 0 || (before.threshold !== undefined && before.threshold >= threshold))
        return { traceState, weight: weightOf(traceState) }
      const random =
        before.random === undefined ? random48(bytes, at) : Number.parseInt(before.random.slice(0, 12), 16)
      if (random < threshold48) return undefined
      return { traceState: withThreshold(traceState, threshold), weight: fresh.weight }
    },
    keeps: (traceId) => random48(traceId, 0) >= threshold48,
  }
}

/** The upper 48 of the 56 random bits: bytes 9 to 14 of the trace id. */
function random48(bytes: Uint8Array, at: number): number {
  let value = 0
  for (let index = at + 9; index < at + 15; index++) value = value * 256 + (bytes[index] ?? 0)
  return value
}
