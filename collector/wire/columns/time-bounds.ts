import { aheadMaxMs, earliestNs } from '../times.ts'

/** A 64-bit number in two halves, as hot loops compare it. */
export interface Halves {
  readonly low: number
  readonly high: number
}

export function halvesOf(value: bigint): Halves {
  const bits = BigInt.asUintN(64, value)
  return { low: Number(bits & 0xffff_ffffn), high: Number(bits >> 32n) }
}

/** Bounds of a believable time (times.ts) for one request, and the time that takes the place of one that is not. */
export interface TimeBounds {
  readonly earliest: Halves
  readonly latest: Halves
  readonly received: Halves
}

export function timeBounds(receivedAtMs: number): TimeBounds {
  const receivedNs = BigInt(Math.round(receivedAtMs)) * 1_000_000n
  return {
    earliest: halvesOf(earliestNs),
    latest: halvesOf(receivedNs + BigInt(aheadMaxMs) * 1_000_000n),
    received: halvesOf(receivedNs),
  }
}

export function isBelievable({ earliest, latest }: TimeBounds, low: number, high: number): boolean {
  return isAtMost(earliest.low, earliest.high, low, high) && isAtMost(low, high, latest.low, latest.high)
}

/** a ≤ b of unsigned 64-bit numbers. */
export function isAtMost(aLow: number, aHigh: number, bLow: number, bHigh: number): boolean {
  return aHigh < bHigh || (aHigh === bHigh && aLow <= bLow)
}

const dayNs = 86_400_000_000_000n

/** The UTC day of a time in ns, exactly. */
export function dayOfHalves(low: number, high: number): number {
  return Number(((BigInt(high) << 32n) | BigInt(low)) / dayNs)
}

/** First and last ns of a UTC day. */
export function boundsOfDay(day: number): { readonly first: Halves; readonly last: Halves } {
  return { first: halvesOf(BigInt(day) * dayNs), last: halvesOf(BigInt(day + 1) * dayNs - 1n) }
}
