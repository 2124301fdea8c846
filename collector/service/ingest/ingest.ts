import type { OtlpHandler, OtlpOutcome, OtlpRequest } from '../../intake/otlp.ts'
import { kubeChangesTable, kubeEventsTable, kubeObjectsTable } from '../../record/kube.ts'
import { logsTable, metricsTable } from '../../record/signal.ts'
import { type ResourceRow, resourcesTable, spansTable } from '../../record/span.ts'
import type { AnyTable, RowOf } from '../../record/table.ts'
import { assert } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { SelfMetrics } from '../../std/self-metrics.ts'
import { byDay } from '../store/insert.ts'
import type { InsertOutcome, Store, TableRows } from '../store/store.ts'
import { type Committer, createCommitter } from './committer.ts'
import { decodeRequest } from './decode-request.ts'
import { createIngestLedger } from './ledger.ts'
import { createSeenResources } from './seen-resources.ts'

export interface IngestConfig {
  /** An open block is inserted when it has so many rows, or is so old. */
  readonly blockRowsMax: number
  readonly blockAgeMs: number
  /** Rows that wait for an insert, per table; 429 beyond. */
  readonly rowsWaitingMax: number
}

export const defaultIngestConfig: IngestConfig = {
  blockRowsMax: 50_000,
  blockAgeMs: 100,
  rowsWaitingMax: 400_000,
}

export interface Ingest {
  readonly handle: OtlpHandler
  /** Inserts what waits and answers its senders. */
  close(): Promise<void>
}

export interface IngestDeps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly metrics: SelfMetrics
  readonly instanceId: string
}

const tables: readonly AnyTable[] = [
  spansTable,
  logsTable,
  metricsTable,
  kubeObjectsTable,
  kubeChangesTable,
  kubeEventsTable,
  resourcesTable,
]
const retryAfterSeconds = 1

/**
 * OTLP requests into tables: decode, join the open blocks, answer when all of them are committed. A batch of our agent that
 * is marked as a resend is looked up first, table by table and day by day (one day is one insert, so it is there or it is
 * not); one that is still being inserted is waited for.
 */
export function createIngest(deps: IngestDeps, config: IngestConfig = defaultIngestConfig): Ingest {
  const { store, clock, log, metrics, instanceId } = deps
  const ledger = createIngestLedger(metrics)
  const committers = new Map<string, Committer<AnyTable>>(
    tables.map((table) => [
      table.name,
      createCommitter(
        { table, store, clock, instanceId },
        { rowsMax: config.blockRowsMax, ageMs: config.blockAgeMs, rowsWaitingMax: config.rowsWaitingMax },
      ),
    ]),
  )
  metrics.gauge('ingest_waiting_rows', 'Rows that wait for their insert', () =>
    [...committers].map(([table, committer]) => [committer.rowsWaiting(), { table }] as const),
  )
  const seconds = metrics.histogram(
    'ingest_request_seconds',
    'From the whole body to the committed insert',
    [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
  )
  const seen = createSeenResources()
  /** Batches of agents that are being stored now. A resend of one of them gets its outcome. */
  const inFlight = new Map<string, Promise<OtlpOutcome>>()

  function committerOf(table: AnyTable): Committer<AnyTable> {
    const committer = committers.get(table.name)
    assert(committer, `no committer for ${table.name}`)
    return committer
  }

  async function storeRequest(request: OtlpRequest): Promise<OtlpOutcome> {
    const decoded = decodeRequest(request, { receivedAtMs: clock.nowMs(), batchId: request.batchId })
    if (decoded.type === 'invalid') {
      ledger.invalid(request.signal)
      return decoded
    }
    const { signal } = request
    ledger.received(signal, decoded.received)
    ledger.rejected(signal, decoded.rejected, 'malformed')
    const parts =
      request.resend && request.batchId ? await withoutStored(decoded.parts, request.batchId) : decoded.parts
    const duplicates = countRows(decoded.parts) - countRows(parts)
    const resources = seen.unseen(decoded.resources)
    const outcomes = add([
      ...parts,
      ...(resources.length > 0 ? [{ table: resourcesTable, rows: resources }] : []),
    ])
    if (outcomes === undefined) {
      ledger.failed(signal, decoded.received - decoded.rejected)
      return {
        type: 'retry',
        status: 429,
        afterSeconds: retryAfterSeconds,
        message: 'too many rows wait to be inserted',
      }
    }
    const settled = await Promise.all(outcomes)
    return conclude({
      request,
      rejected: decoded.rejected,
      messages: decoded.messages,
      duplicates,
      parts,
      settled,
      resources,
    })
  }

  /** All or nothing: when one table has no room, nothing of the request is added. */
  function add(parts: readonly TableRows[]): Promise<InsertOutcome>[] | undefined {
    const crowded = parts.some(({ table, rows }) => {
      const waiting = committerOf(table).rowsWaiting()
      return waiting > 0 && waiting + rows.length > config.rowsWaitingMax
    })
    if (crowded) return undefined
    return parts.map(({ table, rows }) => {
      const outcome = committerOf(table).add(rows as readonly RowOf<AnyTable>[])
      assert(outcome, 'a block was full although there was room')
      return outcome
    })
  }

  interface Conclusion {
    readonly request: OtlpRequest
    readonly rejected: number
    readonly messages: readonly string[]
    readonly duplicates: number
    readonly parts: readonly TableRows[]
    readonly settled: readonly InsertOutcome[]
    readonly resources: readonly ResourceRow[]
  }

  function conclude({
    request,
    rejected,
    messages,
    duplicates,
    parts,
    settled,
    resources,
  }: Conclusion): OtlpOutcome {
    const { signal } = request
    const unavailable = settled.find(({ type }) => type === 'unavailable')
    if (unavailable?.type === 'unavailable') {
      ledger.failed(signal, countRows(parts))
      ledger.duplicate(signal, duplicates)
      log.warn(
        { signal, message: unavailable.message },
        'the database is away: the sender is asked to come again',
      )
      return {
        type: 'retry',
        status: 503,
        afterSeconds: retryAfterSeconds,
        message: 'the database is not available',
      }
    }
    let refused = 0
    const reasons: string[] = []
    for (const [index, { rows }] of parts.entries()) {
      const outcome = settled[index]
      if (outcome?.type !== 'refused') continue
      refused += rows.length
      reasons.push(outcome.message.slice(0, 200))
      log.error(
        { signal, rows: rows.length, message: outcome.message },
        'the database refused rows: they are lost',
      )
    }
    if (settled.every(({ type }) => type === 'stored')) seen.remember(resources)
    ledger.stored(signal, countRows(parts) - refused)
    ledger.rejected(signal, refused, 'refused')
    ledger.duplicate(signal, duplicates)
    return { type: 'accepted', rejected: rejected + refused, message: [...messages, ...reasons].join('; ') }
  }

  async function withoutStored(parts: readonly TableRows[], batchId: string): Promise<TableRows[]> {
    const kept: TableRows[] = []
    for (const { table, rows } of parts) {
      for (const [day, dayRows] of byDay(table, rows as readonly RowOf<AnyTable>[])) {
        const days = table.dayColumn === null ? [] : [new Date(day * 86_400_000).toISOString().slice(0, 10)]
        if (!(await store.hasBatch(table, batchId, days))) kept.push({ table, rows: dayRows })
      }
    }
    return kept
  }

  return {
    async handle(request) {
      const startedAt = clock.monotonicMs()
      const running = request.batchId ? inFlight.get(request.batchId) : undefined
      if (running) return running
      const outcome = storeRequest(request).catch((error: unknown): OtlpOutcome => {
        log.warn(
          { err: error, signal: request.signal },
          'a request could not be stored: the sender is asked to come again',
        )
        return {
          type: 'retry',
          status: 503,
          afterSeconds: retryAfterSeconds,
          message: 'the database is not available',
        }
      })
      if (request.batchId) inFlight.set(request.batchId, outcome)
      try {
        const result = await outcome
        ledger.answered(request.signal, result.type, request.body.length)
        return result
      } finally {
        if (request.batchId) inFlight.delete(request.batchId)
        seconds.record((clock.monotonicMs() - startedAt) / 1000, { signal: request.signal })
      }
    },
    async close() {
      await Promise.all([...committers.values()].map((committer) => committer.drain()))
    },
  }
}

function countRows(parts: readonly TableRows[]): number {
  return parts.reduce((sum, { rows }) => sum + rows.length, 0)
}
