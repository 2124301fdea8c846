import type { TransactionRow } from '@binnacle/collector/api/transactions'

/** What a row of the list may be asked for beside its name and tier. */
export const troubles = ['errors', 'slow', 'new'] as const
export type Trouble = (typeof troubles)[number]

export interface TransactionFilter {
  /** Part of the name, in any case. */
  readonly text: string
  /** Of these tiers; none: of any. */
  readonly tiers: readonly string[]
  /** With at least one of these; none: all. */
  readonly troubles: readonly string[]
}

export function hasTrouble({ classes, isNew }: TransactionRow, trouble: string): boolean {
  switch (trouble) {
    case 'errors':
      return classes.errors > 0
    case 'slow':
      return classes.slow + classes.verySlow + classes.stalled > 0
    case 'new':
      return isNew
    default:
      return false
  }
}

export function filterTransactions(
  rows: readonly TransactionRow[],
  filter: TransactionFilter,
): readonly TransactionRow[] {
  const text = filter.text.toLowerCase()
  return rows.filter(
    (row) =>
      row.transaction.toLowerCase().includes(text) &&
      (filter.tiers.length === 0 || filter.tiers.includes(row.service)) &&
      (filter.troubles.length === 0 || filter.troubles.some((trouble) => hasTrouble(row, trouble))),
  )
}

/** Values of a facet with how many rows have each, the most first. */
export function countValues(values: readonly string[]): { value: string; count: number }[] {
  return [...Map.groupBy(values, (value) => value)]
    .map(([value, all]) => ({ value, count: all.length }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
}
