import { assert } from '../../std/assert.ts'
import type { Column } from './column.ts'
import { FixedColumn } from './fixed-column.ts'
import { ListColumn } from './list-column.ts'
import { MapColumn } from './map-column.ts'
import { StringColumn } from './string-column.ts'
import type { TableBlock } from './table-block.ts'
import { WordColumn } from './word-column.ts'

type Kind<C> = abstract new (...args: never[]) => C

/** The columns of a block by their names, each checked to be what the caller takes it for. */
export function columnsOf(block: TableBlock) {
  const column = <C extends Column>(name: string, kind: Kind<C>): C => {
    const found: unknown = block.columns[name]
    assert(found instanceof kind, `${block.table.name}.${name} is not a ${kind.name}`)
    return found
  }
  return {
    fixed: (name: string) => column(name, FixedColumn),
    word: (name: string) => column(name, WordColumn),
    text: (name: string) => column(name, StringColumn),
    map: (name: string) => column(name, MapColumn),
    list<C extends Column>(name: string, kind: Kind<C>): ListColumn<C> {
      const found = column(name, ListColumn)
      const items: unknown = found.items
      assert(items instanceof kind, `${block.table.name}.${name} is not a list of ${kind.name}`)
      // Checked just now.
      return found as ListColumn<C>
    },
  }
}
