import { join } from 'node:path'
import type { Log } from '../../std/log.ts'
import { tryDecodeCursor } from './cursor.ts'
import type { SpoolDisk } from './disk.ts'
import { type Segment, scanSegment, segmentNames, segmentPath } from './segment.ts'

/** Damaged segments kept for a human to look at; older ones are removed. */
const damagedFilesMax = 4

export interface Recovered {
  /** Segments with something to read, oldest first. */
  readonly segments: Segment[]
  /** The number of the first segment of this run: larger than any seen before. */
  readonly nextNumber: number
  readonly tornBytes: number
  readonly damagedSegments: number
}

export function cursorPath(directory: string): string {
  return join(directory, 'cursor')
}

/**
 * Reads what earlier runs left. Only the newest segment can have a torn tail (older ones were synced before they were
 * sealed): it is cut off, nobody was told that those bytes are kept. Damage anywhere else is not our doing: the good
 * part in front of it is still delivered, the file is then set aside.
 */
export async function recoverLane(
  disk: SpoolDisk,
  { directory, log }: { readonly directory: string; readonly log: Log },
): Promise<Recovered> {
  await disk.makeDirectory(directory)
  const names = segmentNames(await disk.list(directory))
  const cursor = tryDecodeCursor(await disk.readFile(cursorPath(directory)))
  const live = names.filter((one) => !one.damaged)
  const newest = live.at(-1)?.number
  const segments: Segment[] = []
  let tornBytes = 0
  let damagedSegments = 0

  for (const { number } of live) {
    if (cursor && number < cursor.segment) {
      await disk.remove(segmentPath(directory, number))
      continue
    }
    const fromOffset = cursor?.segment === number ? cursor.offset : 0
    const scanned = await scanSegment(disk, { directory, number, fromOffset })
    if (!scanned) {
      if (number === newest) await disk.remove(segmentPath(directory, number))
      else {
        damagedSegments++
        await setAside(disk, directory, number, log)
      }
      continue
    }
    const { segment, tailBytes } = scanned
    if (tailBytes > 0 && number === newest) {
      await cutTail(disk, segment)
      tornBytes += tailBytes
      log.warn({ segment: segment.path, bytes: tailBytes }, 'cut off the unfinished end of a spool segment')
    } else if (tailBytes > 0) {
      segment.damaged = true
      damagedSegments++
      log.error(
        { segment: segment.path, bytes: tailBytes },
        'cannot read the rest of a spool segment: damaged',
      )
    }
    if (segment.readAt >= segment.end) await retireFile(disk, { directory, segment, log })
    else segments.push(segment)
  }
  await disk.syncDirectory(directory)
  const nextNumber = Math.max(names.at(-1)?.number ?? 0, cursor?.segment ?? 0) + 1
  return { segments, nextNumber, tornBytes, damagedSegments }
}

/** A segment that is done with: removed, or set aside when it was damaged. */
export async function retireFile(
  disk: SpoolDisk,
  target: { readonly directory: string; readonly segment: Segment; readonly log: Log },
): Promise<void> {
  const { directory, segment, log } = target
  if (segment.damaged) await setAside(disk, directory, segment.number, log)
  else await disk.remove(segment.path)
}

async function setAside(disk: SpoolDisk, directory: string, number: number, log: Log): Promise<void> {
  const path = segmentPath(directory, number)
  await disk.rename(path, `${path}.damaged`)
  log.error({ segment: `${path}.damaged` }, 'a damaged spool segment was set aside')
  const damaged = segmentNames(await disk.list(directory)).filter((one) => one.damaged)
  for (const one of damaged.slice(0, -damagedFilesMax)) await disk.remove(join(directory, one.name))
}

async function cutTail(disk: SpoolDisk, segment: Segment): Promise<void> {
  const file = await disk.openExisting(segment.path)
  try {
    await file.truncate(segment.end)
    await file.sync()
  } finally {
    await file.close()
  }
}
