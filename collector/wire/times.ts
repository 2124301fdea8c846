/** Bounds of a believable time: before 1971 a clock was never set, a day ahead of now it is wrong. */
export const earliestNs = 31_536_000_000_000_000n
export const aheadMaxMs = 86_400_000
const aheadMaxNs = BigInt(aheadMaxMs) * 1_000_000n

export interface ClampedTime {
  readonly ns: bigint
  readonly clamped: boolean
}

/** A time that cannot be true becomes the time of receipt, and is marked. */
export function clampTime(ns: bigint, receivedAtMs: number): ClampedTime {
  const receivedNs = BigInt(Math.round(receivedAtMs)) * 1_000_000n
  const believable = ns >= earliestNs && ns <= receivedNs + aheadMaxNs
  return believable ? { ns, clamped: false } : { ns: receivedNs, clamped: true }
}

export interface ClampedInterval {
  readonly startNs: bigint
  readonly durationNs: bigint
  readonly clamped: boolean
}

/** An interval of which a bound cannot be true, or that ends before it starts, keeps the believable bound and lasts 0. */
export function clampInterval(startNs: bigint, endNs: bigint, receivedAtMs: number): ClampedInterval {
  const start = clampTime(startNs, receivedAtMs)
  const end = clampTime(endNs, receivedAtMs)
  if (!start.clamped && !end.clamped && endNs >= startNs)
    return { startNs, durationNs: endNs - startNs, clamped: false }
  return { startNs: start.clamped ? end.ns : start.ns, durationNs: 0n, clamped: true }
}

export const toMs = (ns: bigint): number => Number(ns / 1_000_000n)
