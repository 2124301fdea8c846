import type { ByteBuffer } from './byte-buffer.ts'

/**
 * Values of one column of a block in the making, as ClickHouse's Native format wants them: a prefix of the whole column,
 * then its data (https://clickhouse.com/docs/interfaces/formats/Native). Rows are taken back with `cutTo`.
 */
export interface Column {
  /** ClickHouse's name of the type. */
  readonly type: string
  readonly rows: number
  /** A value as record/table.ts describes it; throws UnencodableValue for one that the type cannot hold. */
  append(value: unknown): void
  /** Where the column ends now, for `cutTo`. */
  size(): ColumnSize
  cutTo(size: ColumnSize): void
  /** Whether all its rows are empty: ClickHouse then fills the column in by itself, for less than it costs to read. */
  isBlank(): boolean
  writePrefix(out: ByteBuffer): void
  writeData(out: ByteBuffer): void
  /** Bytes of the values, roughly. */
  byteLength(): number
  /** Empty again, keeping its memory. */
  clear(): void
}

export type ColumnSize = readonly number[]

/** ClickHouse would store another value without a word. */
export class UnencodableValue extends Error {}

export const describeValue = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value) : String(value)
