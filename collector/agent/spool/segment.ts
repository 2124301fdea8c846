import { join } from 'node:path'
import type { SpoolDisk, SpoolFile } from './disk.ts'
import {
  isSegmentHeader,
  itemsOf,
  recordHeaderBytes,
  segmentHeaderBytes,
  tryDecodePayload,
  tryPayload,
} from './segment-format.ts'
import { createTally, type Tally } from './tally.ts'

/** One segment file as the lane sees it. Offsets are bytes from the start of the file. */
export interface Segment {
  readonly number: number
  readonly path: string
  /** Open while it is written or read. */
  file: SpoolFile | undefined
  /** End of the durable records; nothing behind it is ever read. */
  end: number
  /** The first record that was not handed out yet. */
  readAt: number
  readonly unread: Tally
  /** Handed out, not acknowledged yet. */
  readonly outstanding: Tally
  /** No more records will be appended. */
  sealed: boolean
  /** Set aside instead of removed when done. */
  damaged: boolean
  /** No longer part of the lane (dropped to make room). */
  gone: boolean
  /** From an earlier run: its batches may have been sent already. */
  readonly recovered: boolean
}

export function newSegment(directory: string, number: number, recovered: boolean): Segment {
  return {
    number,
    path: segmentPath(directory, number),
    file: undefined,
    end: segmentHeaderBytes,
    readAt: segmentHeaderBytes,
    unread: createTally(),
    outstanding: createTally(),
    sealed: recovered,
    damaged: false,
    gone: false,
    recovered,
  }
}

const namePattern = /^(\d{16})\.segment(\.damaged)?$/

export function segmentPath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(16, '0')}.segment`)
}

export interface SegmentName {
  readonly name: string
  readonly number: number
  readonly damaged: boolean
}

/** Segment files of a directory, oldest first. */
export function segmentNames(names: readonly string[]): SegmentName[] {
  return names
    .flatMap((name) => {
      const match = namePattern.exec(name)
      return match ? [{ name, number: Number(match[1]), damaged: match[2] !== undefined }] : []
    })
    .sort((a, b) => a.number - b.number)
}

export interface ScannedSegment {
  readonly segment: Segment
  /** Bytes behind the last good record. */
  readonly tailBytes: number
}

/** Reads a segment of an earlier run: counts its good records from `fromOffset` on and finds where they end. Null: not even a header. */
export async function scanSegment(
  disk: SpoolDisk,
  target: { readonly directory: string; readonly number: number; readonly fromOffset: number },
): Promise<ScannedSegment | null> {
  const segment = newSegment(target.directory, target.number, true)
  const bytes = (await disk.readFile(segment.path)) ?? Buffer.alloc(0)
  if (!isSegmentHeader(bytes, target.number)) return null
  let at = segmentHeaderBytes
  for (;;) {
    // A cursor that stands on no record border is not trusted: the segment is then read from its start.
    if (at === target.fromOffset) {
      segment.readAt = at
      segment.unread.takeAll()
    }
    const payload = tryPayload(bytes, at)
    const batch = payload && tryDecodePayload(payload)
    if (!payload || !batch) break
    at += recordHeaderBytes + payload.length
    segment.unread.add(batch.meta.signal, { batches: 1, items: itemsOf(batch.meta.parts) })
  }
  segment.end = at
  return { segment, tailBytes: bytes.length - at }
}
