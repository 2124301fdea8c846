import type { AnyTable, RowOf } from '../../record/table.ts'
import type { Clock } from '../../std/clock.ts'
import type { InsertOutcome, Store } from '../store/store.ts'

/**
 * Group commit for one table: requests join the open block until its rows or its age close it; one insert; every caller is
 * answered with that insert's outcome. One insert runs at a time, and the next block fills meanwhile, so blocks grow with
 * the load. A block that the database refuses is inserted again request by request, so that one bad row harms one sender.
 *
 * Bound: `rowsWaitingMax` rows wait at the most; overflow policy: reject (the sender gets 429).
 */
export interface Committer<T extends AnyTable> {
  /** Undefined: too many rows wait. */
  add(rows: readonly RowOf<T>[]): Promise<InsertOutcome> | undefined
  rowsWaiting(): number
  /** Resolves when all that was added is answered. */
  drain(): Promise<void>
}

export interface CommitterConfig {
  readonly rowsMax: number
  readonly ageMs: number
  readonly rowsWaitingMax: number
}

interface Entry<T> {
  readonly rows: readonly RowOf<T>[]
  readonly answer: (outcome: InsertOutcome) => void
}

export function createCommitter<T extends AnyTable>(
  deps: {
    readonly table: T
    readonly store: Pick<Store, 'insert'>
    readonly clock: Clock
    /** Tells this process's tokens from those of others. */
    readonly instanceId: string
  },
  { rowsMax, ageMs, rowsWaitingMax }: CommitterConfig,
): Committer<T> {
  const { table, store, clock, instanceId } = deps
  let open: Entry<T>[] = []
  let rowsOpen = 0
  let rowsWaiting = 0
  let sequence = 0
  let running: Promise<void> | undefined
  let full = new AbortController()

  async function run(): Promise<void> {
    while (open.length > 0) {
      await clock.sleep(ageMs, full.signal)
      const block = open
      open = []
      rowsOpen = 0
      full = new AbortController()
      await commit(block)
    }
    running = undefined
  }

  async function commit(block: readonly Entry<T>[]): Promise<void> {
    const outcome = await insert(block)
    if (outcome.type === 'refused' && block.length > 1) {
      for (const entry of block) answer(entry, await insert([entry]))
    } else for (const entry of block) answer(entry, outcome)
  }

  function insert(block: readonly Entry<T>[]): Promise<InsertOutcome> {
    return store.insert({ table, rows: block.flatMap(({ rows }) => rows) }, `${instanceId}/${sequence++}`)
  }

  function answer(entry: Entry<T>, outcome: InsertOutcome): void {
    rowsWaiting -= entry.rows.length
    entry.answer(outcome.type === 'stored' ? { type: 'stored', rows: entry.rows.length } : outcome)
  }

  return {
    add(rows) {
      if (rows.length === 0) return Promise.resolve({ type: 'stored', rows: 0 })
      if (rowsWaiting > 0 && rowsWaiting + rows.length > rowsWaitingMax) return undefined
      rowsWaiting += rows.length
      return new Promise((resolve) => {
        open.push({ rows, answer: resolve })
        rowsOpen += rows.length
        if (rowsOpen >= rowsMax) full.abort()
        running ??= run()
      })
    },
    rowsWaiting: () => rowsWaiting,
    async drain() {
      full.abort()
      while (running) await running
    },
  }
}
