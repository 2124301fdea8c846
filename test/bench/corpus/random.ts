/** A seeded generator (sfc32): the same seed gives the same corpus on every machine. */
export interface Random {
  /** Below `bound`, whole. */
  below(bound: number): number
  /** In [0, 1). */
  unit(): number
  pick<T>(items: readonly T[]): T
  /** Most of the values are small: `median`, with a tail to some fifty times it. */
  longTailed(median: number): number
}

export function createRandom(seed: number): Random {
  let a = seed | 0
  let b = 0x9e3779b9
  let c = 0x243f6a88
  let counter = 1
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    return sum >>> 0
  }
  for (let warm = 0; warm < 16; warm++) next()
  const unit = () => next() / 2 ** 32
  return {
    below: (bound) => Math.floor(unit() * bound),
    unit,
    pick(items) {
      const item = items[Math.floor(unit() * items.length)]
      if (item === undefined) throw new Error('BUG: nothing to pick from')
      return item
    },
    longTailed: (median) => median * Math.exp((unit() + unit() + unit() - 1.5) * 2.2),
  }
}

/** A bijection of 32 bits that looks random (murmur3's finaliser): distinct numbers give distinct ids. */
export function mix32(value: number): number {
  let mixed = value | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
