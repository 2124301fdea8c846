import type { AnyTable } from '../../record/table.ts'
import { type BlockSize, nativeOf, TableBlock, type TakeBuffer } from './table-block.ts'

/** A block that takes no more rows, as it is inserted. */
export interface SealedBlock {
  readonly table: string
  /** Unix day (UTC) of all its rows; 0 for a table that is not partitioned by day. */
  readonly day: number
  readonly rows: number
  /** Native. */
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Blocks in the making, one per table and UTC day: an insert of one day is committed whole or not at all. */
export interface OpenBlocks {
  of(table: AnyTable, day: number): TableBlock
  rows(): number
  byteLength(): number
  /** What is open now, so that a request that turns out to be unreadable can be taken back. */
  mark(): BlockMark
  cutTo(mark: BlockMark): void
  /** Ends all blocks; the next rows begin new ones. */
  seal(take?: TakeBuffer): SealedBlock[]
  clear(): void
}

export type BlockMark = ReadonlyMap<TableBlock, BlockSize>

/** Empty blocks that are kept for the next rows, per table: their memory is warm. */
const sparesMax = 4
/** A block that grew beyond this gives its memory back. */
const spareBytesMax = 64 * 1024 ** 2

export function createOpenBlocks(): OpenBlocks {
  const open = new Map<string, { readonly day: number; readonly block: TableBlock }>()
  const spares = new Map<string, TableBlock[]>()

  function setAside(block: TableBlock): void {
    const kept = spares.get(block.table.name) ?? []
    if (kept.length >= sparesMax || block.byteLength() > spareBytesMax) return
    block.clear()
    spares.set(block.table.name, [...kept, block])
  }

  return {
    of(table, day) {
      const key = `${table.name}/${day}`
      const found = open.get(key)
      if (found) return found.block
      const block = spares.get(table.name)?.pop() ?? new TableBlock(table)
      open.set(key, { day, block })
      return block
    },
    rows: () => sum(open.values(), ({ block }) => block.rows),
    byteLength: () => sum(open.values(), ({ block }) => (block.rows === 0 ? 0 : block.byteLength())),
    mark: () => new Map([...open.values()].map(({ block }) => [block, block.size()])),
    cutTo(mark) {
      for (const { block } of open.values()) {
        const size = mark.get(block)
        if (size) block.cutTo(size)
        else block.clear()
      }
    },
    seal(take) {
      const sealed = [...open.values()].flatMap(({ day, block }) =>
        block.rows === 0
          ? []
          : [{ table: block.table.name, day, rows: block.rows, bytes: nativeOf(block, take) }],
      )
      for (const { block } of open.values()) setAside(block)
      open.clear()
      return sealed
    },
    clear() {
      for (const { block } of open.values()) setAside(block)
      open.clear()
    },
  }
}

function sum<T>(items: Iterable<T>, of: (item: T) => number): number {
  let total = 0
  for (const item of items) total += of(item)
  return total
}
