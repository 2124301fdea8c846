import type { OtlpHandler, OtlpOutcome, OtlpRequest } from '../../record/otlp.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { SelfMetrics } from '../../std/self-metrics.ts'
import type { Store } from '../store/store.ts'
import type { WorkerLaneDeps } from './decode-lane.ts'
import { createDecodePool, type DecodePoolConfig } from './decode-pool.ts'
import { createDispatch } from './dispatch.ts'
import { createGroupCommit, type GroupCommitConfig, type GroupOutcome } from './group-commit.ts'
import { createInsertBlocks } from './insert-blocks.ts'
import { createIngestLedger } from './ledger.ts'
import { comeAgain, createSettle } from './request-outcome.ts'
import { createResend } from './resend.ts'
import { createWaitingBudget, type WaitingBudgetConfig } from './waiting-budget.ts'

export interface IngestConfig extends DecodePoolConfig, GroupCommitConfig, WaitingBudgetConfig {}

export const defaultIngestConfig: IngestConfig = {
  workers: 0,
  bodyBytesMax: 64 * 1024 ** 2,
  rules: [],
  hashKey: '',
  blockRowsMax: 100_000,
  blockBytesMax: 64 * 1024 ** 2,
  blockAgeMs: 100,
  rowsWaitingMax: 400_000,
  bytesWaitingMax: 256 * 1024 ** 2,
}

export interface Ingest {
  /** The request's body is ours from then on. */
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
  readonly startWorker?: WorkerLaneDeps['startWorker'] | undefined
}

/**
 * OTLP requests into tables:
 *
 *     budget ─▶ senders take turns ─▶ decoders ─┬▶ open group ─▶ one insert per table and day ─▶ answer
 *                                               └▶ resent batch: looked up, what is missing inserted ─▶ answer
 *
 * A batch of our agent that is still being stored when it comes again is waited for.
 */
export function createIngest(deps: IngestDeps, given: Partial<IngestConfig> = {}): Ingest {
  const { clock, log, metrics } = deps
  const config = { ...defaultIngestConfig, ...given }
  const ledger = createIngestLedger(metrics)
  const budget = createWaitingBudget(config)
  const onRoom = () => dispatch.pump()
  const pool = createDecodePool({ ...deps, onRestart: onRoom }, config)
  const insertBlocks = createInsertBlocks(deps)
  const groups = createGroupCommit({ insertBlocks, clock, log, metrics, onRoom }, config)
  const resend = createResend({ ...deps, insertBlocks, onRoom })
  const dispatch = createDispatch({ pool, budget, groups, resend, clock })
  const settle = createSettle({ ledger, log, bodyBytesMax: config.bodyBytesMax })
  const observe = observeIngest(metrics, budget)
  /** Batches of agents that are being stored now; as many as there are requests. A resend of one of them gets its outcome. */
  const inFlight = new Map<string, Promise<OtlpOutcome>>()
  const handling = new Set<Promise<OtlpOutcome>>()

  async function handleOnce(request: OtlpRequest): Promise<OtlpOutcome> {
    const ticket = budget.enter(request.peerAddress, request.body.length)
    if (!ticket) return comeAgain(429, 'too much waits to be inserted')
    try {
      const outcome = await dispatch.hand(request, ticket)
      observe.decoded(request, outcome)
      return settle(request.signal, outcome)
    } finally {
      ticket.leave()
      dispatch.pump()
    }
  }

  async function handleBatch(request: OtlpRequest): Promise<OtlpOutcome> {
    if (!request.batchId) return handleOnce(request)
    const key = `${request.signal}/${request.batchId}`
    const running = inFlight.get(key)
    if (running) return running
    const outcome = handleOnce(request)
    inFlight.set(key, outcome)
    try {
      return await outcome
    } finally {
      inFlight.delete(key)
    }
  }

  async function handle(request: OtlpRequest): Promise<OtlpOutcome> {
    const startedAt = clock.monotonicMs()
    const bytes = request.body.length
    const outcome = await handleBatch(request)
    ledger.answered(request.signal, outcome.type, bytes)
    observe.answered(request, (clock.monotonicMs() - startedAt) / 1000)
    return outcome
  }

  return {
    handle(request) {
      const outcome = handle(request)
      handling.add(outcome)
      void outcome.finally(() => handling.delete(outcome)).catch(() => {})
      return outcome
    },
    async close() {
      groups.hurry()
      while (handling.size > 0) await Promise.allSettled(handling)
      await pool.close()
    },
  }
}

function observeIngest(metrics: SelfMetrics, budget: ReturnType<typeof createWaitingBudget>) {
  metrics.gauge('ingest_waiting_rows', 'Rows that are decoded and not committed', () =>
    [...budget.rowsByTable()].map(([table, rows]) => [rows, { table }] as const),
  )
  metrics.gauge(
    'ingest_waiting_bytes',
    'Bytes of request bodies and decoded blocks that are not committed',
    budget.bytes,
  )
  const requestSeconds = metrics.histogram(
    'ingest_request_seconds',
    'From the whole body to the committed insert',
    [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
  )
  const bounds = [0.001, 0.005, 0.02, 0.1, 0.5, 2]
  const inflateSeconds = metrics.histogram('ingest_inflate_seconds', 'Of inflating a body', bounds)
  const decodeSeconds = metrics.histogram('ingest_decode_seconds', 'From bytes to columns', bounds)
  return {
    decoded({ signal }: OtlpRequest, outcome: GroupOutcome) {
      if (!('counts' in outcome) || !outcome.counts) return
      inflateSeconds.record(outcome.counts.inflateMs / 1000, { signal })
      decodeSeconds.record(outcome.counts.decodeMs / 1000, { signal })
    },
    answered: ({ signal }: OtlpRequest, seconds: number) => requestSeconds.record(seconds, { signal }),
  }
}
