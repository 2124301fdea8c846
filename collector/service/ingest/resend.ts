import { errorText } from '../../std/assert.ts'
import type { SealedBlock } from '../../wire/columns/open-blocks.ts'
import type { Store } from '../store/store.ts'
import { LaneLost } from './decode-lane.ts'
import type { AloneAnswer } from './decoder.ts'
import { type GroupItem, type GroupOutcome, release } from './group-commit.ts'
import {
  type InsertBlocks,
  type PartKey,
  type PartOutcome,
  partKey,
  resourcesKey,
  tableOf,
} from './insert-blocks.ts'

/**
 * A batch of an agent that may be stored already: decoded into blocks of its own, looked up part by part (one table and one
 * day are one insert, so a part is there or it is not), and only what is missing is inserted.
 */
export type Resend = (item: GroupItem) => Promise<GroupOutcome>

export interface ResendDeps {
  readonly store: Pick<Store, 'hasBatch'>
  readonly insertBlocks: InsertBlocks
  /** The request was decoded: there may be room. */
  readonly onRoom: () => void
}

export function createResend({ store, insertBlocks, onRoom }: ResendDeps): Resend {
  async function decode({ request, seat, ticket }: GroupItem, group: number): Promise<AloneAnswer> {
    const bytes = request.body.length
    seat.take(bytes)
    try {
      const answer = await seat.lane.call('alone', { group, request })
      if (answer.type === 'appended')
        ticket.decoded(
          answer.parts,
          answer.blocks.reduce((sum, block) => sum + block.bytes.length, 0),
        )
      return answer
    } finally {
      seat.give(bytes)
      onRoom()
    }
  }

  async function storeMissing(
    blocks: readonly SealedBlock[],
    batchId: string,
  ): Promise<Map<PartKey, PartOutcome>> {
    const outcomes = new Map<PartKey, PartOutcome>()
    const ofResources = blocks.filter((block) => partKey(block) === resourcesKey)
    const ofItems = blocks.filter((block) => partKey(block) !== resourcesKey)
    const missing: SealedBlock[] = []
    const lookUp = async (block: SealedBlock) => {
      const table = tableOf(block.table)
      const days = table.dayColumn === null ? [] : [dateOf(block.day)]
      if (await store.hasBatch(table, batchId, days)) outcomes.set(partKey(block), { type: 'duplicate' })
      else missing.push(block)
    }
    try {
      await Promise.all(ofItems.map(lookUp))
    } catch (error) {
      // What is known to be stored stays known; the rest was not even tried.
      const away = { type: 'unavailable', message: errorText(error) } as const
      return new Map([...ofItems.map((block) => [partKey(block), away] as const), ...outcomes])
    }
    if (missing.length === 0) return outcomes
    return new Map([...outcomes, ...(await insertBlocks([...missing, ...ofResources]))])
  }

  return async (item) => {
    // Groups count upwards from 0; a request alone is a group below that.
    const group = -item.request.id
    const { lane } = item.seat
    try {
      const answer = await decode(item, group)
      if (answer.type !== 'appended') return answer
      const { blocks, ...counts } = answer
      const outcomes = await storeMissing(blocks, item.request.batchId)
      const resourcesStored = outcomes.get(resourcesKey)?.type === 'stored'
      await release(lane, { group, resourcesStored, buffers: [] })
      return { type: 'settled', counts, outcomes }
    } catch (error) {
      if (!(error instanceof LaneLost)) throw error
      return { type: 'lost', counts: undefined }
    }
  }
}

const dateOf = (day: number) => new Date(day * 86_400_000).toISOString().slice(0, 10)
