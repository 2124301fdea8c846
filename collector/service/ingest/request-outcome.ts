import type { OtlpOutcome, OtlpSignal } from '../../record/otlp.ts'
import type { Log } from '../../std/log.ts'
import type { PartCount } from '../../wire/block-decoder.ts'
import type { Counts } from './decoder.ts'
import { type GroupOutcome, rowsOf, type Settled } from './group-commit.ts'
import { partKey, resourcesKey } from './insert-blocks.ts'
import type { Fate, IngestLedger } from './ledger.ts'

export interface SettleDeps {
  readonly ledger: IngestLedger
  readonly log: Log
  readonly bodyBytesMax: number
}

const retryAfterSeconds = 1
/** Of a message of the database, for the sender. */
const reasonCharsMax = 200

export const comeAgain = (status: 429 | 503, message: string): OtlpOutcome => ({
  type: 'retry',
  status,
  afterSeconds: retryAfterSeconds,
  message,
})

/** What the sender is told. All items of a request that could be read are accounted for in the ledger, once. */
export function createSettle({ ledger, log, bodyBytesMax }: SettleDeps) {
  function settleRead(signal: OtlpSignal, { counts, outcomes }: Settled): OtlpOutcome {
    const outcomeOf = (part: PartCount) => outcomes.get(partKey(part))
    const rowsWith = (type: string) =>
      rowsOf({ parts: counts.parts.filter((part) => outcomeOf(part)?.type === type) })
    const duplicate = rowsWith('duplicate')
    const needed =
      counts.parts.length === 0 ? [] : [...counts.parts.map(outcomeOf), outcomes.get(resourcesKey)]
    if (needed.some((outcome) => outcome?.type === 'unavailable')) {
      ledger.settle(signal, { ...noFate(counts), duplicate, failed: rowsOf(counts) - duplicate })
      return comeAgain(503, 'the database is not available')
    }
    const reasons = counts.parts.flatMap((part) => {
      const outcome = outcomeOf(part)
      if (outcome?.type !== 'refused') return []
      log.error({ signal, ...part, message: outcome.message }, 'the database refused rows: they are lost')
      return [outcome.message.slice(0, reasonCharsMax)]
    })
    const refused = rowsWith('refused')
    ledger.settle(signal, { ...noFate(counts), stored: rowsWith('stored'), refused, duplicate })
    return {
      type: 'accepted',
      rejected: counts.rejected + refused,
      message: [...new Set([...counts.messages, ...reasons])].join('; '),
    }
  }

  return (signal: OtlpSignal, outcome: GroupOutcome): OtlpOutcome => {
    switch (outcome.type) {
      case 'settled':
        return settleRead(signal, outcome)
      case 'lost':
        if (outcome.counts)
          ledger.settle(signal, { ...noFate(outcome.counts), failed: rowsOf(outcome.counts) })
        return comeAgain(503, 'the request was lost before it was stored')
      case 'too-large':
        ledger.invalid(signal)
        return { type: 'too-large', message: `the request is larger than ${bodyBytesMax} bytes` }
      case 'invalid':
        ledger.invalid(signal)
        return outcome
      case 'bug':
        log.error({ signal, cause: outcome.message }, 'a request could not be decoded: its data is refused')
        ledger.invalid(signal)
        return { type: 'invalid', message: 'the request cannot be decoded' }
    }
  }
}

function noFate({ received, rejected, filtered }: Counts): Fate {
  return { received, stored: 0, malformed: rejected, refused: 0, duplicate: 0, failed: 0, filtered }
}
