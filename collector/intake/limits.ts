/** Bounds of the OTLP listeners; each refuses rather than queues (policy: reject, the sender comes again). */
export interface IntakeLimits {
  /** One request as it travels and inflated: 413 / RESOURCE_EXHAUSTED beyond. */
  readonly bodyBytesMax: number
  /** All requests that are being read or handled, inflated: 503 / UNAVAILABLE beyond. */
  readonly inFlightBytesMax: number
  /** A connection is closed after this time, give or take a tenth, so that replicas balance. */
  readonly connectionAgeMs: number
}

export const defaultLimits: IntakeLimits = {
  bodyBytesMax: 64 * 1024 ** 2,
  inFlightBytesMax: 256 * 1024 ** 2,
  connectionAgeMs: 60_000,
}

/** Bytes that are in the house. A reservation is made before reading and grows while a body inflates. */
export interface ByteBudget {
  /** False: no room, nothing was taken. `held`: what the same request has taken before. */
  take(bytes: number, held?: number): boolean
  give(bytes: number): void
  used(): number
}

export function createByteBudget(bytesMax: number): ByteBudget {
  let used = 0
  return {
    take(bytes, held = 0) {
      // One request alone may pass whatever its size, or its sender would come again for ever: the limit of a body bounds it.
      if (used > held && used + bytes > bytesMax) return false
      used += bytes
      return true
    },
    give(bytes) {
      used -= bytes
    },
    used: () => used,
  }
}

/** What one request holds of a budget. */
export interface Reservation {
  /** Makes it at least so large; false: no room. */
  growTo(bytes: number): boolean
  release(): void
}

export function reserve(budget: ByteBudget): Reservation {
  let held = 0
  return {
    growTo(bytes) {
      if (bytes <= held) return true
      if (!budget.take(bytes - held, held)) return false
      held = bytes
      return true
    },
    release() {
      budget.give(held)
      held = 0
    },
  }
}

/** Whole seconds from 1 to 5: an SDK gives up when the delay exceeds what is left of its ten seconds. */
export function boundedRetryAfter(seconds: number): number {
  return Math.min(5, Math.max(1, Math.ceil(seconds)))
}

const batchIdCharsMax = 256

/** One that is too long counts as none: cut, it could be the id of another batch, which would then be taken for stored. */
export function boundedBatchId(id: string): string {
  return id.length <= batchIdCharsMax ? id : ''
}
