import type { Clock } from '../../std/clock.ts'
import type { Log } from '../../std/log.ts'
import type { SelfMetrics } from '../../std/self-metrics.ts'
import type { SealedBlock } from '../../wire/columns/open-blocks.ts'
import { type DecodeLane, LaneLost } from './decode-lane.ts'
import type { Seat } from './decode-pool.ts'
import type { Counts, DecodeRequest, ReleaseOrder, Unread } from './decoder.ts'
import { type InsertBlocks, type PartOutcomes, partKey, resourcesKey } from './insert-blocks.ts'
import { createPace } from './pace.ts'
import { createTakeApart, type DecodedEntry } from './take-apart.ts'
import type { WaitingTicket } from './waiting-budget.ts'

/**
 * Group commit: requests join the open blocks of the decoders until their rows, their bytes or their age close the group;
 * the blocks of all decoders are sealed, those of one table and day become one insert, and every request is told what
 * became of the inserts that hold its rows. The next group fills meanwhile.
 *
 *     open ──(rows | bytes | age)──▶ sealing ──▶ inserting ──▶ told, released
 *
 * A decoder carries out its calls in order, so a request belongs to the group that was open when it was handed over.
 * An insert that the database refuses is made again request by request, each decoded anew from its body, so that one bad
 * request harms one sender. What a decoder held when its thread died is told as lost.
 *
 * Limits: `inFlightMax` groups are sealed or inserted at once; the open one then waits and fills, and takes no more
 * requests when it is full (policy: block; the budget of what waits refuses at the door).
 */
export interface GroupCommit {
  /** Whether the open group takes another request now. */
  takes(): boolean
  /** The request is handed to the decoder at once. */
  add(item: GroupItem): Promise<GroupOutcome>
  /** From now on a group is closed as soon as it can be. */
  hurry(): void
}

export interface GroupItem {
  readonly request: DecodeRequest
  readonly seat: Seat
  readonly ticket: WaitingTicket
}

export type GroupOutcome = Unread | Lost | Settled

/** The thread that held it died. */
export interface Lost {
  readonly type: 'lost'
  /** Undefined: it was not even decoded. */
  readonly counts: Counts | undefined
}

export interface Settled {
  readonly type: 'settled'
  readonly counts: Counts
  /** Of its parts, and of the resources of its group. */
  readonly outcomes: PartOutcomes
}

export interface GroupCommitConfig {
  readonly blockRowsMax: number
  readonly blockBytesMax: number
  readonly blockAgeMs: number
}

export interface GroupCommitDeps {
  readonly insertBlocks: InsertBlocks
  readonly clock: Clock
  readonly log: Log
  readonly metrics: SelfMetrics
  /** A request was decoded or a group was committed: there may be room. */
  readonly onRoom: () => void
}

const inFlightMax = 2

interface Entry extends DecodedEntry {
  readonly tell: (outcome: GroupOutcome) => void
}

interface Group {
  readonly number: number
  readonly lanes: Set<DecodeLane>
  /** Of requests that are being decoded; they reject never. */
  readonly decoding: Promise<void>[]
  readonly entries: Entry[]
  /** Bytes of the open blocks, by decoder. */
  readonly openBytes: Map<DecodeLane, number>
  readonly closed: AbortController
  rows: number
  bytes: number
  old: boolean
}

export function createGroupCommit(
  { insertBlocks, clock, log, metrics, onRoom }: GroupCommitDeps,
  config: GroupCommitConfig,
): GroupCommit {
  const { blockRowsMax, blockBytesMax } = config
  const pace = createPace(clock, config)
  const takeApart = createTakeApart({ insertBlocks, log })
  let groups = 0
  let open = newGroup()
  let inFlight = 0
  let hurried = false
  const groupRows = metrics.histogram(
    'ingest_group_rows',
    'Rows of a group of requests that is committed together',
    [10, 100, 1_000, 10_000, 30_000, 100_000, 300_000],
  )
  metrics.gauge('ingest_groups_in_flight', 'Groups that are being committed', () => inFlight)

  function newGroup(): Group {
    return {
      number: groups++,
      lanes: new Set(),
      decoding: [],
      entries: [],
      openBytes: new Map(),
      closed: new AbortController(),
      rows: 0,
      bytes: 0,
      old: false,
    }
  }

  const isFull = ({ rows, bytes }: Group) => rows >= blockRowsMax || bytes >= blockBytesMax

  async function growOld(group: Group): Promise<void> {
    await pace.whenDue(group, group.closed.signal)
    group.old = true
    closeIfDue()
  }

  function closeIfDue(): void {
    if (open.lanes.size === 0 || inFlight >= inFlightMax) return
    if (!open.old && !hurried && !isFull(open)) return
    const group = open
    open = newGroup()
    group.closed.abort()
    inFlight++
    pace.groupClosed()
    const closedAtMs = clock.monotonicMs()
    void commit(group).finally(() => {
      inFlight--
      pace.groupCommitted(clock.monotonicMs() - closedAtMs)
      closeIfDue()
      onRoom()
    })
    onRoom()
  }

  async function decode(group: Group, { request, seat, ticket }: GroupItem, tell: Entry['tell']) {
    const { lane } = seat
    const life = lane.life()
    const bytes = request.body.length
    seat.take(bytes)
    try {
      const answer = await lane.call('append', { request })
      if (answer.type !== 'appended') return tell(answer)
      const { openBytes, ...counts } = answer
      const blockBytes = openBytes - (group.openBytes.get(lane) ?? 0)
      group.openBytes.set(lane, openBytes)
      ticket.decoded(counts.parts, blockBytes)
      group.bytes += blockBytes
      group.rows += rowsOf(counts)
      group.entries.push({ id: request.id, lane, life, counts, tell })
    } catch (error) {
      if (!(error instanceof LaneLost)) throw error
      tell({ type: 'lost', counts: undefined })
    } finally {
      seat.give(bytes)
      closeIfDue()
      onRoom()
    }
  }

  async function commit(group: Group): Promise<void> {
    const lives = new Map<DecodeLane, number>()
    const blocks = new Map<DecodeLane, readonly SealedBlock[]>()
    await Promise.all(
      [...group.lanes].map(async (lane) => {
        const life = lane.life()
        const sealed = await seal(lane, group.number)
        if (!sealed) return
        lives.set(lane, life)
        blocks.set(lane, sealed)
      }),
    )
    await Promise.all(group.decoding)
    groupRows.record(group.rows)
    const outcomes = await insertBlocks([...blocks.values()].flat())
    const kept = group.entries.filter((entry) => lives.get(entry.lane) === entry.life)
    const settled = await takeApart({ group: group.number, entries: kept, outcomes })
    for (const entry of group.entries) {
      const { counts } = entry
      const own = settled.get(entry)
      entry.tell(own ? { type: 'settled', counts, outcomes: own } : { type: 'lost', counts })
    }
    const resourcesStored = (outcomes.get(resourcesKey)?.type ?? 'stored') === 'stored'
    for (const [lane, ofLane] of blocks) {
      const stored = ofLane.filter((block) => outcomes.get(partKey(block))?.type === 'stored')
      // A failed insert may still be sending in the background: its buffers are not used again.
      const buffers = stored.map(({ bytes }) => bytes.buffer)
      await release(lane, { group: group.number, resourcesStored, buffers })
    }
  }

  return {
    takes: () => !isFull(open),
    add: (item) =>
      new Promise((resolve) => {
        const group = open
        if (group.lanes.size === 0) void growOld(group)
        group.lanes.add(item.seat.lane)
        group.decoding.push(decode(group, item, resolve))
      }),
    hurry() {
      hurried = true
      closeIfDue()
    },
  }
}

async function seal(lane: DecodeLane, group: number): Promise<readonly SealedBlock[] | undefined> {
  try {
    return await lane.call('seal', group)
  } catch (error) {
    if (error instanceof LaneLost) return undefined
    throw error
  }
}

/** A decoder whose thread died has released everything. */
export async function release(lane: DecodeLane, order: ReleaseOrder): Promise<void> {
  try {
    await lane.call('release', order)
  } catch (error) {
    if (!(error instanceof LaneLost)) throw error
  }
}

export function rowsOf({ parts }: Pick<Counts, 'parts'>): number {
  return parts.reduce((sum, { rows }) => sum + rows, 0)
}
