import type { OtlpOutcome, OtlpSignal } from '../../record/otlp.ts'
import { assert } from '../../std/assert.ts'
import type { SelfMetrics } from '../../std/self-metrics.ts'

/**
 * What became of every span, log record and data point, per signal:
 * received = stored + rejected + duplicate + failed + filtered.
 */
export interface IngestLedger {
  /** Once per request that could be read, when its fate is known. */
  settle(signal: OtlpSignal, fate: Fate): void
  /** A whole request that could not be read. */
  invalid(signal: OtlpSignal): void
  answered(signal: OtlpSignal, outcome: OtlpOutcome['type'], bytes: number): void
}

export interface Fate {
  readonly received: number
  /** Committed. */
  readonly stored: number
  /** Not what OTLP says: refused for good. */
  readonly malformed: number
  /** The database does not take them: refused for good. */
  readonly refused: number
  /** Stored by an earlier try of the same batch. */
  readonly duplicate: number
  /** The sender was asked to come again. */
  readonly failed: number
  /** Taken away by the configured rules, by rule: the sender did nothing wrong. */
  readonly filtered: ReadonlyMap<string, number>
}

export function createIngestLedger(metrics: SelfMetrics): IngestLedger {
  const items = (name: string, text: string) =>
    metrics.counter(`ingest_items_${name}`, `Spans, log records and data points ${text}`)
  const counters = {
    received: items('received', 'that could be read'),
    stored: items('stored', 'that are committed'),
    rejected: items('rejected', 'that were refused for good'),
    duplicate: items('duplicate', 'of a resent batch that were stored before'),
    failed: items('failed', 'whose sender was asked to come again'),
  }
  const filteredItems = items('filtered', 'that a rule of the configuration dropped or sampled away')
  const invalid = metrics.counter('ingest_invalid_requests', 'Requests that could not be read')
  const answered = metrics.counter('ingest_requests', 'Requests by answer')
  const bytes = metrics.counter('ingest_bytes', 'Bytes of request bodies as they came')
  return {
    settle(signal, { received, stored, malformed, refused, duplicate, failed, filtered }) {
      const away = countFiltered(filtered)
      assert(
        received === stored + malformed + refused + duplicate + failed + away,
        `${received} items received, but ${stored} + ${malformed} + ${refused} + ${duplicate} + ${failed} + ${away} accounted for`,
      )
      counters.received.add(received, { signal })
      counters.stored.add(stored, { signal })
      counters.rejected.add(malformed, { signal, reason: 'malformed' })
      counters.rejected.add(refused, { signal, reason: 'refused' })
      counters.duplicate.add(duplicate, { signal })
      counters.failed.add(failed, { signal })
      for (const [rule, count] of filtered) filteredItems.add(count, { signal, rule })
    },
    invalid: (signal) => invalid.add(1, { signal }),
    answered(signal, outcome, length) {
      answered.add(1, { signal, outcome })
      bytes.add(length, { signal })
    },
  }
}

export function countFiltered(filtered: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const count of filtered.values()) sum += count
  return sum
}
