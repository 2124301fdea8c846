/** Versions that came within this time of each other, such as at the first start of everything, are ordered by their names. */
const togetherMs = 10 * 60_000

export interface SeenVersion {
  readonly version: string
  readonly firstMs: number
}

/** The oldest first: by when it was first called, and numbers in names by their value (v9 before v10). */
export function oldestFirst<T extends SeenVersion>(versions: readonly T[]): T[] {
  const byTime = versions.toSorted((x, y) => x.firstMs - y.firstMs)
  const batches: T[][] = []
  for (const one of byTime) {
    const batch = batches.at(-1)
    if (batch && one.firstMs - (batch[0]?.firstMs ?? 0) < togetherMs) batch.push(one)
    else batches.push([one])
  }
  return batches.flatMap((batch) =>
    batch.toSorted((x, y) => x.version.localeCompare(y.version, 'en', { numeric: true })),
  )
}
