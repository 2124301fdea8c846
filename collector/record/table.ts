/**
 * The description of a ClickHouse table as the writer sees it: column names with their ClickHouse types, in insert order,
 * and the TypeScript row that goes with them. One description is type, insert statement and RowBinary layout.
 *
 * TypeScript values per ClickHouse type:
 * `String`, `LowCardinality(String)`, enums: string · `FixedString(n)`: Uint8Array of n bytes · `Bool`: boolean ·
 * `UInt8…32`, `Int8…32`, `Float64`: number · `UInt64`, `Int64`: bigint · `DateTime64(3)`: number (Unix ms) ·
 * `DateTime64(9)`: bigint (Unix ns) · `Map(…)`: Map · `Array(…)`: array.
 */
export interface Column<T> {
  readonly type: string
  /** Never set: carries the TypeScript type of the column's values. */
  readonly value?: T
}

export interface Table<C extends Record<string, Column<unknown>>> {
  readonly name: string
  readonly columns: C
  /** The column whose UTC day is the table's partition: an insert holds rows of one such day only, so that it is atomic. Null: not partitioned. */
  readonly dayColumn: (keyof C & string) | null
}

export type RowOf<T> =
  T extends Table<infer C> ? { [K in keyof C]: C[K] extends Column<infer V> ? V : never } : never

// biome-ignore lint/suspicious/noExplicitAny: any row of any table; every use narrows through `columns`.
export type AnyTable = Table<any>

export function defineTable<C extends Record<string, Column<unknown>>>(
  name: string,
  dayColumn: (keyof C & string) | null,
  columns: C,
): Table<C> {
  return { name, dayColumn, columns }
}

const column = <T>(type: string): Column<T> => ({ type })

export const string = column<string>('String')
/** Few distinct values: a dictionary per part. */
export const word = column<string>('LowCardinality(String)')
export const bool = column<boolean>('Bool')
export const uint8 = column<number>('UInt8')
export const uint16 = column<number>('UInt16')
export const uint32 = column<number>('UInt32')
export const uint64 = column<bigint>('UInt64')
export const int32 = column<number>('Int32')
export const int64 = column<bigint>('Int64')
export const float64 = column<number>('Float64')
export const timeMs = column<number>('DateTime64(3)')
export const timeNs = column<bigint>('DateTime64(9)')
export const words = column<Map<string, string>>('Map(LowCardinality(String), String)')
export const numbers = column<Map<string, number>>('Map(LowCardinality(String), Float64)')
export const fixed = (bytes: number): Column<Uint8Array> => column(`FixedString(${bytes})`)
export const array = <T>(of: Column<T>): Column<T[]> => column(`Array(${of.type})`)
