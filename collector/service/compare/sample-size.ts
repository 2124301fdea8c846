/**
 * How many independent calls weighted ones are worth: (Σw)² / Σw² (Kish, Survey Sampling, 1965). Equal weights of any size
 * are worth the number of stored calls.
 */
export const effectiveSize = (sumOfWeights: number, sumOfSquares: number): number =>
  sumOfSquares > 0 ? sumOfWeights ** 2 / sumOfSquares : 0

/**
 * How many independent samples one of a series is worth when neighbours resemble each other: (1 − r) / (1 + r) with the
 * autocorrelation r of neighbours (Bayley & Hammersley, J. R. Stat. Soc. Suppl. 8, 1946). At most 1. Where r is estimated from n
 * samples it comes out too small by about (1 + 4r) / n (Marriott & Pope, Biometrika 41, 1954), which is made good.
 */
export function worthOfSample(series: readonly number[]): number {
  const n = series.length
  if (n < 3) return 1
  const mean = series.reduce((sum, x) => sum + x, 0) / n
  let square = 0
  let product = 0
  for (const [index, x] of series.entries()) {
    square += (x - mean) ** 2
    if (index > 0) product += (x - mean) * ((series[index - 1] ?? mean) - mean)
  }
  if (square === 0) return 1
  const seen = product / square
  const r = Math.min(0.97, Math.max(0, seen + (1 + 4 * seen) / n))
  return (1 - r) / (1 + r)
}
