import type { Dispatcher } from 'undici'
import type { KubeRecord } from '../record/kube.ts'
import type { OtlpSignal } from '../record/otlp.ts'
import type { Clock } from '../std/clock.ts'
import type { Log } from '../std/log.ts'
import { encodeKubeLogs, encodeUsage } from '../wire/encode-records.ts'
import { type Batcher, createBatcher } from './batch/batcher.ts'
import type { AgentConfig } from './config-schema.ts'
import type { AgentCondition } from './health.ts'
import type { AgentLedger, DropReason, LaneGauges } from './metrics.ts'
import type { TailSampler } from './sample/tail-sampler.ts'
import { createPost } from './ship/post.ts'
import { createShipper, type ShipBatch, type ShipDeps, type ShipSettled } from './ship/shipper.ts'
import { systemDisk } from './spool/disk.ts'
import type { SpoolLane } from './spool/lane.ts'
import { type LaneName, laneNames, openLanes, openSpool, stateLaneNames } from './spool/spool.ts'

/**
 * The way out, which the halves of the agent share: batch ──▶ spool ──▶ ship, a lane each. Mode `state` opens the lanes of
 * the cluster alone (and one that an earlier run in mode `full` left something in, until that is delivered).
 */
export interface Delivery {
  readonly agentUid: string
  readonly batcher: Batcher
  /** Lanes that are open. */
  gauges(): LaneGauges[]
  condition(): AgentCondition['lanes']
  /** The service takes what is told of the cluster, and little of it waits. */
  isKubeClear(): boolean
  start(): void
  /** What is in memory goes into the spool. */
  flush(): Promise<void>
  /** Ships on while it helps, for `ship.drainMs` at most: a lane whose last request failed is left to the next start. */
  drain(): Promise<void>
  close(): Promise<void>
}

export interface DeliveryDeps {
  readonly clock: Clock
  readonly random: () => number
  readonly log: Log
  readonly ledger: AgentLedger
  readonly dispatcher: Dispatcher
  readonly authorization: () => Promise<Record<string, string>>
  /** What records and points are of. */
  readonly resource: () => Map<string, string>
  readonly mayLeave: ShipDeps<ShipBatch>['mayLeave']
  /** Records of the cluster are lost. */
  readonly onKubeLoss: () => void
  /** Bodies that were sent, compressed. */
  readonly onSent: (lane: LaneName, bytes: number) => void
  /** Stands between spool and ship; absent: all traces are shipped. */
  readonly openSampler?:
    | ((traces: SpoolLane, about: { readonly idPrefix: string }) => TailSampler)
    | undefined
}

/** Throws when the spool's directory cannot be used. */
export async function openDelivery(deps: DeliveryDeps, config: AgentConfig): Promise<Delivery> {
  const { clock, random, log, ledger, mayLeave, onSent } = deps
  const stopping = new AbortController()
  const spool = await openSpool(
    {
      disk: systemDisk,
      clock,
      log,
      onLoss: (lane, { signal, items, reason }) => drop(lane, signal, items, spoolReasons[reason]),
    },
    {
      ...config.spool,
      lanes: config.mode === 'full' ? laneNames : stateLaneNames,
      cursorIntervalMs: 500,
    },
  )
  const open = openLanes(spool.lanes)
  for (const [lane, one] of open)
    for (const [signal, items] of signalEntries(one.state().recoveredItems))
      ledger.recovered({ lane, signal }, items)

  const { timeoutMs, compression } = config.ship
  const { endpoint } = config.service
  const { traces } = spool.lanes
  const sampler = traces && deps.openSampler?.(traces, { idPrefix: `${spool.agentUid}/${spool.bootId}` })
  const shippers = new Map(
    open.map(([lane, one]) => [
      lane,
      lane === 'traces' && sampler ? createLaneShipper(lane, sampler) : createLaneShipper(lane, one),
    ]),
  )
  const running: Promise<void>[] = []

  const batcher = createBatcher(
    {
      clock,
      append: async (lane, batch) => {
        const outcome = await spool.lanes[lane]?.append(batch)
        if (!outcome) return `nothing is kept of ${lane} in mode ${config.mode}`
        return outcome.type === 'kept' ? undefined : outcome.message
      },
      kubeBacklog: () => spool.lanes.kube.state().batches,
      encodeKube: (records: readonly KubeRecord[]) => encodeKubeLogs({ resource: deps.resource(), records }),
      encodeUsage: (points) => encodeUsage({ resource: deps.resource(), points }),
      onLoss: ({ lane, signal, items, reason }) => drop(lane, signal, items, reason),
    },
    {
      windowMs: config.batch.windowMs,
      kubeWindowMs: config.batch.kubeWindowMs,
      batchBytesMax: config.batch.bytesMax,
      memoryBytesMax: config.batch.memoryBytesMax,
      retryMs: 1_000,
    },
  )

  function drop(lane: LaneName, signal: OtlpSignal, items: number, reason: DropReason): void {
    ledger.dropped({ lane, signal }, items, reason)
    if (lane === 'kube' && lossReasons.has(reason)) deps.onKubeLoss()
  }

  function createLaneShipper<Batch extends ShipBatch>(lane: LaneName, source: ShipDeps<Batch>['source']) {
    return createShipper(
      {
        source,
        post: createPost(
          { ...deps, headers: deps.authorization, onSent: (bytes) => onSent(lane, bytes) },
          { endpoint, timeoutMs, compression },
        ),
        poison: spool.poison,
        clock,
        random,
        log,
        mayLeave,
        onSettled: (settled) => settle(lane, settled),
        onAttempt: (outcome) => ledger.attempt(lane, outcome),
      },
      { ...config.ship, lane, inFlightMax: lane === 'kube' ? 1 : config.ship.inFlightMax },
    )
  }

  function settle(lane: LaneName, { signal, shipped, rejected, reason, optedOut }: ShipSettled): void {
    ledger.shipped({ lane, signal }, shipped)
    ledger.dropped({ lane, signal }, optedOut, 'opted-out')
    ledger.rejected(
      { lane, signal },
      rejected,
      reason === 'refused' ? 'service-refused' : 'service-partial-success',
    )
  }

  const failureOf = (lane: LaneName) => shippers.get(lane)?.state().failure

  return {
    agentUid: spool.agentUid,
    batcher,
    gauges() {
      const memory = batcher.state()
      return open.map(([lane, one]) => {
        const state = one.state()
        return {
          lane,
          spoolBytes: state.bytes,
          memoryBytes: memory[lane].bytes,
          oldestMs: state.oldestMs,
          inFlight: shippers.get(lane)?.state().inFlight ?? 0,
          damagedSegments: state.damagedSegments,
          tornBytes: state.tornBytes,
          queued: addItems(state.items, memory[lane].items),
        }
      })
    },
    condition: () =>
      open.map(([lane, one]) => ({
        lane,
        spoolFailure: one.state().failure,
        shipFailure: failureOf(lane)?.message,
      })),
    isKubeClear: () => !failureOf('kube') && spool.lanes.kube.state().batches <= 2,
    start() {
      if (sampler) running.push(sampler.run(stopping.signal))
      for (const shipper of shippers.values()) running.push(shipper.run(stopping.signal))
    },
    flush: () => batcher.close(),
    async drain() {
      sampler?.hurry()
      const deadlineMs = clock.monotonicMs() + config.ship.drainMs
      const hopeful = () => open.some(([lane, one]) => one.state().batches > 0 && !failureOf(lane))
      while (hopeful() && clock.monotonicMs() < deadlineMs) await clock.sleep(20)
      stopping.abort()
      await Promise.all(running)
    },
    close: () => spool.close(),
  }
}

const spoolReasons = { full: 'spool-full', damaged: 'spool-damaged' } as const satisfies Record<
  string,
  DropReason
>

/** The others are what was meant not to leave. */
const lossReasons: ReadonlySet<DropReason> = new Set(['memory-full', 'spool-full', 'spool-damaged'])

type Items = Partial<Record<OtlpSignal, number>>

function signalEntries(items: Items): [OtlpSignal, number][] {
  return (['traces', 'logs', 'metrics'] as const).flatMap((signal) => {
    const count = items[signal]
    return count === undefined ? [] : [[signal, count] as [OtlpSignal, number]]
  })
}

function addItems(a: Items, b: Items): Items {
  const sums: Items = { ...a }
  for (const [signal, items] of signalEntries(b)) sums[signal] = (sums[signal] ?? 0) + items
  return sums
}
