/** Round offsets for a ruler: 1, 2 or 5 times a power of ten apart, starting at zero, at most `ticksMax` of them. */
export function rulerTicks(lengthMs: number, ticksMax: number): number[] {
  if (!(lengthMs > 0) || ticksMax < 1) return [0]
  const roughMs = lengthMs / ticksMax
  const powerMs = 10 ** Math.floor(Math.log10(roughMs))
  const stepMs = [1, 2, 5, 10].map((factor) => factor * powerMs).find((step) => step >= roughMs) ?? roughMs
  const ticks: number[] = []
  for (let index = 0; index * stepMs < lengthMs; index++) ticks.push(Number((index * stepMs).toPrecision(12)))
  return ticks
}

/** Round values for a logarithmic axis that holds both bounds: powers of ten, with 3 between where there are few. */
export function logTicks(minimum: number, maximum: number): number[] {
  const low = Math.floor(Math.log10(Math.max(minimum, 1e-3)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(maximum, 1e-3))))
  const factors = high - low <= 2 ? [1, 3] : [1]
  const ticks: number[] = []
  for (let power = low; power <= high; power++) {
    for (const factor of factors) {
      const tick = Number((factor * 10 ** power).toPrecision(3))
      if (tick <= 10 ** high) ticks.push(tick)
    }
  }
  return ticks
}
