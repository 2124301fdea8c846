import { assert } from '../../std/assert.ts'
import type { Log } from '../../std/log.ts'
import type { InsertOutcome } from '../store/store.ts'
import { type DecodeLane, LaneLost } from './decode-lane.ts'
import type { Counts } from './decoder.ts'
import { type InsertBlocks, type PartOutcomes, partKey } from './insert-blocks.ts'

/** A request whose rows are in a sealed group, and the decoder (and which life of it) that holds its body. */
export interface DecodedEntry {
  readonly id: number
  readonly lane: DecodeLane
  readonly life: number
  readonly counts: Counts
}

interface SealedGroup<Entry> {
  readonly group: number
  readonly entries: readonly Entry[]
  readonly outcomes: PartOutcomes
}

/** Requests of a refused group that are inserted at once. */
const apartMax = 4

/**
 * What became of each request of a group: the outcomes of the group's inserts, and where one of them was refused, that of
 * an insert of the request's own. So one bad request harms one sender.
 */
export function createTakeApart({
  insertBlocks,
  log,
}: {
  readonly insertBlocks: InsertBlocks
  readonly log: Log
}) {
  return async <Entry extends DecodedEntry>({
    group,
    entries,
    outcomes,
  }: SealedGroup<Entry>): Promise<ReadonlyMap<Entry, PartOutcomes>> => {
    const settled = new Map(entries.map((entry) => [entry, outcomes]))
    const refused = new Set([...outcomes].flatMap(([key, { type }]) => (type === 'refused' ? [key] : [])))
    const concerned = entries.filter(({ counts }) => counts.parts.some((part) => refused.has(partKey(part))))
    if (concerned.length < 2) return settled
    log.warn({ requests: concerned.length, parts: [...refused] }, 'a group is refused: it is taken apart')
    await forEachOf(concerned, async (entry) => {
      const own = await insertAgain(insertBlocks, { group, entry, refused })
      settled.set(entry, new Map([...outcomes, ...own]))
    })
    return settled
  }
}

async function insertAgain(
  insertBlocks: InsertBlocks,
  again: { readonly group: number; readonly entry: DecodedEntry; readonly refused: ReadonlySet<string> },
): Promise<PartOutcomes> {
  const { group, refused } = again
  const { lane, life, id, counts } = again.entry
  try {
    if (lane.life() !== life) throw new LaneLost('the thread with the body died')
    const decoded = await lane.call('again', { group, id })
    assert(decoded.type === 'appended', `a request was read once and is ${decoded.type} now`)
    return await insertBlocks(decoded.blocks.filter((block) => refused.has(partKey(block))))
  } catch (error) {
    if (!(error instanceof LaneLost)) throw error
    const lost: InsertOutcome = { type: 'unavailable', message: error.message }
    return new Map(counts.parts.map((part) => [partKey(part), lost]))
  }
}

async function forEachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  const runner = async () => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: apartMax }, runner))
}
