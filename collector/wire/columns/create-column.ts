import { assert } from '../../std/assert.ts'
import type { Column } from './column.ts'
import { tryFixedColumn } from './fixed-column.ts'
import { ListColumn } from './list-column.ts'
import { MapColumn, NumberMapColumn } from './map-column.ts'
import { StringColumn } from './string-column.ts'
import { WordColumn } from './word-column.ts'

/** An empty column of a type that record/table.ts knows. */
export function createColumn(type: string): Column {
  if (type === 'String') return new StringColumn()
  if (type === 'LowCardinality(String)') return new WordColumn()
  if (type === 'Map(LowCardinality(String), String)') return new MapColumn()
  if (type === 'Map(LowCardinality(String), Float64)') return new NumberMapColumn()
  const [, inner] = /^Array\((.*)\)$/.exec(type) ?? []
  if (inner !== undefined) return new ListColumn(createColumn(inner))
  const fixed = tryFixedColumn(type)
  assert(fixed, `no column for the type ${type}`)
  return fixed
}
