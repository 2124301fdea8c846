/** Bounds of the OTLP listeners; each refuses rather than queues (policy: reject, the sender comes again). */
export interface IntakeLimits {
  /** One request as it travels and inflated: 413 / RESOURCE_EXHAUSTED beyond. */
  readonly bodyBytesMax: number
  /** All requests that are being read or handled, inflated: 503 / UNAVAILABLE beyond. */
  readonly inFlightBytesMax: number
  /** A connection is closed after this time so that replicas balance. */
  readonly connectionAgeMs: number
}

export const defaultLimits: IntakeLimits = {
  bodyBytesMax: 64 * 1024 ** 2,
  inFlightBytesMax: 256 * 1024 ** 2,
  connectionAgeMs: 60_000,
}

/** Bytes that are in the house. A reservation is made before reading and grows while a body inflates. */
export interface ByteBudget {
  /** False: no room, nothing was taken. */
  take(bytes: number): boolean
  give(bytes: number): void
  used(): number
}

export function createByteBudget(bytesMax: number): ByteBudget {
  let used = 0
  return {
    take(bytes) {
      // One request alone may pass whatever its size: the limit of a body bounds it already.
      if (used > 0 && used + bytes > bytesMax) return false
      used += bytes
      return true
    },
    give(bytes) {
      used -= bytes
    },
    used: () => used,
  }
}
