import type { TraceRow } from '@binnacle/collector/api/applications'
import { describe, expect, test } from 'vitest'
import { scatterTraces } from '../../../dashboards/web/src/traces/scatter.ts'

const trace = (startMs: number, durationMs: number, errors = 0): TraceRow => ({
  traceId: `${startMs}`,
  startMs,
  durationMs,
  rootService: 'magnanimo',
  rootOperation: 'GET /hw2',
  rootMissing: false,
  spans: 1,
  errors,
  services: [],
  httpStatus: 200,
  versions: [],
})
const frame = { width: 508, height: 128, left: 0, bottom: 20 }
const range = { fromMs: 0, toMs: 60_000 }

describe('the scatter of traces', () => {
  test('time runs along the width and duration up a logarithmic height', () => {
    const { dots } = scatterTraces([trace(0, 1), trace(30_000, 10), trace(60_000, 100)], range, frame)
    expect(dots.map((dot) => [dot.x, dot.y])).toEqual([
      [0, 108],
      [250, 58],
      [500, 8],
    ])
  })
  test('failed traces are drawn last, and those outside of the range not at all', () => {
    const { dots } = scatterTraces(
      [trace(5, 1, 2), trace(10, 1), trace(-1, 1), trace(60_001, 1)],
      range,
      frame,
    )
    expect(dots.map((dot) => dot.trace.startMs)).toEqual([10, 5])
  })
  test('ticks stand on round times and durations', () => {
    const { timeTicks, durationTicks } = scatterTraces([trace(0, 4), trace(9, 60)], range, frame)
    expect(timeTicks.map((tick) => tick.timeMs)).toEqual([0, 15_000, 30_000, 45_000, 60_000])
    expect(durationTicks.map((tick) => tick.durationMs)).toEqual([1, 3, 10, 30, 100])
  })
  test('no traces, or traces without duration, still give a frame', () => {
    expect(scatterTraces([], range, frame).durationTicks.length).toBeGreaterThan(1)
    for (const dot of scatterTraces([trace(1, 0)], range, frame).dots)
      expect(Number.isFinite(dot.y)).toBe(true)
  })
})
