import type { AnyTable, RowOf } from '../../record/table.ts'
import { errorText } from '../../std/assert.ts'
import type { Clock } from '../../std/clock.ts'
import { insertRowsMax } from '../store/insert.ts'
import type { InsertOutcome, Store } from '../store/store.ts'

/**
 * Group commit for one table: requests join the open block until its rows, its bytes or its age close it; one insert; every
 * caller is answered with that insert's outcome. One insert runs at a time, and the next block fills meanwhile, so blocks
 * grow with the load. A block that the database refuses is inserted again request by request, so that one bad row harms
 * one sender.
 *
 * A block is never larger than what the store commits at once: a batch of which one half is there would be taken for
 * stored when it comes again.
 *
 * Bounds: `rowsWaitingMax` rows and `bytesWaitingMax` bytes of request bodies wait at the most; overflow policy: reject
 * (the sender gets 429). A request that is larger than that is taken when nothing waits.
 */
export interface Committer<T extends AnyTable> {
  hasRoom(load: Load): boolean
  /** Only when there is room. `bytes`: what the rows were in their request. */
  add(rows: readonly RowOf<T>[], bytes: number): Promise<InsertOutcome>
  waiting(): Load
  /** Resolves when all that was added is answered. */
  drain(): Promise<void>
}

export interface Load {
  readonly rows: number
  readonly bytes: number
}

export interface CommitterConfig {
  readonly blockRowsMax: number
  readonly blockBytesMax: number
  readonly blockAgeMs: number
  readonly rowsWaitingMax: number
  readonly bytesWaitingMax: number
}

interface Entry<T> {
  readonly rows: readonly RowOf<T>[]
  readonly bytes: number
  readonly answer: (outcome: InsertOutcome) => void
}

export interface CommitterDeps<T extends AnyTable> {
  readonly table: T
  readonly store: Pick<Store, 'insert'>
  readonly clock: Clock
  /** Tells this process's tokens from those of others. */
  readonly instanceId: string
}

export function createCommitter<T extends AnyTable>(
  { table, store, clock, instanceId }: CommitterDeps<T>,
  { blockRowsMax, blockBytesMax, blockAgeMs, rowsWaitingMax, bytesWaitingMax }: CommitterConfig,
): Committer<T> {
  let open: Entry<T>[] = []
  let openRows = 0
  let openBytes = 0
  const waiting = { rows: 0, bytes: 0 }
  let sequence = 0
  let running: Promise<void> | undefined
  let draining = false
  let full = new AbortController()

  async function run(): Promise<void> {
    while (open.length > 0) {
      if (!draining) await clock.sleep(blockAgeMs, full.signal)
      const block = takeBlock()
      full = new AbortController()
      closeWhenFull()
      await commit(block)
    }
    running = undefined
  }

  /** The oldest entries, one at least. */
  function takeBlock(): Entry<T>[] {
    let rows = 0
    let bytes = 0
    const fits = (entry: Entry<T>) => {
      rows += entry.rows.length
      bytes += entry.bytes
      return rows <= insertRowsMax && bytes <= blockBytesMax * 2
    }
    const end = open.findIndex((entry, index) => !fits(entry) && index > 0)
    const block = end < 0 ? open : open.slice(0, end)
    open = end < 0 ? [] : open.slice(end)
    openRows -= countOf(block, (entry) => entry.rows.length)
    openBytes -= countOf(block, (entry) => entry.bytes)
    return block
  }

  function closeWhenFull(): void {
    if (openRows >= blockRowsMax || openBytes >= blockBytesMax) full.abort()
  }

  async function commit(block: readonly Entry<T>[]): Promise<void> {
    const outcome = await insert(block)
    if (outcome.type === 'refused' && block.length > 1) {
      for (const entry of block) answer(entry, await insert([entry]))
    } else for (const entry of block) answer(entry, outcome)
  }

  async function insert(block: readonly Entry<T>[]): Promise<InsertOutcome> {
    const rows = block.flatMap((entry) => entry.rows)
    try {
      return await store.insert({ table, rows }, `${instanceId}/${sequence++}`)
    } catch (error) {
      // Whatever it was, the senders still have the rows, and the next block must not wait for ever.
      return { type: 'unavailable', message: errorText(error) }
    }
  }

  function answer(entry: Entry<T>, outcome: InsertOutcome): void {
    waiting.rows -= entry.rows.length
    waiting.bytes -= entry.bytes
    entry.answer(outcome.type === 'stored' ? { type: 'stored', rows: entry.rows.length } : outcome)
  }

  return {
    hasRoom: ({ rows, bytes }) =>
      waiting.rows === 0 ||
      (waiting.rows + rows <= rowsWaitingMax && waiting.bytes + bytes <= bytesWaitingMax),
    add(rows, bytes) {
      if (rows.length === 0) return Promise.resolve({ type: 'stored', rows: 0 })
      waiting.rows += rows.length
      waiting.bytes += bytes
      return new Promise((resolve) => {
        open.push({ rows, bytes, answer: resolve })
        openRows += rows.length
        openBytes += bytes
        closeWhenFull()
        running ??= run()
      })
    },
    waiting: () => ({ ...waiting }),
    async drain() {
      draining = true
      full.abort()
      while (running) await running
    },
  }
}

function countOf<E>(entries: readonly E[], count: (entry: E) => number): number {
  return entries.reduce((sum, entry) => sum + count(entry), 0)
}
