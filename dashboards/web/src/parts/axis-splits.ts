/** Lines on an axis at most. */
const linesMax = 4

/** Round values for an axis from `min` to `max`: whole ones for counts, powers of 1024 for bytes. */
export function axisSplits(min: number, max: number, unit: string): number[] {
  const whole = unit === '1' || unit === ''
  const step = unit === 'By' ? byteStep(max - min) : roundStep(max - min)
  const used = whole ? Math.max(1, step) : step
  const splits: number[] = []
  for (let value = Math.ceil(min / used) * used; value <= max; value += used)
    splits.push(Number(value.toPrecision(12)))
  return splits
}

function roundStep(span: number): number {
  const raw = span / linesMax
  const power = 10 ** Math.floor(Math.log10(raw))
  const factor = [1, 2, 5, 10].find((one) => one * power >= raw) ?? 10
  return factor * power
}

function byteStep(span: number): number {
  const power = 1024 ** Math.max(0, Math.floor(Math.log(span) / Math.log(1024)))
  const within = span / power
  // Up to 1024 of a unit fit before the next begins: round within it in tens, without exceeding it.
  return Math.max(1 / 1024, roundStep(within)) * power
}
