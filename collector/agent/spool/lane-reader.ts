import type { OtlpSignal } from '../../record/otlp.ts'
import { assert, errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import { type Cursor, encodeCursor } from './cursor.ts'
import type { SpoolDisk } from './disk.ts'
import type { LaneLoss, SpooledBatch } from './lane.ts'
import { unpack } from './pack.ts'
import { cursorPath } from './recover-lane.ts'
import type { Segment } from './segment.ts'
import { itemsOf, recordHeaderBytes, tryDecodePayload, tryPayload } from './segment-format.ts'
import type { SegmentList } from './segment-list.ts'

export interface LaneReader {
  next(signal: AbortSignal): Promise<SpooledBatch | undefined>
  acknowledge(batch: SpooledBatch): void
  /** Something was appended. */
  wake(): void
  outstanding(): OutstandingState
  cursor(): Cursor
  /** At the end: batches that are handed out, not acknowledged, and whose segment was dropped meanwhile. */
  loseOrphans(): void
}

export interface OutstandingState {
  readonly batches: number
  readonly items: Partial<Record<OtlpSignal, number>>
  readonly oldestMs: number | undefined
}

export interface LaneReaderDeps {
  readonly disk: SpoolDisk
  readonly clock: Clock
  readonly log: Log
  readonly onLoss: (loss: LaneLoss) => void
}

export interface LaneReaderConfig {
  readonly segments: SegmentList
  readonly config: { readonly directory: string; readonly cursorIntervalMs: number }
  readonly closing: AbortSignal
}

interface Outstanding {
  readonly segment: Segment
  readonly offset: number
  readonly batch: SpooledBatch
}

/** Too many open files and the like pass; these two mean that the bytes are not coming back. */
const hopelessErrors = ['ENOENT', 'EIO']
const readRetryMs = 1_000

export function createLaneReader(deps: LaneReaderDeps, options: LaneReaderConfig): LaneReader {
  const { disk, clock, log, onLoss } = deps
  const { segments, config, closing } = options
  const outstanding = new Map<string, Outstanding>()
  let reading = false
  let cursorScheduled = false
  let wake = () => {}

  async function next(signal: AbortSignal): Promise<SpooledBatch | undefined> {
    assert(!reading, 'a spool lane has one reader')
    reading = true
    try {
      while (!signal.aborted && !closing.aborted) {
        const segment = segments.reader()
        if (!segment) await appended(signal)
        else {
          const batch = await readBatch(segment, signal)
          if (batch) return batch
        }
      }
      return undefined
    } finally {
      reading = false
    }
  }

  function appended(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done)
        closing.removeEventListener('abort', done)
        wake = () => {}
        resolve()
      }
      wake = done
      signal.addEventListener('abort', done)
      closing.addEventListener('abort', done)
    })
  }

  /** The batch at `readAt`; undefined when it cannot be had (now), the caller looks again. */
  async function readBatch(segment: Segment, signal: AbortSignal): Promise<SpooledBatch | undefined> {
    const offset = segment.readAt
    let payload: Buffer | undefined
    try {
      payload = await readPayload(segment)
    } catch (error) {
      if (segment.gone) return undefined
      log.error({ segment: segment.path, cause: errorText(error) }, 'cannot read a spool segment')
      if (!hopelessErrors.includes((error as NodeJS.ErrnoException).code ?? '')) {
        await clock.sleep(readRetryMs, signal)
        return undefined
      }
    }
    if (segment.gone) return undefined
    const decoded = payload && tryDecodePayload(payload)
    if (!payload || !decoded) {
      segments.abandonRest(segment)
      return undefined
    }
    const { packed, meta } = decoded
    const { id, signal: otlpSignal, writtenAtMs, parts } = meta
    const items = itemsOf(parts)
    const batch = {
      id,
      signal: otlpSignal,
      items,
      writtenAtMs,
      parts,
      packed,
      unpack: () =>
        unpack(
          packed,
          parts.map((part) => part.bytes),
        ),
      resend: segment.recovered,
    }
    segment.readAt = offset + recordHeaderBytes + payload.length
    segment.unread.take(otlpSignal, { batches: 1, items })
    segment.outstanding.add(otlpSignal, { batches: 1, items })
    outstanding.set(id, { segment, offset, batch })
    return batch
  }

  async function readPayload(segment: Segment): Promise<Buffer | undefined> {
    segment.file ??= await disk.openExisting(segment.path)
    const header = await segment.file.read(recordHeaderBytes, segment.readAt)
    if (header.length < recordHeaderBytes) return undefined
    const length = recordHeaderBytes + header.readUInt32LE(0)
    if (segment.readAt + length > segment.end) return undefined
    return tryPayload(await segment.file.read(length, segment.readAt), 0)
  }

  function acknowledge({ id }: SpooledBatch): void {
    const found = outstanding.get(id)
    assert(found, `the batch ${id} is handed out`)
    outstanding.delete(id)
    found.segment.outstanding.take(found.batch.signal, { batches: 1, items: found.batch.items })
    segments.retireIfDone(found.segment)
    if (cursorScheduled) return
    cursorScheduled = true
    segments.inBackground(storeCursorSoon())
  }

  async function storeCursorSoon(): Promise<void> {
    await clock.sleep(config.cursorIntervalMs, closing)
    // One at a time: two that replace a file at once take each other's new one away.
    if (!closing.aborted)
      await disk.replaceFile(cursorPath(config.directory), encodeCursor(cursor())).finally(() => {
        cursorScheduled = false
      })
  }

  function cursor(): Cursor {
    const unread = segments.reader()
    const first = unread ? { segment: unread.number, offset: unread.readAt } : segments.endPlace()
    return [...outstanding.values()]
      .filter(({ segment }) => !segment.gone)
      .map(({ segment, offset }) => ({ segment: segment.number, offset }))
      .reduce(
        (a, b) => (b.segment < a.segment || (b.segment === a.segment && b.offset < a.offset) ? b : a),
        first,
      )
  }

  function outstandingState(): OutstandingState {
    const items: Partial<Record<OtlpSignal, number>> = {}
    let oldestMs: number | undefined
    for (const { batch } of outstanding.values()) {
      items[batch.signal] = (items[batch.signal] ?? 0) + batch.items
      oldestMs = Math.min(oldestMs ?? batch.writtenAtMs, batch.writtenAtMs)
    }
    return { batches: outstanding.size, items, oldestMs }
  }

  return {
    next,
    acknowledge,
    wake: () => wake(),
    outstanding: outstandingState,
    cursor,
    loseOrphans() {
      for (const { segment, batch } of outstanding.values())
        if (segment.gone) onLoss({ reason: 'full', signal: batch.signal, batches: 1, items: batch.items })
    },
  }
}
