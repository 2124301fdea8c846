export interface BackoffConfig {
  readonly firstMs: number
  readonly maxMs: number
  /** Growth per attempt. */
  readonly factor?: number
  /** Uniform in [0, 1). */
  readonly random?: () => number
}

export interface Backoff {
  /** The next delay in ms: capped exponential with full jitter over its upper half, so that it never collapses to zero. */
  nextMs(): number
  reset(): void
}

export function createBackoff({ firstMs, maxMs, factor = 2, random = Math.random }: BackoffConfig): Backoff {
  let attempt = 0
  return {
    nextMs() {
      const ceiling = Math.min(maxMs, firstMs * factor ** attempt)
      if (ceiling < maxMs) attempt++
      return Math.round(ceiling / 2 + (random() * ceiling) / 2)
    },
    reset() {
      attempt = 0
    },
  }
}
