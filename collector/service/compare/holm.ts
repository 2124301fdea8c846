/**
 * p-values of several tests, made comparable to the level of one: Holm's step-down method (Scand. J. Stat. 6, 1979). The chance of
 * any false alarm among them stays below the level, whatever depends on what.
 */
export function holm(ps: readonly number[]): number[] {
  const order = ps.map((p, index) => ({ p, index })).sort((x, y) => x.p - y.p)
  const adjusted = new Array<number>(ps.length).fill(1)
  let least = 0
  for (const [rank, { p, index }] of order.entries()) {
    least = Math.max(least, Math.min(1, p * (ps.length - rank)))
    adjusted[index] = least
  }
  return adjusted
}
