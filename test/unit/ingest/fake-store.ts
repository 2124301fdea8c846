import type { AnyTable, RowOf } from '../../../collector/record/table.ts'
import { byDay } from '../../../collector/service/store/insert.ts'
import type { InsertOutcome, Store, TableRows } from '../../../collector/service/store/store.ts'

export interface Insert {
  readonly table: string
  readonly rows: readonly Record<string, unknown>[]
  readonly token: string
}

/** A store in memory that fails when told to; for what a real one cannot be brought to do at will. */
export interface FakeStore extends Pick<Store, 'insert' | 'hasBatch'> {
  /** Every attempt, in order. */
  readonly inserts: Insert[]
  stored(table: string): Record<string, unknown>[]
  /** What the next inserts answer; undefined: stored. May wait. */
  answer: (insert: Insert) => InsertOutcome | undefined | Promise<InsertOutcome | undefined>
  lookUp: (() => void) | undefined
}

export function createFakeStore(): FakeStore & Store {
  const inserts: Insert[] = []
  const kept: Insert[] = []
  const stored = (table: string) => kept.filter((one) => one.table === table).flatMap((one) => [...one.rows])
  const store: FakeStore = {
    inserts,
    stored,
    answer: () => undefined,
    lookUp: undefined,
    async insert({ table, rows }: TableRows, token) {
      const insert = { table: table.name, rows: rows as Record<string, unknown>[], token }
      inserts.push(insert)
      const outcome = await store.answer(insert)
      if (outcome && outcome.type !== 'stored') return outcome
      kept.push(insert)
      return { type: 'stored', rows: rows.length }
    },
    async hasBatch(table: AnyTable, batchId, days) {
      store.lookUp?.()
      const rows = stored(table.name) as RowOf<AnyTable>[]
      const groups = [...byDay(table, rows)].filter(
        ([day]) => days.length === 0 || days.includes(new Date(day * 86_400_000).toISOString().slice(0, 10)),
      )
      return groups.some(([, group]) =>
        group.some((row) => (row as Record<string, unknown>)['batch_id'] === batchId),
      )
    },
  }
  return Object.assign(store, { query: unused, client: undefined, close: unused }) as unknown as FakeStore &
    Store
}

const unused = () => Promise.reject(new Error('not part of this fake'))
