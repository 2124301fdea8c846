import { assert, errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { SpoolDisk } from './disk.ts'
import type { AppendOutcome, NewBatch } from './lane.ts'
import { createPacker, type Packed } from './pack.ts'
import type { Segment } from './segment.ts'
import { encodeRecord, itemsOf, segmentHeaderBytes } from './segment-format.ts'
import type { SegmentList } from './segment-list.ts'

export interface LaneWriter {
  append(batch: NewBatch): Promise<AppendOutcome>
  /** Resolves when nothing is being written. */
  idle(): Promise<void>
  /** The error of the last append, until one succeeds. */
  failure(): string | undefined
}

export interface LaneWriterDeps {
  readonly disk: SpoolDisk
  readonly clock: Clock
  /** Batch ids in order: called once a batch, as it is written. */
  readonly nextId: () => string
}

export interface LaneWriterConfig {
  readonly segments: SegmentList
  readonly config: {
    readonly bytesMax: number
    readonly segmentBytesMax: number
    readonly syncWindowMs: number
  }
  readonly closing: AbortSignal
  readonly onKept: () => void
}

interface Waiting {
  readonly batch: NewBatch
  readonly settle: (outcome: AppendOutcome) => void
}

interface PackedWaiting extends Waiting {
  readonly packed: Packed
}

interface EncodedRecord {
  readonly waiting: Waiting
  readonly bytes: Buffer
}

/** Group commit: what is appended during a window or during a sync is written and synced together. */
export function createLaneWriter(deps: LaneWriterDeps, options: LaneWriterConfig): LaneWriter {
  const { clock, nextId, disk } = deps
  const { segments, config, closing, onKept } = options
  const waiting: Waiting[] = []
  const packer = createPacker()
  const piecesOf = ({ batch }: Waiting) => batch.parts.flatMap((part) => part.pieces)
  let flushing: Promise<void> | undefined
  let failure: string | undefined

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      // Also without a window it must not run to its end inside the append that starts it.
      await (config.syncWindowMs > 0 ? clock.sleep(config.syncWindowMs, closing) : undefined)
      const group: PackedWaiting[] = []
      for (const one of waiting.splice(0)) group.push({ ...one, packed: await packer.pack(piecesOf(one)) })
      while (group.length > 0) {
        const records = takeRecords(group)
        if (records.length > 0) await write(records)
      }
    }
    flushing = undefined
  }

  /** As many batches off the group as fit into one segment: the open one, or a new one when not even the first fits. */
  function takeRecords(group: PackedWaiting[]): EncodedRecord[] {
    const records: EncodedRecord[] = []
    let segmentBytes = segments.writer()?.end ?? segmentHeaderBytes
    while (group[0]) {
      const record = encode(group[0])
      const alone = segmentHeaderBytes + record.bytes.length
      if (alone > config.bytesMax) {
        group.shift()
        fail([record], new Error(`the batch of ${record.bytes.length} bytes is larger than the spool lane`))
        continue
      }
      const fits = segmentBytes + record.bytes.length <= config.segmentBytesMax
      if (!fits && records.length > 0) break
      if (!fits) {
        const full = segments.writer()
        if (full && full.end > segmentHeaderBytes) segments.seal(full)
        segmentBytes = segmentHeaderBytes
      }
      segmentBytes += record.bytes.length
      records.push(record)
      group.shift()
    }
    return records
  }

  function encode(one: PackedWaiting): EncodedRecord {
    const { batch, packed } = one
    const meta = { id: nextId(), signal: batch.signal, writtenAtMs: clock.nowMs() }
    return { waiting: one, bytes: encodeRecord(meta, batch.parts, packed) }
  }

  async function write(records: readonly EncodedRecord[]): Promise<void> {
    const bytes =
      records.length === 1 && records[0]
        ? records[0].bytes
        : Buffer.concat(records.map((record) => record.bytes))
    segments.makeRoom(bytes.length + (segments.writer() ? 0 : segmentHeaderBytes))
    try {
      const segment = segments.writer() ?? (await segments.start())
      await writeDurably(segment, bytes)
      segment.end += bytes.length
      for (const { waiting: one } of records)
        segment.unread.add(one.batch.signal, { batches: 1, items: itemsOf(one.batch.parts) })
    } catch (error) {
      fail(records, error)
      return
    }
    failure = undefined
    for (const { waiting: one } of records) one.settle({ type: 'kept' })
    onKept()
  }

  async function writeDurably(segment: Segment, bytes: Buffer): Promise<void> {
    const { file } = segment
    assert(file, 'the segment being written is open')
    try {
      await file.write(bytes, segment.end)
      await file.sync()
    } catch (error) {
      // What was half written is cut off; where even that fails, the segment takes no more.
      await file.truncate(segment.end).catch(() => segments.seal(segment))
      throw error
    }
    if (segment.sealed) throw new Error('the segment was found damaged while it was written')
    if (await disk.isThere(segment.path)) return
    // What is in it is still sent, but a restart would not find it: nothing more is promised with it.
    segments.seal(segment)
    throw new Error(`the file ${segment.path} is gone`)
  }

  function fail(records: readonly EncodedRecord[], error: unknown): void {
    const message = errorText(error)
    failure = message
    const full = ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')
    for (const { waiting: one } of records) one.settle({ type: 'failed', full, message })
  }

  return {
    append: (batch) =>
      new Promise((settle) => {
        waiting.push({ batch, settle })
        flushing ??= flush()
      }),
    async idle() {
      await flushing
    },
    failure: () => failure,
  }
}
