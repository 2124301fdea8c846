import type { OtlpSignal } from '../../record/otlp.ts'
import { assert, errorText } from '../../std/assert.ts'
import type { Log } from '../../std/log.ts'
import type { SpoolDisk } from './disk.ts'
import type { LaneLoss } from './lane.ts'
import { retireFile } from './recover-lane.ts'
import { newSegment, type Segment } from './segment.ts'
import { encodeSegmentHeader } from './segment-format.ts'

/** The segments of a lane, oldest first: which is written, which is read, and when a file goes. */
export interface SegmentList {
  bytes(): number
  unreadBatches(): number
  unreadItems(): Partial<Record<OtlpSignal, number>>
  damagedCount(): number
  /** The segment that takes appends, if one is open. */
  writer(): Segment | undefined
  /** The oldest segment with something to hand out. */
  reader(): Segment | undefined
  /** The place behind everything. */
  endPlace(): { readonly segment: number; readonly offset: number }
  start(): Promise<Segment>
  /** No more appends to it. */
  seal(segment: Segment): void
  /** Drops oldest segments until `bytes` more fit. */
  makeRoom(bytes: number): void
  /** The rest of it cannot be read. */
  abandonRest(segment: Segment): void
  /** Removes it when it is sealed, handed out and acknowledged. */
  retireIfDone(segment: Segment): void
  inBackground(work: Promise<void>): void
  tidied(): Promise<void>
  closeFiles(): Promise<void>
}

export interface SegmentListDeps {
  readonly disk: SpoolDisk
  readonly log: Log
  readonly onLoss: (loss: LaneLoss) => void
}

export interface SegmentListConfig {
  readonly directory: string
  readonly bytesMax: number
  readonly segments: readonly Segment[]
  readonly nextNumber: number
  readonly damagedSegments: number
}

export function createSegmentList(deps: SegmentListDeps, config: SegmentListConfig): SegmentList {
  const { disk, log, onLoss } = deps
  const { directory, bytesMax } = config
  const segments = [...config.segments]
  const background = new Set<Promise<void>>()
  let nextNumber = config.nextNumber
  let damagedCount = config.damagedSegments

  const bytes = () => segments.reduce((sum, segment) => sum + segment.end, 0)

  function inBackground(work: Promise<void>): void {
    const guarded = work.catch((error: unknown) => {
      log.warn({ directory, cause: errorText(error) }, 'cannot tidy up the spool')
    })
    background.add(guarded)
    void guarded.then(() => background.delete(guarded))
  }

  function retireIfDone(segment: Segment): void {
    const done = segment.readAt >= segment.end && segment.outstanding.batches === 0
    if (segment.sealed && done && !segment.gone) remove(segment)
  }

  /** Batches of it that are handed out stay in their sender's memory and are acknowledged as usual. */
  function remove(segment: Segment): void {
    segment.gone = true
    const index = segments.indexOf(segment)
    assert(index >= 0, 'a segment is removed once')
    segments.splice(index, 1)
    inBackground(retire(segment))
  }

  async function retire(segment: Segment): Promise<void> {
    await segment.file?.close()
    await retireFile(disk, { directory, segment, log })
  }

  function lose(segment: Segment, reason: LaneLoss['reason']): void {
    for (const [signal, amount] of segment.unread.takeAll()) {
      onLoss({ reason, signal, ...amount })
      log.error(
        { directory, segment: segment.number, reason, signal, ...amount },
        'batches of the spool are lost',
      )
    }
  }

  function seal(segment: Segment): void {
    segment.sealed = true
    retireIfDone(segment)
  }

  return {
    bytes,
    unreadBatches: () => segments.reduce((sum, one) => sum + one.unread.batches, 0),
    unreadItems() {
      const sums: Partial<Record<OtlpSignal, number>> = {}
      for (const segment of segments)
        for (const [signal, { items }] of segment.unread.entries()) sums[signal] = (sums[signal] ?? 0) + items
      return sums
    },
    damagedCount: () => damagedCount,
    writer() {
      const last = segments.at(-1)
      return last && !last.sealed ? last : undefined
    },
    reader: () => segments.find((one) => one.readAt < one.end),
    endPlace() {
      const last = segments.at(-1)
      return last ? { segment: last.number, offset: last.end } : { segment: nextNumber, offset: 0 }
    },
    async start() {
      const segment = newSegment(directory, nextNumber++, false)
      segment.file = await disk.create(segment.path).catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
        // Somebody took the directory away while we ran.
        await disk.makeDirectory(directory)
        return disk.create(segment.path)
      })
      try {
        await segment.file.write(encodeSegmentHeader(segment.number), 0)
        await disk.syncDirectory(directory)
      } catch (error) {
        await segment.file.close().catch(() => {})
        await disk.remove(segment.path).catch(() => {})
        throw error
      }
      segments.push(segment)
      return segment
    },
    seal,
    makeRoom(wanted) {
      while (bytes() + wanted > bytesMax) {
        const oldest = segments[0]
        if (!oldest) return
        oldest.sealed = true
        lose(oldest, 'full')
        remove(oldest)
      }
    },
    abandonRest(segment) {
      damagedCount++
      segment.damaged = true
      segment.end = segment.readAt
      lose(segment, 'damaged')
      seal(segment)
    },
    retireIfDone,
    inBackground,
    async tidied() {
      while (background.size > 0) await Promise.all(background)
    },
    async closeFiles() {
      for (const segment of segments) await segment.file?.close().catch(() => {})
    },
  }
}
