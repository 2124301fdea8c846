import type { SpoolDisk } from '../../../collector/agent/spool/disk.ts'
import {
  type LaneConfig,
  type LaneLoss,
  openLane,
  type SpooledBatch,
} from '../../../collector/agent/spool/lane.ts'
import { systemClock } from '../../../collector/std/clock.ts'
import { silentLog } from '../../../collector/std/log.ts'

let boots = 0

/** A lane whose losses are collected, with batches that are numbers. */
export async function openTestLane(disk: SpoolDisk, config: Partial<LaneConfig> = {}) {
  const losses: LaneLoss[] = []
  const boot = ++boots
  let sequence = 0
  const lane = await openLane(
    {
      disk,
      clock: systemClock,
      log: silentLog,
      nextId: () => `agent/${boot}/${++sequence}`,
      onLoss: (loss) => losses.push(loss),
    },
    {
      directory: '/spool/traces',
      bytesMax: 100_000,
      segmentBytesMax: 1_000,
      syncWindowMs: 0,
      cursorIntervalMs: 0,
      ...config,
    },
  )
  const never = new AbortController().signal
  return {
    ...lane,
    losses,
    lost: () => losses.reduce((sum, loss) => sum + loss.items, 0),
    put: (value: number, bytes = 100) =>
      lane.append({ signal: 'traces', parts: [{ pieces: [encodeValue(value, bytes)], items: 1 }] }),
    /** The next batch, which must be there. */
    async take(): Promise<SpooledBatch> {
      const batch = await lane.next(never)
      if (!batch) throw new Error('the lane is closed')
      return batch
    },
    /** Everything that waits, acknowledged. */
    async drain(): Promise<SpooledBatch[]> {
      const all: SpooledBatch[] = []
      while (lane.state().batches > 0) {
        const batch = await Promise.race([lane.next(never), settled(() => lane.state().batches === 0)])
        if (!batch) break
        all.push(batch)
        lane.acknowledge(batch)
      }
      return all
    },
  }
}

async function settled(condition: () => boolean): Promise<undefined> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

function encodeValue(value: number, bytes: number): Uint8Array {
  const part = Buffer.alloc(Math.max(4, bytes), value)
  part.writeUInt32LE(value)
  return part
}

/** Batches of tests are small: they lie as they are. */
export function numberOf({ packed }: SpooledBatch): number {
  return Buffer.from(packed.bytes).readUInt32LE(0)
}
