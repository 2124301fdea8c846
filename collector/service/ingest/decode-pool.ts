import { availableParallelism } from 'node:os'
import { assert } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { SelfMetrics } from '../../std/self-metrics.ts'
import { createInlineLane, createWorkerLane, type DecodeLane, type WorkerLaneDeps } from './decode-lane.ts'
import type { DecoderConfig } from './decoder.ts'

/**
 * The decoders, and which of them takes the next request: the first one whose window has room, so that light traffic
 * makes one block and the others stay idle. A window is full at `windowRequests` requests or `windowBytes` bytes that are
 * not decoded yet; when all are full, requests wait outside (policy: block), where their senders take turns.
 */
export interface DecodePool {
  /** Undefined: all windows are full. */
  free(): Seat | undefined
  close(): Promise<void>
}

/** A decoder with its window. */
export interface Seat {
  readonly lane: DecodeLane
  take(bytes: number): void
  /** A request that was taken is decoded. */
  give(bytes: number): void
}

export interface DecodePoolDeps {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: SelfMetrics
  /** A decoder that was away is back. */
  readonly onRestart: () => void
  readonly startWorker?: WorkerLaneDeps['startWorker']
}

export interface DecodePoolConfig extends DecoderConfig {
  /** Threads; 0: the calling one decodes; -1: as many as suit this machine. */
  readonly workers: number
}

const automaticMax = 8
/** One core is for the main thread. */
const workersOf = (given: number) =>
  given >= 0 ? given : Math.min(automaticMax, Math.max(0, availableParallelism() - 1))

const windowRequests = 4
const windowBytes = 1024 ** 2

export function createDecodePool(deps: DecodePoolDeps, config: DecodePoolConfig): DecodePool {
  const { metrics } = deps
  const restarts = metrics.counter(
    'ingest_worker_restarts',
    'Decoding threads that died and were started again',
  )
  const onRestart = () => {
    restarts.add(1)
    deps.onRestart()
  }
  const { bodyBytesMax, rules, hashKey } = config
  const decoder = { bodyBytesMax, rules, hashKey }
  const workers = workersOf(config.workers)
  const lanes =
    workers === 0
      ? [createInlineLane(decoder)]
      : Array.from({ length: workers }, () => createWorkerLane({ ...deps, onRestart }, decoder))
  const seats = lanes.map(createSeat)
  metrics.gauge('ingest_workers', 'Decoders, one of them per thread', () => seats.length)
  metrics.gauge(
    'ingest_workers_busy',
    'Decoders that have something to decode',
    () => seats.filter((seat) => seat.busy()).length,
  )
  return {
    free: () => seats.find((seat) => seat.hasRoom()),
    async close() {
      await Promise.all(lanes.map((lane) => lane.close()))
    },
  }
}

function createSeat(lane: DecodeLane) {
  let requests = 0
  let bytes = 0
  return {
    lane,
    hasRoom: () => lane.alive() && requests < windowRequests && bytes < windowBytes,
    busy: () => requests > 0,
    take(more: number) {
      requests++
      bytes += more
    },
    give(less: number) {
      requests--
      bytes -= less
      assert(requests >= 0 && bytes >= 0, 'a window gave more than it took')
    },
  }
}
