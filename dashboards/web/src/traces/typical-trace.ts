import type { TraceRow } from '@binnacle/collector/api/applications'

/** The trace of middle duration among those without errors, another than the one at hand; of equal ones the newest. */
export function typicalTrace(traces: readonly TraceRow[], exceptId: string): TraceRow | undefined {
  const sound = traces.filter(
    (trace) => trace.traceId !== exceptId && trace.errors === 0 && !trace.rootMissing,
  )
  const byDuration = sound.toSorted((a, b) => a.durationMs - b.durationMs || b.startMs - a.startMs)
  return byDuration[Math.floor((byDuration.length - 1) / 2)]
}
