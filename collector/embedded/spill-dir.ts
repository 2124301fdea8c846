import { createHash } from 'node:crypto'
import { mkdirSync, realpathSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

/** tmpfs: rows of an insert never touch a disk before the engine has parsed them. */
const memoryDir = '/dev/shm'
/** A container's /dev/shm is often 64 MB: it must hold several of the largest bodies, or the data directory is taken. */
const largestBodies = 4

/**
 * Makes the directory for rows on their way into the engine, empty. Its name belongs to the data directory, of which the
 * caller holds the lock: what a killed process left there is removed.
 */
export function makeSpillDir(dataDir: string, bodyBytesMax: number): string {
  const name = createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 16)
  const candidates = [join(memoryDir, `binnacle-spill-${name}`), join(dataDir, 'spill')] as const
  for (const path of candidates) rmSync(path, { recursive: true, force: true })
  const path = hasRoom(memoryDir, bodyBytesMax * largestBodies) ? candidates[0] : candidates[1]
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return path
}

function hasRoom(directory: string, bytes: number): boolean {
  try {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize >= bytes
  } catch {
    return false
  }
}
