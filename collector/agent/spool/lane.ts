import type { OtlpSignal } from '../../record/otlp.ts'
import { assert, errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import { encodeCursor } from './cursor.ts'
import type { SpoolDisk } from './disk.ts'
import { createLaneReader } from './lane-reader.ts'
import { createLaneWriter } from './lane-writer.ts'
import type { Packed } from './pack.ts'
import { cursorPath, recoverLane } from './recover-lane.ts'
import type { BatchMeta, BatchPart } from './segment-format.ts'
import { createSegmentList } from './segment-list.ts'

/**
 * One lane of the spool: a queue of batches in segment files that survives a crash.
 *
 * ```
 *   0000000000000007.segment        …08.segment               …09.segment
 *   ┌──────────────────────┐ ┌────────────────────────┐ ┌───────────────────┐
 *   │ H ▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒▒ │ │ H ▒▒▒▒▒▒ ▓▓▓▓▓▓ ░░░░░░ │ │ H ░░░░░░ ░░░ ::::: │
 *   └──────────────────────┘ └─────────▲──────▲───────┘ └────────────▲──────┘
 *     all settled: removed         cursor   readAt                  end     (: not synced yet, never read)
 *      ▒ acknowledged   ▓ handed out   ░ waiting
 * ```
 *
 * Invariants
 * - An append resolves `kept` only after its record and its segment's name are synced. Appends that arrive during a
 *   window of `syncWindowMs` or during a sync share the next one.
 * - Batches are handed out in the order of their appends, also across restarts; `acknowledge` may come in any order.
 * - The cursor stands at the oldest batch that is not acknowledged. It is stored now and then, so a restart hands out
 *   a few settled batches again; every batch of an earlier run carries `resend`.
 * - A run never appends to a segment of an earlier run, so only the newest segment can have a torn tail.
 * - appended = acknowledged + lost (each counted through `onLoss`) + waiting.
 *
 * Limits and policies
 * - `bytesMax` for all segments of the lane: at the limit the oldest segment goes (`drop-oldest`, reason `full`).
 * - A record larger than the lane, a full disk or any other error of the disk: the append answers `failed`, nothing of
 *   it will be handed out in this run, and the caller decides. (After an error that also kept us from cutting it off,
 *   a restart may find it and send it: kept although not promised.)
 * - A damaged record found while reading: the unread rest of its segment is lost (reason `damaged`), the file is set aside.
 */
export interface SpoolLane {
  append(batch: NewBatch): Promise<AppendOutcome>
  /** Waits for the next batch; undefined when the signal aborts or the lane is closed. One caller at a time. */
  next(signal: AbortSignal): Promise<SpooledBatch | undefined>
  acknowledge(batch: SpooledBatch): void
  state(): LaneState
  /** Waits for appends under way and stores the cursor. */
  close(): Promise<void>
}

export interface NewBatch {
  readonly signal: OtlpSignal
  /** Up to a thousand or so: their borders stand in the record. */
  readonly parts: readonly BatchPart[]
}

export interface SpooledBatch {
  /** `<agent uid>/<boot id>/<sequence>`, the same for ever. */
  readonly id: string
  readonly signal: OtlpSignal
  readonly items: number
  /** `bytes` are lengths, uncompressed. */
  readonly parts: BatchMeta['parts']
  /** All parts together, as they lie on disk. */
  readonly packed: Packed
  /** The parts themselves, in order. */
  unpack(): Promise<Uint8Array[]>
  readonly writtenAtMs: number
  /** It was written before this start, so it may have been sent already. */
  readonly resend: boolean
}

export type AppendOutcome =
  | { readonly type: 'kept' }
  | { readonly type: 'failed'; readonly full: boolean; readonly message: string }

export interface LaneLoss {
  readonly reason: 'full' | 'damaged'
  readonly signal: OtlpSignal
  readonly batches: number
  readonly items: number
}

export interface LaneState {
  /** On disk, settled parts of segments included. */
  readonly bytes: number
  readonly batches: number
  readonly items: Partial<Record<OtlpSignal, number>>
  /** When the oldest batch that is handed out or next was written; undefined when nothing waits. */
  readonly oldestMs: number | undefined
  readonly recoveredItems: Partial<Record<OtlpSignal, number>>
  readonly damagedSegments: number
  readonly tornBytes: number
  /** The error of the last append, until one succeeds. */
  readonly failure: string | undefined
}

export interface LaneDeps {
  readonly disk: SpoolDisk
  readonly clock: Clock
  readonly log: Log
  /** Batch ids in order: called once a batch, as it is written. */
  readonly nextId: () => string
  readonly onLoss: (loss: LaneLoss) => void
}

export interface LaneConfig {
  readonly directory: string
  readonly bytesMax: number
  readonly segmentBytesMax: number
  readonly syncWindowMs: number
  readonly cursorIntervalMs: number
}

export async function openLane(deps: LaneDeps, config: LaneConfig): Promise<SpoolLane> {
  const { disk, log } = deps
  const { directory } = config
  const recovered = await recoverLane(disk, { directory, log })
  const segments = createSegmentList(deps, { ...config, ...recovered })
  const recoveredItems = segments.unreadItems()
  const closing = new AbortController()
  const reader = createLaneReader(deps, { segments, config, closing: closing.signal })
  const writer = createLaneWriter(deps, { segments, config, closing: closing.signal, onKept: reader.wake })

  return {
    append(batch) {
      assert(!closing.signal.aborted, 'nothing is appended to a closed lane')
      return writer.append(batch)
    },
    next: reader.next,
    acknowledge: reader.acknowledge,
    state: () => ({
      bytes: segments.bytes(),
      batches: segments.unreadBatches() + reader.outstanding().batches,
      items: addItems(segments.unreadItems(), reader.outstanding().items),
      oldestMs: reader.outstanding().oldestMs,
      recoveredItems,
      damagedSegments: segments.damagedCount(),
      tornBytes: recovered.tornBytes,
      failure: writer.failure(),
    }),
    async close() {
      if (closing.signal.aborted) return
      closing.abort()
      await writer.idle()
      await segments.tidied()
      reader.loseOrphans()
      await disk.replaceFile(cursorPath(directory), encodeCursor(reader.cursor())).catch((error: unknown) => {
        log.warn({ directory, cause: errorText(error) }, 'cannot store the spool cursor')
      })
      await segments.closeFiles()
    },
  }
}

function addItems(a: LaneState['items'], b: LaneState['items']): LaneState['items'] {
  const sums = { ...a }
  for (const signal of ['traces', 'logs', 'metrics'] as const) {
    const items = b[signal]
    if (items !== undefined) sums[signal] = (sums[signal] ?? 0) + items
  }
  return sums
}
