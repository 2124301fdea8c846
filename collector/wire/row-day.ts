import type { AnyTable, RowOf } from '../record/table.ts'

const dayMs = 86_400_000
const nsPerMs = 1_000_000n

/** The UTC day that decides the partition of a row. */
export function dayOf(table: AnyTable, row: RowOf<AnyTable>): number {
  if (table.dayColumn === null) return 0
  const time = (row as Readonly<Record<string, unknown>>)[table.dayColumn]
  return Math.floor((typeof time === 'bigint' ? Number(time / nsPerMs) : (time as number)) / dayMs)
}
