import type { Say } from './say.ts'

/**
 * A span exporter around the OTLP one that lets the process end. The SDK's own retries hold the event loop for ten seconds,
 * and longer when packets vanish. Here an attempt is short, and what an unreachable agent does not take is kept and tried
 * again by a timer that holds nothing. Limit: `batchesMax` batches; overflow: drop-oldest, counted, told when the agent
 * is back. A refusal (4xx) is not tried again.
 */
export const attemptMsMax = 2_000
const batchesMax = 8
const firstDelayMs = 1_000
const delayMsMax = 30_000

export interface ExportResult {
  readonly code: number
  readonly error?: Error & { readonly code?: number | string }
}
type Done = (result: ExportResult) => void

export interface SpanExporter {
  export(spans: readonly unknown[], done: Done): void
  forceFlush?(): Promise<void>
  shutdown(): Promise<void>
}

export interface PatientExporter extends SpanExporter {
  /**
   * The process may end soon: what is kept gets an attempt now, unless one has only just failed. Resolves when no attempt
   * is on its way.
   */
  settle(): Promise<void>
}

const ok: ExportResult = { code: 0 }

export function createPatientExporter(inner: SpanExporter, say: Say): PatientExporter {
  let kept: (readonly unknown[])[] = []
  const onTheWay = new Set<Promise<void>>()
  let dropped = 0
  let delayMs = firstDelayMs
  let failedAtMs = 0
  let timer: NodeJS.Timeout | undefined
  let over = false

  const attempt = (spans: readonly unknown[]): Promise<ExportResult> =>
    new Promise((resolve) => {
      try {
        inner.export(spans, resolve)
      } catch (error) {
        resolve({ code: 1, error: error as Error })
      }
    })

  function keep(spans: readonly unknown[]): void {
    if (over) return
    kept.push(spans)
    if (kept.length > batchesMax) dropped += kept.shift()?.length ?? 0
    schedule()
  }

  function schedule(): void {
    if (timer !== undefined || over || kept.length === 0) return
    timer = setTimeout(() => void tryAgain(), delayMs * (0.5 + Math.random() / 2))
    timer.unref()
    delayMs = Math.min(delayMs * 2, delayMsMax)
  }

  async function tryAgain(): Promise<void> {
    timer = undefined
    for (let spans = kept.shift(); spans !== undefined && !over; spans = kept.shift()) {
      if (await deliver(spans)) continue
      kept.unshift(spans)
      break
    }
    schedule()
  }

  function deliverOrKeep(spans: readonly unknown[]): Promise<void> {
    const way = deliver(spans).then((finished) => {
      onTheWay.delete(way)
      if (!finished) keep(spans)
    })
    onTheWay.add(way)
    return way
  }

  /** True when there is nothing left to do for these spans. */
  async function deliver(spans: readonly unknown[]): Promise<boolean> {
    const { code, error } = await attempt(spans)
    if (code === 0) {
      if (failedAtMs > 0 && dropped > 0) say(`spans are delivered again; ${dropped} were lost meanwhile`)
      failedAtMs = 0
      dropped = 0
      delayMs = firstDelayMs
      return true
    }
    const why = describe(error)
    if (!mayRetry(error)) {
      say(`spans are refused: ${why}. The application is not affected.`)
      return true
    }
    failedAtMs = Date.now()
    say(`spans cannot be delivered for now: ${why}. The application is not affected.`)
    return false
  }

  return {
    export(spans, done) {
      // While older batches wait, new ones wait behind them: one attempt at a time on a sick receiver.
      if (kept.length > 0) {
        keep(spans)
        return done(ok)
      }
      void deliverOrKeep(spans).then(() => done(ok))
    },
    async settle() {
      if (kept.length > 0 && Date.now() - failedAtMs >= attemptMsMax) {
        const now = kept
        kept = []
        for (const spans of now) void deliverOrKeep(spans)
      }
      await Promise.all(onTheWay)
    },
    shutdown() {
      over = true
      clearTimeout(timer)
      return inner.shutdown()
    },
  }
}

/** https://opentelemetry.io/docs/specs/otlp/#failures-1: gRPC codes that may be tried again. */
const grpcRetryable = [1, 4, 8, 10, 11, 14, 15]

function mayRetry(error: ExportResult['error']): boolean {
  // The OTLP exporter gives a status only with answers that must not be repeated; network errors have a name.
  if (typeof error?.code !== 'number') return true
  return grpcRetryable.indexOf(error.code) !== -1
}

function describe(error: ExportResult['error']): string {
  if (!error) return 'unknown error'
  const { code } = error
  return typeof code === 'string' ? code : `${error.message}${code === undefined ? '' : ` (${code})`}`
}
