/** The best of some rounds, for what else runs on the machine only adds; the first one warms the caches. */
export async function bestOf(
  rounds: number,
  ask: () => Promise<readonly unknown[]>,
): Promise<{ readonly ms: number; readonly rows: number }> {
  let ms = Number.POSITIVE_INFINITY
  let rows = 0
  let spentMs = 0
  for (let round = 0; round <= rounds && spentMs < questionMsMax; round++) {
    const startedAt = performance.now()
    rows = (await ask()).length
    const took = performance.now() - startedAt
    spentMs += took
    if (round > 0 || took > questionMsMax) ms = Math.min(ms, took)
  }
  return { ms: Number.isFinite(ms) ? ms : spentMs, rows }
}

/** Enough of a slow question. */
const questionMsMax = 6_000
