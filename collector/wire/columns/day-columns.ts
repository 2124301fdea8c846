import type { AnyTable } from '../../record/table.ts'
import type { OpenBlocks } from './open-blocks.ts'
import type { TableBlock } from './table-block.ts'

/** The columns of a day's block by what they are: views of a block are kept as long as it is. */
export function createDayColumns<Columns extends { readonly day: number }>(
  blocks: OpenBlocks,
  table: AnyTable,
  view: (block: TableBlock, day: number) => Columns,
): (day: number) => Columns {
  const known = new WeakMap<TableBlock, Columns>()
  return (day) => {
    const block = blocks.of(table, day)
    const found = known.get(block)
    // A block that was set aside and taken again may be of another day.
    if (found?.day === day) return found
    const made = view(block, day)
    known.set(block, made)
    return made
  }
}
