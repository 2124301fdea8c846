/** How often each value occurs, the most frequent first. */
export function countBy<Row>(
  rows: readonly Row[],
  valueOfRow: (row: Row) => string,
): { value: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const row of rows) counts.set(valueOfRow(row), (counts.get(valueOfRow(row)) ?? 0) + 1)
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || a.value.localeCompare(b.value))
}
