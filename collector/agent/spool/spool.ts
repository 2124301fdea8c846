import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { SpoolDisk } from './disk.ts'
import { type LaneLoss, openLane, type SpoolLane } from './lane.ts'
import { createPoisonFiles, type PoisonFiles } from './poison.ts'
import { segmentNames } from './segment.ts'

/**
 * The agent's disk: what it has taken and not yet delivered. One directory a lane, so that a flood of traces neither
 * delays nor displaces pods and events.
 *
 * ```
 * <directory>/agent-uid              this agent, for ever
 *             collected-namespaces.json   (scope/collected.ts)
 *             lock                   a socket: who listens on it has the directory (lock.ts)
 *             kube/ metrics/ …       segments and cursor of each lane (lane.ts, segment-format.ts)
 *             poison/                batches the service refused (poison.ts)
 * ```
 */
export const laneNames = ['kube', 'metrics', 'traces', 'logs'] as const
export type LaneName = (typeof laneNames)[number]
/** What an agent that takes no telemetry of applications needs. */
export const stateLaneNames = ['kube', 'metrics'] as const

/** Parts of the cap, which the lanes that are open share: kubernetes state is small and comes first, traces are big. */
const laneShares: Record<LaneName, number> = { kube: 0.2, metrics: 0.2, traces: 0.4, logs: 0.2 }
const segmentBytesLargest = 16 * 1024 * 1024
/** A lane keeps about this many segments, so that dropping the oldest drops little. */
const segmentsPerLane = 16

export interface Spool {
  readonly agentUid: string
  readonly bootId: string
  readonly lanes: SpoolLanes
  readonly poison: PoisonFiles
  close(): Promise<void>
}

export type SpoolLanes = Readonly<
  Record<(typeof stateLaneNames)[number], SpoolLane> &
    Partial<Record<Exclude<LaneName, (typeof stateLaneNames)[number]>, SpoolLane>>
>

export interface SpoolDeps {
  readonly disk: SpoolDisk
  readonly clock: Clock
  readonly log: Log
  readonly onLoss: (lane: LaneName, loss: LaneLoss) => void
}

export interface SpoolConfig {
  readonly directory: string
  readonly bytesMax: number
  /** Absent: all. The others are opened only where an earlier run left something in them, which is then still delivered. */
  readonly lanes?: readonly LaneName[]
  /** Appends of this long share one fsync. */
  readonly syncWindowMs: number
  readonly cursorIntervalMs: number
}

/** Throws when the directory cannot be used at all. */
export async function openSpool(deps: SpoolDeps, config: SpoolConfig): Promise<Spool> {
  const { disk, clock, log } = deps
  const { directory, bytesMax, lanes: wanted = laneNames, syncWindowMs, cursorIntervalMs } = config
  let unlock = async () => {}
  try {
    await disk.makeDirectory(directory)
    unlock = await disk.lock(directory)
    const agentUid = await loadAgentUid(disk, directory)
    const bootId = randomUUID().slice(0, 8)
    let sequence = 0
    const nextId = () => `${agentUid}/${bootId}/${++sequence}`
    const names: LaneName[] = []
    for (const name of laneNames)
      if (wanted.includes(name) || (await holdsSegments(disk, join(directory, name)))) names.push(name)
    const shares = names.reduce((sum, name) => sum + laneShares[name], 0)
    const open = (name: LaneName) => {
      const laneBytesMax = Math.floor((bytesMax * laneShares[name]) / shares)
      const segmentBytesMax = Math.min(segmentBytesLargest, Math.ceil(laneBytesMax / segmentsPerLane))
      return openLane(
        { disk, clock, log, nextId, onLoss: (loss) => deps.onLoss(name, loss) },
        {
          directory: join(directory, name),
          bytesMax: laneBytesMax,
          segmentBytesMax,
          syncWindowMs,
          cursorIntervalMs,
        },
      )
    }
    const lanes: SpoolLanes = {
      kube: await open('kube'),
      metrics: await open('metrics'),
      ...(names.includes('traces') ? { traces: await open('traces') } : {}),
      ...(names.includes('logs') ? { logs: await open('logs') } : {}),
    }
    return {
      agentUid,
      bootId,
      lanes,
      poison: createPoisonFiles({ disk, clock }, { directory: join(directory, 'poison') }),
      async close() {
        for (const [, lane] of openLanes(lanes)) await lane.close()
        await unlock()
      },
    }
  } catch (error) {
    await unlock()
    throw new Error(`cannot open the spool in ${directory}: ${errorText(error)}`, { cause: error })
  }
}

/** In the order of `laneNames`. */
export function openLanes(lanes: SpoolLanes): [LaneName, SpoolLane][] {
  return laneNames.flatMap((name) => {
    const lane = lanes[name]
    return lane ? [[name, lane] as [LaneName, SpoolLane]] : []
  })
}

async function holdsSegments(disk: SpoolDisk, directory: string): Promise<boolean> {
  return segmentNames(await disk.list(directory)).some(({ damaged }) => !damaged)
}

/** A UUID of version 7, as OpAMP asks for; made once and kept beside the data whose batch ids carry it. */
async function loadAgentUid(disk: SpoolDisk, directory: string): Promise<string> {
  const path = join(directory, 'agent-uid')
  const known = (await disk.readFile(path))?.toString('utf8').trim()
  if (known && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(known)) return known
  const made = uuidV7()
  await disk.replaceFile(path, Buffer.from(`${made}\n`))
  await disk.syncDirectory(directory)
  return made
}

function uuidV7(): string {
  const time = Date.now().toString(16).padStart(12, '0')
  const random = randomUUID()
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15, 18)}-${random.slice(19)}`
}
