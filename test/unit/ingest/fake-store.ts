import type { AnyTable } from '../../../collector/record/table.ts'
import type { InsertOutcome, Store } from '../../../collector/service/store/store.ts'
import { readNative } from '../../support/read-native.ts'

export interface Insert {
  readonly table: string
  readonly rows: readonly Record<string, unknown>[]
  readonly token: string
  /** Native blocks, which come as one insert. */
  readonly blocks: number
}

/** A store in memory that fails when told to; for what a real one cannot be brought to do at will. */
export interface FakeStore extends Pick<Store, 'insertNative' | 'hasBatch'> {
  /** Every attempt, in order. */
  readonly inserts: Insert[]
  insertsInto(table: string): Insert[]
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
    insertsInto: (table) => inserts.filter((insert) => insert.table === table),
    stored,
    answer: () => undefined,
    lookUp: undefined,
    async insertNative({ table, blocks, rows: count }, token) {
      // The rows are views of the bytes, whose memory goes back to the decoder.
      const rows = blocks.flatMap((block) => readNative(Uint8Array.from(block), table))
      if (rows.length !== count) throw new Error(`${rows.length} rows are said to be ${count}`)
      const days = new Set(rows.map((row) => dateOf(table, row)))
      if (days.size !== 1) throw new Error(`rows of ${[...days].join(' and ')} in one insert`)
      const insert = { table: table.name, rows, token, blocks: blocks.length }
      inserts.push(insert)
      const outcome = await store.answer(insert)
      if (outcome && outcome.type !== 'stored') return outcome
      kept.push(insert)
      return { type: 'stored', rows: rows.length }
    },
    async hasBatch(table: AnyTable, batchId, days) {
      store.lookUp?.()
      return stored(table.name).some(
        (row) => row['batch_id'] === batchId && (days.length === 0 || days.includes(dateOf(table, row))),
      )
    },
  }
  return Object.assign(store, {
    insert: unused,
    query: unused,
    client: undefined,
    close: unused,
  }) as unknown as FakeStore & Store
}

const unused = () => Promise.reject(new Error('not part of this fake'))

/** The UTC day by which a table is partitioned. */
function dateOf({ dayColumn, columns }: AnyTable, row: Record<string, unknown>): string {
  if (dayColumn === null) return ''
  const perMs = columns[dayColumn].type === 'DateTime64(9)' ? 1_000_000 : 1
  return new Date(Math.floor(Number(row[dayColumn]) / perMs)).toISOString().slice(0, 10)
}
