/**
 * What is usual of each operation: how often it is called, and the quantile of its durations, as a running estimate.
 *
 * Durations fall into buckets that grow by a fifth; every `windowMs` the counts are halved, so that the estimate follows
 * the operation. Limit: `operationsMax`, the one that was not called for longest is forgotten, and counts as rare again.
 */
export interface Operations {
  /** Counts one call, and says what it was among those before it. */
  observe(operation: string, durationNs: number): { readonly isSlow: boolean; readonly isRare: boolean }
  /** Halves what was counted. */
  age(): void
}

export interface OperationsConfig {
  /** A call that lasts longer than this share of the calls is slow. */
  readonly slowQuantile: number
  /** Calls of an operation in the last two windows, of which all are kept. */
  readonly rareCalls?: number
  readonly operationsMax?: number
}

interface Calls {
  readonly buckets: Uint32Array
  count: number
  slowBucket: number
  seen: number
  seenBefore: number
}

const bucketsPerDoubling = 4
const bucketsMax = 64 * bucketsPerDoubling
/** Of fewer calls no quantile is known. */
const callsMin = 100
/** The quantile is looked for again after so many calls. */
const refreshCalls = 64

export function createOperations(config: OperationsConfig): Operations {
  const { slowQuantile, rareCalls = 10, operationsMax = 2_000 } = config
  const operations = new Map<string, Calls>()

  function callsOf(operation: string): Calls {
    const calls = operations.get(operation) ?? {
      buckets: new Uint32Array(bucketsMax),
      count: 0,
      slowBucket: bucketsMax,
      seen: 0,
      seenBefore: 0,
    }
    operations.delete(operation)
    operations.set(operation, calls)
    for (const oldest of operations.keys()) {
      if (operations.size <= operationsMax) break
      operations.delete(oldest)
    }
    return calls
  }

  return {
    observe(operation, durationNs) {
      const calls = callsOf(operation)
      const bucket = bucketOf(durationNs)
      const isRare = calls.seen + calls.seenBefore < rareCalls
      const isSlow = calls.count >= callsMin && bucket > calls.slowBucket
      calls.seen++
      calls.buckets[bucket] = (calls.buckets[bucket] ?? 0) + 1
      calls.count++
      if (calls.count % refreshCalls === 0 || calls.count === callsMin)
        calls.slowBucket = bucketAt(calls.buckets, calls.count * slowQuantile)
      return { isSlow, isRare }
    },
    age() {
      for (const calls of operations.values()) {
        calls.seenBefore = calls.seen
        calls.seen = 0
        calls.count = 0
        for (const [bucket, count] of calls.buckets.entries()) {
          calls.buckets[bucket] = count >>> 1
          calls.count += count >>> 1
        }
      }
    },
  }
}

function bucketOf(durationNs: number): number {
  if (durationNs < 1) return 0
  return Math.min(bucketsMax - 1, Math.floor(Math.log2(durationNs) * bucketsPerDoubling))
}

function bucketAt(buckets: Uint32Array, rank: number): number {
  let below = 0
  for (const [bucket, count] of buckets.entries()) {
    below += count
    if (below >= rank) return bucket
  }
  return bucketsMax
}
