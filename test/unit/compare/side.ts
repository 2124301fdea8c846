import type { Comparison, OperationCalls, SideFacts } from '../../../collector/service/compare/comparison.ts'

/** Box & Muller. */
export const gauss = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** Durations in ms as a side's calls of one operation. */
export function callsOf(durationsMs: readonly number[], over: Partial<OperationCalls> = {}): OperationCalls {
  const weight = 1 / (over.worth ?? 1)
  const counts = new Map<number, number>()
  for (const ms of durationsMs) {
    const bucket = Math.floor(Math.log2(ms * 1e6) * 8)
    counts.set(bucket, (counts.get(bucket) ?? 0) + weight)
  }
  return {
    calls: durationsMs.length * weight,
    errors: 0,
    worth: 1,
    durations: [...counts].sort(([x], [y]) => x - y),
    ...over,
  }
}

export const noCalls: OperationCalls = { calls: 0, errors: 0, durations: [], worth: 1 }

export const side = (over: Partial<SideFacts> = {}): SideFacts => ({
  minutes: 60,
  podHours: 2,
  restarts: 0,
  cpuMillicores: [],
  memoryBytes: [],
  cpuMsPerCall: [],
  ...over,
})

/** One operation, v1 against v2. */
export function comparison(a: OperationCalls, b: OperationCalls, over: Partial<Comparison> = {}): Comparison {
  return {
    names: { a: 'v1', b: 'v2' },
    a: side(),
    b: side(),
    operations: [{ operation: 'GET /', kind: 'server', a, b }],
    exceptions: [],
    callsBefore: 0,
    intended: null,
    sideBySide: true,
    ...over,
  }
}
