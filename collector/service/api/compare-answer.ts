import type { ComparedReleases } from '../compare/compare-releases.ts'
import type { OperationCalls } from '../compare/comparison.ts'
import { msAt, quantileMs, totalOf } from '../compare/histogram.ts'
import type { Window } from '../compare/windows.ts'
import type { Side } from './compare-side.ts'
import { perMinute } from './red.ts'
import type { Chart } from './schema/common.ts'
import type { ComparedOperation, ComparedSide, ReleaseComparison } from './schema/releases.ts'
import { minutesIn, stepMsOf, timesOf } from './time.ts'

const units = {
  p50: 'ms',
  p95: 'ms',
  p99: 'ms',
  errors: 'ratio',
  exceptions: 'ratio',
  restarts: '1/h',
  cpu: 'mCPU',
  memory: 'By',
} as const

/** What was judged, as the API tells it. */
export const toJudged = (
  result: ComparedReleases,
): Pick<ReleaseComparison, 'aspects' | 'operations' | 'distribution' | 'share'> => ({
  aspects: result.aspects.map(({ id, a, b, change, adjustedP, outcome, missing }) => ({
    aspect: id,
    unit: units[id],
    ...{ a, b, change, outcome, missing },
    p: adjustedP,
  })),
  operations: result.operations.map(({ pair, aspects, outcome }) => ({
    operation: pair.operation,
    kind: pair.kind,
    a: toOperationSide(pair.a),
    b: toOperationSide(pair.b),
    aspects: aspects.map((one) => ({
      aspect: one.id,
      change: one.change?.value ?? null,
      outcome: one.outcome,
    })),
    outcome,
  })),
  distribution: toDistribution(result.mix.a, result.mix.b),
  share: result.share && withoutTest(result.share),
})

export function toSide(
  { operations, pods, restarts, facts }: Side,
  { fromMs, toMs }: Window,
  named: Pick<ComparedSide, 'name' | 'version'>,
): ComparedSide {
  const sum = (of: (one: OperationCalls) => number) =>
    [...operations.values()].reduce((total, one) => total + of(one), 0)
  const calls = sum((one) => one.calls)
  return {
    ...named,
    fromMs,
    toMs,
    calls,
    callsPerMinute: perMinute(calls, facts.minutes),
    errors: sum((one) => one.errors),
    worth: sum((one) => one.calls * one.worth),
    pods: pods.length,
    podHours: facts.podHours,
    restarts: facts.restarts,
    restartReasons: [...new Set(restarts.map((row) => row.reason).filter(Boolean))].slice(0, 5),
  }
}

function toOperationSide({ calls, errors, durations }: OperationCalls): ComparedOperation['a'] {
  return {
    calls,
    errors,
    p50Ms: quantileMs(durations, 0.5),
    p95Ms: quantileMs(durations, 0.95),
    p99Ms: quantileMs(durations, 0.99),
  }
}

function toDistribution(
  a: readonly (readonly [number, number])[],
  b: readonly (readonly [number, number])[],
): ReleaseComparison['distribution'] {
  const [inA, inB] = [new Map(a), new Map(b)]
  const [ofA, ofB] = [totalOf(a) || 1, totalOf(b) || 1]
  return [...new Set([...inA.keys(), ...inB.keys()])]
    .sort((x, y) => x - y)
    .map((bucket) => ({
      fromMs: msAt(bucket),
      toMs: msAt(bucket + 1),
      a: (inA.get(bucket) ?? 0) / ofA,
      b: (inB.get(bucket) ?? 0) / ofB,
    }))
}

const withoutTest = ({
  p: _,
  ...share
}: NonNullable<ComparedReleases['share']>): NonNullable<ReleaseComparison['share']> => share

export function toCharts(
  a: Side,
  b: Side,
  range: Window,
  names: { readonly a: string; readonly b: string },
): ReleaseComparison['charts'] {
  const stepMs = Math.max(60_000, stepMsOf(range))
  const timesMs = timesOf(range, stepMs)
  const of = <Row extends { readonly timeMs: number }>(
    rows: (side: Side) => readonly Row[],
    unit: string,
    value: (row: Row, minutes: number) => number | null,
  ): Chart => ({
    stepMs,
    timesMs,
    series: [[names.a, a] as const, [names.b, b] as const].map(([name, side]) => {
      const byTime = new Map(rows(side).map((row) => [row.timeMs, row]))
      const points = timesMs.map((timeMs) => {
        const row = byTime.get(timeMs)
        return row ? value(row, minutesIn(timeMs, stepMs, range)) : null
      })
      return { name, unit, points }
    }),
  })
  return {
    p95: of(
      (side) => side.steps,
      'ms',
      (row) => row.p95Ms,
    ),
    calls: of(
      (side) => side.steps,
      '1/min',
      (row, minutes) => perMinute(row.calls, minutes),
    ),
    errors: of(
      (side) => side.steps,
      '1/min',
      (row, minutes) => perMinute(row.errors, minutes),
    ),
    cpu: of(
      (side) => side.usage,
      'mCPU',
      (row) => row.cpuMillicores,
    ),
    memory: of(
      (side) => side.usage,
      'By',
      (row) => row.memoryBytes,
    ),
  }
}
