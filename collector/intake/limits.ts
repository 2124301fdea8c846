/** Bounds of the OTLP listeners; each refuses rather than queues (policy: reject, the sender comes again). */
export interface IntakeLimits {
  /** One request as it travels and inflated: 413 / RESOURCE_EXHAUSTED beyond. */
  readonly bodyBytesMax: number
  /** All requests that are being read or handled, inflated: 503 / UNAVAILABLE beyond. */
  readonly inFlightBytesMax: number
  /** A connection is closed after this time, give or take a tenth, so that replicas balance. */
  readonly connectionAgeMs: number
  /** What a connection that was asked to end may still take; then it is cut. */
  readonly connectionGraceMs: number
}

export const defaultLimits: IntakeLimits = {
  bodyBytesMax: 64 * 1024 ** 2,
  inFlightBytesMax: 256 * 1024 ** 2,
  connectionAgeMs: 60_000,
  connectionGraceMs: 30_000,
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
