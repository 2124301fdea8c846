/** Bounds of a believable time: before 1971 a clock was never set, a day ahead of now it is wrong. */
const earliestNs = 31_536_000_000_000_000n
const aheadMaxNs = 86_400_000_000_000n

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

export const toMs = (ns: bigint): number => Number(ns / 1_000_000n)
