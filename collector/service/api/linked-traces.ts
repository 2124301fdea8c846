import type { FlowTraces, LinkedTracesQuery } from '../query/transaction-flow.ts'
import type { Ask } from './ask.ts'

/** Messages that are taken in other traces are followed from trace to trace so often, into so many of them. */
export interface LinkLimits {
  readonly linkHopsMax: number
  readonly linkedTracesMax: number
}
export const linkLimits: LinkLimits = { linkHopsMax: 4, linkedTracesMax: 1_000 }

/** The traces, and those that links lead to, in the direction of the query. */
export async function withLinked(
  ask: Ask,
  linkedTraces: LinkedTracesQuery,
  traces: FlowTraces,
  { linkHopsMax, linkedTracesMax }: LinkLimits = linkLimits,
): Promise<{ readonly traceIds: readonly string[]; readonly cut: boolean }> {
  const traceIds = [...traces.traceIds]
  const most = traceIds.length + linkedTracesMax
  for (let hop = 0; hop < linkHopsMax && traceIds.length > 0; hop++) {
    const found = await ask<{ traceId: string }>(
      linkedTraces({ ...traces, traceIds }, most + 1 - traceIds.length),
    )
    if (found.length === 0) break
    traceIds.push(...found.map(({ traceId }) => traceId))
    if (traceIds.length > most) return { traceIds: traceIds.slice(0, most), cut: true }
  }
  return { traceIds, cut: false }
}
