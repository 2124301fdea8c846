import type { TraceRow } from '@binnacle/collector/api/applications'
import { logTicks, rulerTicks } from './ruler.ts'

export interface ScatterFrame {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly bottom: number
}

export interface ScatterDot {
  readonly trace: TraceRow
  readonly x: number
  readonly y: number
}

export interface Scatter {
  readonly dots: readonly ScatterDot[]
  readonly timeTicks: readonly { readonly timeMs: number; readonly x: number }[]
  readonly durationTicks: readonly { readonly durationMs: number; readonly y: number }[]
}

/** One dot a trace: when it started against how long it took, on a logarithmic axis; failed ones last, on top. */
export function scatterTraces(
  traces: readonly TraceRow[],
  range: { readonly fromMs: number; readonly toMs: number },
  frame: ScatterFrame,
): Scatter {
  const innerWidth = Math.max(1, frame.width - frame.left - 8)
  const innerHeight = Math.max(1, frame.height - frame.bottom - 8)
  const durations = traces.map((trace) => Math.max(trace.durationMs, 1e-3))
  const ticks = logTicks(Math.min(...durations, 1e9), Math.max(...durations, 1e-3))
  const [low = 1, high = 10] = [ticks[0], ticks.at(-1)]
  const spanMs = Math.max(1, range.toMs - range.fromMs)
  const x = (timeMs: number) => frame.left + (innerWidth * (timeMs - range.fromMs)) / spanMs
  const y = (ms: number) =>
    8 +
    innerHeight *
      (1 - (Math.log10(Math.max(ms, 1e-3)) - Math.log10(low)) / (Math.log10(high) - Math.log10(low)))
  const inside = traces.filter((trace) => trace.startMs >= range.fromMs && trace.startMs <= range.toMs)
  return {
    dots: inside
      .toSorted((a, b) => Math.min(a.errors, 1) - Math.min(b.errors, 1))
      .map((trace) => ({ trace, x: x(trace.startMs), y: y(trace.durationMs) })),
    timeTicks: roundTimes(range, Math.max(2, Math.floor(innerWidth / 110))).map((timeMs) => ({
      timeMs,
      x: x(timeMs),
    })),
    durationTicks: ticks.map((durationMs) => ({ durationMs, y: y(durationMs) })),
  }
}

const roundStepsMs = [1, 5, 10, 15, 30]
  .flatMap((n) => [n * 1_000, n * 60_000])
  .concat([1, 3, 6, 12, 24].map((n) => n * 3_600_000))

/** Round clock times within the range, at most `ticksMax` of them. */
function roundTimes({ fromMs, toMs }: { fromMs: number; toMs: number }, ticksMax: number): number[] {
  const stepMs = roundStepsMs.toSorted((a, b) => a - b).find((step) => (toMs - fromMs) / step <= ticksMax)
  if (stepMs === undefined) return rulerTicks(toMs - fromMs, ticksMax).map((offset) => fromMs + offset)
  const times: number[] = []
  for (let timeMs = Math.ceil(fromMs / stepMs) * stepMs; timeMs <= toMs; timeMs += stepMs) times.push(timeMs)
  return times
}
