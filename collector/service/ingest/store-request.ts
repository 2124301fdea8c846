import type { OtlpOutcome, OtlpRequest } from '../../record/otlp.ts'
import { type ResourceRow, resourcesTable } from '../../record/span.ts'
import type { AnyTable, RowOf } from '../../record/table.ts'
import { errorText } from '../../std/assert.ts'
import type { Log } from '../../std/log.ts'
import { byDay } from '../store/insert.ts'
import type { InsertOutcome, Store, TableRows } from '../store/store.ts'
import type { Committers } from './committers.ts'
import type { DecodedRequest } from './decode-request.ts'
import { countFiltered, type Fate, type IngestLedger } from './ledger.ts'
import { createSeenResources } from './seen-resources.ts'

type Decoded = Extract<DecodedRequest, { type: 'decoded' }>

export interface RequestStoreDeps {
  readonly store: Store
  readonly committers: Committers
  readonly ledger: IngestLedger
  readonly log: Log
}

const retryAfterSeconds = 1
/** Of a message of the database, for the sender. */
const reasonCharsMax = 200

/**
 * Rows of one request into their tables, their resources with them. All items of the request are accounted for in the
 * ledger, once, whatever happens.
 */
export function createRequestStore({ store, committers, ledger, log }: RequestStoreDeps) {
  const seen = createSeenResources()

  return async (request: OtlpRequest, decoded: Decoded): Promise<OtlpOutcome> => {
    const { signal } = request
    const none: Fate = {
      received: decoded.received,
      stored: 0,
      malformed: decoded.rejected,
      refused: 0,
      duplicate: 0,
      failed: 0,
      filtered: decoded.filtered,
    }
    const comeAgain = (status: 429 | 503, message: string, duplicate = 0): OtlpOutcome => {
      const filtered = countFiltered(decoded.filtered)
      const failed = decoded.received - decoded.rejected - duplicate - filtered
      ledger.settle(signal, { ...none, duplicate, failed })
      return { type: 'retry', status, afterSeconds: retryAfterSeconds, message }
    }
    const away = (cause: string, duplicate = 0) => {
      log.warn({ signal, cause }, 'the database is away: the sender is asked to come again')
      return comeAgain(503, 'the database is not available', duplicate)
    }

    let parts: readonly TableRows[]
    try {
      parts =
        request.resend && request.batchId
          ? await withoutStored(store, decoded.parts, request.batchId)
          : decoded.parts
    } catch (error) {
      return away(errorText(error))
    }
    const duplicate = countRows(decoded.parts) - countRows(parts)
    const resources = parts.length === 0 ? [] : seen.unseen(decoded.resources)
    const adding = committers.add([...parts, ...resourceParts(resources)], request.body.length)
    if (!adding) return comeAgain(429, 'too many rows wait to be inserted', duplicate)
    const settled = await adding

    const unavailable = settled.find((outcome) => outcome.type === 'unavailable')
    if (unavailable) return away(unavailable.message, duplicate)
    const refusals = refusalsOf(parts, settled)
    for (const { table, rows, message } of refusals)
      log.error({ signal, table, rows, message }, 'the database refused rows: they are lost')
    const ofResources = resources.length > 0 ? settled.at(-1) : undefined
    if (ofResources?.type === 'refused')
      log.error({ signal, message: ofResources.message }, 'the database refused resources of stored rows')
    else seen.remember(resources)

    const refused = refusals.reduce((sum, { rows }) => sum + rows, 0)
    ledger.settle(signal, { ...none, stored: countRows(parts) - refused, refused, duplicate })
    const reasons = refusals.map(({ message }) => message.slice(0, reasonCharsMax))
    return {
      type: 'accepted',
      rejected: decoded.rejected + refused,
      message: [...new Set([...decoded.messages, ...reasons])].join('; '),
    }
  }
}

function resourceParts(resources: readonly ResourceRow[]): TableRows[] {
  return resources.length === 0 ? [] : [{ table: resourcesTable, rows: resources }]
}

interface Refusal {
  readonly table: string
  readonly rows: number
  readonly message: string
}

function refusalsOf(parts: readonly TableRows[], settled: readonly InsertOutcome[]): Refusal[] {
  return parts.flatMap(({ table, rows }, index) => {
    const outcome = settled[index]
    return outcome?.type === 'refused'
      ? [{ table: table.name, rows: rows.length, message: outcome.message }]
      : []
  })
}

/** Without the days of tables that hold rows of this batch already. */
async function withoutStored(
  store: Store,
  parts: readonly TableRows[],
  batchId: string,
): Promise<TableRows[]> {
  const kept: TableRows[] = []
  for (const { table, rows } of parts) {
    for (const [day, dayRows] of byDay(table, rows as readonly RowOf<AnyTable>[])) {
      const days = table.dayColumn === null ? [] : [new Date(day * 86_400_000).toISOString().slice(0, 10)]
      if (!(await store.hasBatch(table, batchId, days))) kept.push({ table, rows: dayRows })
    }
  }
  return kept
}

function countRows(parts: readonly TableRows[]): number {
  return parts.reduce((sum, { rows }) => sum + rows.length, 0)
}
