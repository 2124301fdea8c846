import { join } from 'node:path'
import type { Clock } from '../../std/clock.ts'
import type { SpoolDisk } from './disk.ts'

/** Requests that the service will never take, kept for a human: the newest few, `drop-oldest`. */
export interface PoisonFiles {
  /** Writes the OTLP request as it was sent (uncompressed protobuf) and returns its path. */
  keep(request: { readonly id: string; readonly signal: string; readonly bytes: Uint8Array }): Promise<string>
}

const filesMax = 16
const bytesMax = 64 * 1024 * 1024

export function createPoisonFiles(
  { disk, clock }: { readonly disk: SpoolDisk; readonly clock: Clock },
  { directory }: { readonly directory: string },
): PoisonFiles {
  return {
    async keep({ id, signal, bytes }) {
      await disk.makeDirectory(directory)
      const time = String(clock.nowMs()).padStart(14, '0')
      const path = join(directory, `${time}-${id.replaceAll(/[^\w.-]/g, '_')}.${signal}.otlp`)
      await disk.replaceFile(path, bytes)
      await removeOldest()
      return path
    },
  }

  async function removeOldest(): Promise<void> {
    const files = (await disk.list(directory)).sort().reverse()
    let total = 0
    for (const [index, file] of files.entries()) {
      total += (await disk.readFile(join(directory, file)))?.length ?? 0
      if (index > 0 && (index >= filesMax || total > bytesMax)) await disk.remove(join(directory, file))
    }
  }
}
