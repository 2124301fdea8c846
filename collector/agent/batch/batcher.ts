import { isScopeRecord, type KubeRecord } from '../../record/kube.ts'
import type { OtlpSignal } from '../../record/otlp.ts'
import { type NodeUsagePoint, type UsagePoint, usageMetrics } from '../../record/usage.ts'
import type { Clock } from '../../std/clock.ts'
import {
  createMemoryLane,
  type Entry,
  type EntryAnswer,
  type EntryLossReason,
  type MemoryLane,
} from './memory-lane.ts'

/**
 * Makes batches of what the stages in front emit and puts them into the spool: 4 MiB or 1 s, kubernetes records 250 ms
 * so that an opt-in is visible quickly. Limits and policies: memory-lane.ts.
 *
 * Records and points exist only here until they are on disk. Requests of applications are kept by their senders until
 * they are answered, which happens after the spool has synced them.
 */
export interface Batcher {
  kube(records: readonly KubeRecord[]): void
  /** Undefined: there is room for more records; else when there is. Records that come all the same push out the oldest. */
  kubeRoom(): Promise<void> | undefined
  /** Returns how many data points they make. */
  usage(points: readonly AnyUsage[]): number
  /** Resolves when all parts are on disk, or are not going to be. */
  request(request: AppRequest): Promise<RequestOutcome>
  /** Removes what waits in memory of a namespace that is no longer collected. What is on disk carries its namespace: the shipper leaves it out. */
  dropNamespace(namespace: string): void
  state(): Record<BatchLaneName, BatchLaneState>
  close(): Promise<void>
}

export type BatchLaneName = 'kube' | 'metrics' | 'traces' | 'logs'

export interface BatchLaneState {
  readonly bytes: number
  readonly items: Partial<Record<OtlpSignal, number>>
}

/** A request of an SDK, enriched, as parts of one namespace each. */
export interface AppRequest {
  readonly signal: OtlpSignal
  readonly parts: readonly {
    readonly namespace: string
    /** Lie one after the other. */
    readonly pieces: readonly Uint8Array[]
    readonly items: number
  }[]
}

export type RequestOutcome =
  | { readonly type: 'kept'; readonly droppedItems: number }
  /** Some parts are not on disk; the others may be. */
  | { readonly type: 'failed'; readonly message: string; readonly failedItems: number }

export interface BatchPart {
  /** Lie one after the other. */
  readonly pieces: readonly Uint8Array[]
  readonly items: number
  /** All of it is of this namespace; absent: it may leave whatever is collected. */
  readonly namespace?: string
}

export interface BatcherDeps {
  readonly clock: Clock
  /** Writes a batch to the spool; undefined when it is kept, else why not. */
  readonly append: (
    lane: BatchLaneName,
    batch: { readonly signal: OtlpSignal; readonly parts: readonly BatchPart[] },
  ) => Promise<string | undefined>
  /** Batches of the kube lane that are not delivered yet. */
  readonly kubeBacklog: () => number
  readonly encodeKube: (records: readonly KubeRecord[]) => Uint8Array
  readonly encodeUsage: (points: readonly AnyUsage[]) => Uint8Array
  readonly onLoss: (loss: BatchLoss) => void
}

export interface BatchLoss {
  readonly lane: BatchLaneName
  readonly signal: OtlpSignal
  readonly items: number
  readonly reason: EntryLossReason
}

export interface BatcherConfig {
  readonly windowMs: number
  readonly kubeWindowMs: number
  readonly batchBytesMax: number
  /** Of each lane. */
  readonly memoryBytesMax: number
  readonly retryMs: number
}

type AnyUsage = UsagePoint | NodeUsagePoint

type AnyEntry = Entry &
  (
    | { readonly type: 'kube'; readonly record: KubeRecord }
    | { readonly type: 'point'; readonly point: AnyUsage }
    | { readonly type: 'payload'; readonly payload: readonly Uint8Array[] }
  )

const laneSignals: Record<BatchLaneName, OtlpSignal> = {
  kube: 'logs',
  metrics: 'metrics',
  traces: 'traces',
  logs: 'logs',
}
const appLanes: Record<OtlpSignal, BatchLaneName> = { traces: 'traces', metrics: 'metrics', logs: 'logs' }
/** The borders of the parts stand in the record of the spool, which has room for some thousand. */
const payloadsMax = 1_000
const recordsMax = 10_000
/** Of records, which lie in memory as objects, as bytes and compressed at once: many small batches take less of it than few. */
const recordBatchBytesMax = 1024 * 1024
/** Of kubernetes records, when the service takes them more slowly than they come. */
const kubeWindowMsMax = 5_000
const steadyWindows = 4
/** Records a part: what the service loses at most when it refuses one. */
const recordsPerPart = 500
/** Attributes that repeat the identity beside the body, and a point with its attributes. */
const recordOverheadBytes = 400
const pointBytes = 600
/** Data points made of one usage point, of containers and nodes alike. */
const itemsPerPoint = Object.keys(usageMetrics).length

export function createBatcher(deps: BatcherDeps, config: BatcherConfig): Batcher {
  const { clock, append, kubeBacklog, encodeKube, encodeUsage, onLoss } = deps

  let kubeWrittenAtMs = Number.NEGATIVE_INFINITY

  /**
   * Batches of this lane leave one by one: when they wait for each other, larger ones take the time that one takes. A batch
   * costs as much as some fifty records, so where records come all the time there is one each `steadyWindows`.
   */
  function kubeWindowMs(): number {
    const steadyMs = steadyWindows * config.kubeWindowMs - (clock.monotonicMs() - kubeWrittenAtMs)
    return Math.min(kubeWindowMsMax, Math.max(steadyMs, config.kubeWindowMs * Math.max(1, kubeBacklog())))
  }

  function lane(name: BatchLaneName): MemoryLane<AnyEntry> {
    const signal = laneSignals[name]
    const ofRecords = name === 'kube' || name === 'metrics'
    return createMemoryLane<AnyEntry>(
      {
        clock,
        write(entries) {
          if (name === 'kube') kubeWrittenAtMs = clock.monotonicMs()
          return append(name, { signal, parts: partsOf(entries) })
        },
        onLoss: ({ items }, reason) => onLoss({ lane: name, signal, items, reason }),
      },
      {
        windowMs: () => (name === 'kube' ? kubeWindowMs() : config.windowMs),
        batchBytesMax: ofRecords ? Math.min(recordBatchBytesMax, config.batchBytesMax) : config.batchBytesMax,
        batchEntriesMax: ofRecords ? recordsMax : payloadsMax,
        memoryBytesMax: config.memoryBytesMax,
        retryMs: config.retryMs,
      },
    )
  }

  const lanes = { kube: lane('kube'), metrics: lane('metrics'), traces: lane('traces'), logs: lane('logs') }

  function partsOf(entries: readonly AnyEntry[]): BatchPart[] {
    const records = entries.flatMap((entry) => (entry.type === 'kube' ? [entry.record] : []))
    const points = entries.flatMap((entry) => (entry.type === 'point' ? [entry.point] : []))
    const payloads = entries.flatMap((entry) =>
      entry.type === 'payload'
        ? [{ pieces: entry.payload, items: entry.items, ...ofNamespace(entry.namespace) }]
        : [],
    )
    return [
      ...encodeChunks(records, { encode: encodeKube, itemsEach: 1, namespaceOf: homeOf }),
      ...encodeChunks(points, {
        encode: encodeUsage,
        itemsEach: itemsPerPoint,
        namespaceOf: homeOfPoint,
      }),
      ...payloads,
    ]
  }

  function requestPart(signal: OtlpSignal, part: AppRequest['parts'][number]): Promise<EntryAnswer> {
    return new Promise((answer) => {
      const { namespace, pieces, items } = part
      lanes[appLanes[signal]].add({
        type: 'payload',
        namespace,
        items,
        bytes: pieces.reduce((sum, piece) => sum + piece.length, 0),
        payload: pieces,
        answer,
      })
    })
  }

  return {
    kube(records) {
      for (const record of records) {
        const bytes = JSON.stringify(record.record).length + recordOverheadBytes
        lanes.kube.add({ type: 'kube', namespace: record.record.namespace, items: 1, bytes, record })
      }
    },
    kubeRoom: lanes.kube.room,
    usage(points) {
      for (const point of points) {
        const namespace = homeOfPoint(point)
        lanes.metrics.add({ type: 'point', namespace, items: itemsPerPoint, bytes: pointBytes, point })
      }
      return points.length * itemsPerPoint
    },
    async request({ signal, parts }) {
      const answers = await Promise.all(parts.map((part) => requestPart(signal, part)))
      let droppedItems = 0
      let failedItems = 0
      let message = ''
      for (const [index, answer] of answers.entries()) {
        const items = parts[index]?.items ?? 0
        if (answer.type === 'dropped') droppedItems += items
        if (answer.type !== 'failed') continue
        failedItems += items
        message = answer.message
      }
      return failedItems > 0 ? { type: 'failed', message, failedItems } : { type: 'kept', droppedItems }
    },
    dropNamespace(namespace) {
      for (const one of Object.values(lanes))
        one.drop(
          (entry) => entry.namespace === namespace && !(entry.type === 'kube' && isScopeRecord(entry.record)),
        )
    },
    state: () => ({
      kube: stateOf(lanes.kube, 'logs'),
      metrics: stateOf(lanes.metrics, 'metrics'),
      traces: stateOf(lanes.traces, 'traces'),
      logs: stateOf(lanes.logs, 'logs'),
    }),
    async close() {
      await Promise.all(Object.values(lanes).map((one) => one.close()))
    },
  }
}

function stateOf(lane: MemoryLane<AnyEntry>, signal: OtlpSignal): BatchLaneState {
  const items = lane.entries().reduce((sum, entry) => sum + entry.items, 0)
  return { bytes: lane.bytes(), items: items === 0 ? {} : { [signal]: items } }
}

/** The namespace whose opt-out takes the record away; '': none. */
function homeOf(record: KubeRecord): string {
  return isScopeRecord(record) ? '' : record.record.namespace
}

function homeOfPoint(point: AnyUsage): string {
  return 'node' in point ? '' : point.pod.namespace
}

function ofNamespace(namespace: string): { readonly namespace?: string } {
  return namespace === '' ? {} : { namespace }
}

/** A part holds one namespace, its records in order. */
function encodeChunks<T>(
  all: readonly T[],
  {
    encode,
    itemsEach,
    namespaceOf,
  }: {
    readonly encode: (chunk: readonly T[]) => Uint8Array
    readonly itemsEach: number
    readonly namespaceOf: (one: T) => string
  },
): BatchPart[] {
  const parts: BatchPart[] = []
  for (const [namespace, ones] of Map.groupBy(all, namespaceOf)) {
    for (let at = 0; at < ones.length; at += recordsPerPart) {
      const chunk = ones.slice(at, at + recordsPerPart)
      parts.push({ pieces: [encode(chunk)], items: chunk.length * itemsEach, ...ofNamespace(namespace) })
    }
  }
  return parts
}
