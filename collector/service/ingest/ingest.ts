import type { OtlpHandler, OtlpOutcome, OtlpRequest, OtlpSignal } from '../../record/otlp.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { SelfMetrics } from '../../std/self-metrics.ts'
import type { CompiledRules } from '../../wire/rules/compile-rules.ts'
import type { Store } from '../store/store.ts'
import type { CommitterConfig } from './committer.ts'
import { createCommitters } from './committers.ts'
import { type DecodedRequest, decodeRequest } from './decode-request.ts'
import { createIngestLedger } from './ledger.ts'
import { createRequestStore } from './store-request.ts'

export type IngestConfig = CommitterConfig

export const defaultIngestConfig: IngestConfig = {
  blockRowsMax: 50_000,
  blockBytesMax: 32 * 1024 ** 2,
  blockAgeMs: 100,
  rowsWaitingMax: 400_000,
  bytesWaitingMax: 256 * 1024 ** 2,
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
  /** Of the configuration; undefined: there are none. */
  readonly rules?: CompiledRules | undefined
}

/**
 * OTLP requests into tables: decode, join the open blocks, answer when all of them are committed. A batch of our agent that
 * is marked as a resend is looked up first, table by table and day by day (one day is one insert, so it is there or it is
 * not); one that is still being inserted is waited for.
 */
export function createIngest(deps: IngestDeps, config: Partial<IngestConfig> = {}): Ingest {
  const { clock, log, metrics } = deps
  const ledger = createIngestLedger(metrics)
  const committers = createCommitters(deps, { ...defaultIngestConfig, ...config })
  const storeDecoded = createRequestStore({ ...deps, committers, ledger })
  const seconds = metrics.histogram(
    'ingest_request_seconds',
    'From the whole body to the committed insert',
    [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
  )
  const decodeSeconds = metrics.histogram(
    'ingest_decode_seconds',
    'From bytes to rows',
    [0.001, 0.005, 0.02, 0.1, 0.5, 2],
  )
  /** Batches of agents that are being stored now; as many as there are requests. A resend of one of them gets its outcome. */
  const inFlight = new Map<string, Promise<OtlpOutcome>>()

  function decode(request: OtlpRequest): DecodedRequest {
    const startedAt = clock.monotonicMs()
    try {
      return decodeRequest(request, {
        receivedAtMs: clock.nowMs(),
        batchId: request.batchId,
        rules: deps.rules,
      })
    } catch (error) {
      // A bug of ours, which the same bytes would meet again and again: refused, or the sender's queue would stand still.
      log.error({ err: error, signal: request.signal }, 'a request could not be decoded: its data is refused')
      return { type: 'invalid', message: 'the request cannot be decoded' }
    } finally {
      decodeSeconds.record((clock.monotonicMs() - startedAt) / 1000, { signal: request.signal })
    }
  }

  async function handleOnce(request: OtlpRequest): Promise<OtlpOutcome> {
    const decoded = decode(request)
    if (decoded.type === 'decoded') return storeDecoded(request, decoded)
    ledger.invalid(request.signal)
    return decoded
  }

  async function handleBatch(request: OtlpRequest): Promise<OtlpOutcome> {
    if (!request.batchId) return handleOnce(request)
    const key = batchKey(request.signal, request.batchId)
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

  return {
    async handle(request) {
      const startedAt = clock.monotonicMs()
      const outcome = await handleBatch(request)
      ledger.answered(request.signal, outcome.type, request.body.length)
      seconds.record((clock.monotonicMs() - startedAt) / 1000, { signal: request.signal })
      return outcome
    },
    close: () => committers.drain(),
  }
}

const batchKey = (signal: OtlpSignal, batchId: string) => `${signal}/${batchId}`
