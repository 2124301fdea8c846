import { type CollectedNamespaces, createCollectedNamespaces } from '../../collector/agent/scope/collected.ts'
import { type Clock, systemClock } from '../../collector/std/clock.ts'
import { silentLog } from '../../collector/std/log.ts'

/** A file in memory, that an agent which comes back finds again. */
export interface MemoryFile {
  bytes: Buffer | undefined
}

export function createMemoryCollected(
  file: MemoryFile = { bytes: undefined },
  clock: Clock = systemClock,
): CollectedNamespaces {
  return createCollectedNamespaces({
    clock,
    log: silentLog,
    read: async () => file.bytes,
    async replace(bytes) {
      file.bytes = Buffer.from(bytes)
    },
  })
}
