import type { OtlpOutcome, OtlpSignal } from '../../intake/otlp.ts'
import type { SelfMetrics } from '../../std/self-metrics.ts'

/**
 * What became of every span, log record and data point, per signal:
 * received = stored + rejected + duplicate + failed, where `duplicate` was stored by an earlier try of the same batch, and
 * `failed` was answered with "come again".
 */
export interface IngestLedger {
  received(signal: OtlpSignal, items: number): void
  stored(signal: OtlpSignal, items: number): void
  rejected(signal: OtlpSignal, items: number, reason: 'malformed' | 'refused'): void
  duplicate(signal: OtlpSignal, items: number): void
  failed(signal: OtlpSignal, items: number): void
  /** A whole request that could not be read. */
  invalid(signal: OtlpSignal): void
  answered(signal: OtlpSignal, outcome: OtlpOutcome['type'], bytes: number): void
}

export function createIngestLedger(metrics: SelfMetrics): IngestLedger {
  const items = (name: string, text: string) =>
    metrics.counter(`ingest_items_${name}`, `Spans, log records and data points ${text}`)
  const received = items('received', 'that could be read')
  const stored = items('stored', 'that are committed')
  const rejected = items('rejected', 'that were refused for good')
  const duplicate = items('duplicate', 'of a resent batch that were stored before')
  const failed = items('failed', 'whose sender was asked to come again')
  const invalid = metrics.counter('ingest_invalid_requests', 'Requests that could not be read')
  const answered = metrics.counter('ingest_requests', 'Requests by answer')
  const bytes = metrics.counter('ingest_bytes', 'Bytes of request bodies, inflated')
  return {
    received: (signal, count) => received.add(count, { signal }),
    stored: (signal, count) => stored.add(count, { signal }),
    rejected: (signal, count, reason) => rejected.add(count, { signal, reason }),
    duplicate: (signal, count) => duplicate.add(count, { signal }),
    failed: (signal, count) => failed.add(count, { signal }),
    invalid: (signal) => invalid.add(1, { signal }),
    answered(signal, outcome, length) {
      answered.add(1, { signal, outcome })
      bytes.add(length, { signal })
    },
  }
}
