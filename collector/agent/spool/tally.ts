import type { OtlpSignal } from '../../record/otlp.ts'

export interface Amount {
  readonly batches: number
  readonly items: number
}

/** Batches and items per signal, added and taken away. */
export interface Tally {
  add(signal: OtlpSignal, amount: Amount): void
  take(signal: OtlpSignal, amount: Amount): void
  /** Empties it and returns what was in it. */
  takeAll(): [OtlpSignal, Amount][]
  entries(): [OtlpSignal, Amount][]
  readonly batches: number
}

export function createTally(): Tally {
  const amounts = new Map<OtlpSignal, Amount>()
  const change = (signal: OtlpSignal, batches: number, items: number) => {
    const before = amounts.get(signal) ?? { batches: 0, items: 0 }
    amounts.set(signal, { batches: before.batches + batches, items: before.items + items })
  }
  const entries = () => [...amounts].filter(([, amount]) => amount.batches > 0)
  return {
    add: (signal, amount) => change(signal, amount.batches, amount.items),
    take: (signal, amount) => change(signal, -amount.batches, -amount.items),
    takeAll() {
      const all = entries()
      amounts.clear()
      return all
    },
    entries,
    get batches() {
      return entries().reduce((sum, [, amount]) => sum + amount.batches, 0)
    },
  }
}
