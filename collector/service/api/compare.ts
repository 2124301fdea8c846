import { compareReleases } from '../compare/compare-releases.ts'
import type {
  Comparison,
  ExceptionCounts,
  OperationCalls,
  OperationPair,
  SideFacts,
} from '../compare/comparison.ts'
import { isNew } from '../compare/exceptions.ts'
import { msAt, quantileMs, totalOf } from '../compare/histogram.ts'
import { intendedShare, podHours, podsWithVersions, type ReleasePod } from '../compare/pods.ts'
import { effectiveSize } from '../compare/sample-size.ts'
import type { Window, Windows } from '../compare/windows.ts'
import {
  callsBeforeQuery,
  type KnownExceptionRow,
  knownExceptionsQuery,
  type SideExceptionRow,
  type SideOperationRow,
  type SideScope,
  type SideStepRow,
  type SideWeightRow,
  sideExceptionsQuery,
  sideOperationsQuery,
  sideStepsQuery,
  sideWeightsQuery,
} from '../query/compare.ts'
import { everything, type ListFilter } from '../query/query.ts'
import {
  type PodUsageRow,
  type ReleasePodRow,
  type RestartRow,
  releasePodsQuery,
  restartsQuery,
  usageOfPodsQuery,
  warmUpMs,
} from '../query/release-pods.ts'
import type { Ask } from './ask.ts'
import { perMinute } from './red.ts'
import type { Chart } from './schema/common.ts'
import type { ComparedOperation, ComparedSide, ReleaseComparison } from './schema/releases.ts'
import { minutesIn, stepMsOf, timesOf } from './time.ts'

/** Two versions of a tier, or (null) whatever versions there were. */
export interface Compared extends Windows {
  readonly application: string
  readonly service: string
  readonly versionA: string | null
  readonly versionB: string | null
  readonly names: { readonly a: string; readonly b: string }
}

/** Usage is the mean of so many pods of a side, the oldest. */
const usagePodsMax = 50
/** Exceptions of the days before are known by their first sight; calls of so many days say how seldom a new one must be. */
const beforeMs = 7 * 86_400_000
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

export async function comparisonOf(ask: Ask, compared: Compared): Promise<ReleaseComparison> {
  const { application, service, a, b, names, sideBySide } = compared
  const range = { fromMs: Math.min(a.fromMs, b.fromMs), toMs: Math.max(a.toMs, b.toMs) }
  const stepMs = Math.max(60_000, stepMsOf(range))
  const podRows = await ask<ReleasePodRow>(releasePodsQuery({ ...range, application, service }))
  const pods = podsWithVersions(podRows)
  const podsOf = (version: string | null, window: Window) =>
    pods.filter(
      (pod) =>
        (version === null || pod.version === version) &&
        pod.createdMs < window.toMs &&
        pod.endedMs >= window.fromMs,
    )
  const sideOf = (window: Window, version: string | null) =>
    readSide(ask, {
      scope: { ...window, application, service, version: only(version) },
      pods: podsOf(version, window),
      stepMs,
    })
  const [sideA, sideB, known, before] = await Promise.all([
    sideOf(a, compared.versionA),
    sideOf(b, compared.versionB),
    ask<KnownExceptionRow>(
      knownExceptionsQuery({
        application,
        service,
        fromMs: range.fromMs,
        version: allBut(compared.versionB),
      }),
    ),
    ask<{ calls: number }>(
      callsBeforeQuery({
        application,
        service,
        version: allBut(compared.versionB),
        fromMs: range.fromMs - beforeMs,
        toMs: range.fromMs,
      }),
    ),
  ])
  const exceptions = pairExceptions(
    sideA.exceptions,
    sideB.exceptions,
    new Set(known.map((row) => row.group)),
  )
  const comparison: Comparison = {
    names,
    a: sideA.facts,
    b: sideB.facts,
    operations: pairOperations(sideA.operations, sideB.operations),
    exceptions,
    callsBefore: before[0]?.calls ?? 0,
    intended: sideBySide ? intendedShare(sideA.pods, sideB.pods, b) : null,
    sideBySide,
  }
  const result = compareReleases(comparison)
  return {
    application,
    service,
    a: toSide(sideA, a, { name: names.a, version: compared.versionA }),
    b: toSide(sideB, b, { name: names.b, version: compared.versionB }),
    sideBySide,
    verdict: {
      ...result.verdict,
      reasons: [...result.verdict.reasons],
      notes: [...result.verdict.notes],
    },
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
    exceptions: exceptions.map(({ known: _, ...one }) => one),
    share: result.share && withoutTest(result.share),
    charts: toCharts(sideA, sideB, range, names),
  }
}

const only = (version: string | null): ListFilter =>
  version === null ? everything : { in: [version], out: [] }
const allBut = (version: string | null): ListFilter =>
  version === null ? everything : { in: [], out: [version] }

interface Side {
  readonly operations: ReadonlyMap<string, OperationPair['a'] & { operation: string; kind: string }>
  readonly exceptions: readonly SideExceptionRow[]
  readonly steps: readonly SideStepRow[]
  readonly usage: readonly PodUsageRow[]
  readonly pods: readonly ReleasePod[]
  readonly restarts: readonly RestartRow[]
  readonly facts: SideFacts
}

async function readSide(
  ask: Ask,
  { scope, pods, stepMs }: { scope: SideScope; pods: readonly ReleasePod[]; stepMs: number },
): Promise<Side> {
  const range = { fromMs: scope.fromMs, toMs: scope.toMs }
  const places = {
    clusterIds: [...new Set(pods.map((pod) => pod.clusterId))],
    namespaces: [...new Set(pods.map((pod) => pod.namespace))],
  }
  const measured = pods.toSorted((x, y) => x.createdMs - y.createdMs).slice(0, usagePodsMax)
  const [rows, weights, steps, exceptions, restarts, usage] = await Promise.all([
    ask<SideOperationRow>(sideOperationsQuery(scope)),
    ask<SideWeightRow>(sideWeightsQuery(scope)),
    ask<SideStepRow>(sideStepsQuery({ ...scope, stepMs })),
    ask<SideExceptionRow>(sideExceptionsQuery(scope)),
    pods.length === 0 ? [] : ask<RestartRow>(restartsQuery({ ...range, ...places })),
    measured.length === 0
      ? []
      : ask<PodUsageRow>(
          usageOfPodsQuery({
            ...range,
            ...places,
            stepMs,
            pods: measured.map((pod) => pod.pod),
            sinceMs: measured.map((pod) => pod.createdMs + warmUpMs),
          }),
        ),
  ])
  const uids = new Set(pods.map((pod) => pod.uid))
  const own = restarts.filter((row) => uids.has(row.uid))
  return {
    operations: toOperations(rows, weights),
    exceptions,
    steps,
    usage,
    pods,
    restarts: own,
    facts: {
      minutes: (range.toMs - range.fromMs) / 60_000,
      podHours: podHours(pods, range),
      restarts: own.length,
      ...usageSeries({ usage, steps, pods, stepMs, range }),
    },
  }
}

/** Of steps that lie wholly within the side: the others were measured and called in part. */
function usageSeries({
  usage,
  steps,
  pods,
  stepMs,
  range,
}: {
  readonly usage: readonly PodUsageRow[]
  readonly steps: readonly SideStepRow[]
  readonly pods: readonly ReleasePod[]
  readonly stepMs: number
  readonly range: Window
}): Pick<SideFacts, 'cpuMillicores' | 'memoryBytes' | 'cpuMsPerCall'> {
  const whole = usage.filter((row) => row.timeMs >= range.fromMs && row.timeMs + stepMs <= range.toMs)
  const callsAt = new Map(steps.map((row) => [row.timeMs, row.calls]))
  return {
    cpuMillicores: whole.flatMap((row) => row.cpuMillicores ?? []),
    memoryBytes: whole.flatMap((row) => row.memoryBytes ?? []),
    cpuMsPerCall: whole.flatMap((row) => {
      const calls = callsAt.get(row.timeMs) ?? 0
      if (row.cpuMillicores === null || calls === 0) return []
      const podMs = podHours(pods, { fromMs: row.timeMs, toMs: row.timeMs + stepMs }) * 3_600_000
      return [(row.cpuMillicores / 1000) * (podMs / calls)]
    }),
  }
}

const keyOf = ({ operation, kind }: { readonly operation: string; readonly kind: string }) =>
  JSON.stringify([operation, kind])

function toOperations(
  rows: readonly SideOperationRow[],
  weights: readonly SideWeightRow[],
): Side['operations'] {
  const worth = (of: readonly SideWeightRow[]) => {
    const sum = of.reduce((total, row) => total + row.weights, 0)
    return sum > 0
      ? effectiveSize(
          sum,
          of.reduce((total, row) => total + row.squares, 0),
        ) / sum
      : 1
  }
  const ofAll = worth(weights)
  const byKey = new Map(weights.map((row) => [keyOf(row), worth([row])]))
  return new Map(
    rows.map((row) => [
      keyOf(row),
      {
        operation: row.operation,
        kind: row.kind,
        calls: row.calls,
        errors: row.errors,
        durations: row.mergedBuckets.map((bucket, index) => [bucket, row.mergedCounts[index] ?? 0] as const),
        worth: byKey.get(keyOf(row)) ?? ofAll,
      },
    ]),
  )
}

function pairOperations(a: Side['operations'], b: Side['operations']): OperationPair[] {
  const none = (worth: number): OperationCalls => ({ calls: 0, errors: 0, durations: [], worth })
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((key) => {
    const [ofA, ofB] = [a.get(key), b.get(key)]
    const named = ofB ?? ofA
    return named
      ? [
          {
            operation: named.operation,
            kind: named.kind,
            a: ofA ?? none(named.worth),
            b: ofB ?? none(named.worth),
          },
        ]
      : []
  })
}

type PairedException = ExceptionCounts & ReleaseComparison['exceptions'][number]

/** New ones first, then the most frequent. */
function pairExceptions(
  a: readonly SideExceptionRow[],
  b: readonly SideExceptionRow[],
  known: ReadonlySet<string>,
): PairedException[] {
  const [inA, inB] = [a, b].map((rows) => new Map(rows.map((row) => [row.group, row])))
  return [...new Set([...b, ...a].map((row) => row.group))]
    .flatMap((group) => {
      const [ofA, ofB] = [inA?.get(group), inB?.get(group)]
      const shown = ofB ?? ofA
      if (!shown) return []
      const counts = { a: ofA?.count ?? 0, b: ofB?.count ?? 0, known: known.has(group) }
      return [
        {
          group,
          type: shown.type,
          message: shown.message,
          ...counts,
          isNew: isNew({ group, type: shown.type, ...counts }),
          firstMs: Math.min(ofA?.firstMs ?? shown.firstMs, shown.firstMs),
          lastMs: Math.max(ofA?.lastMs ?? shown.lastMs, shown.lastMs),
          sampleTraceId: shown.sampleTraceId,
        },
      ]
    })
    .sort((x, y) => Number(y.isNew) - Number(x.isNew) || y.b - x.b || y.a - x.a)
}

function toSide(
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
}: NonNullable<ReturnType<typeof compareReleases>['share']>): NonNullable<ReleaseComparison['share']> => share

function toCharts(a: Side, b: Side, range: Window, names: Compared['names']): ReleaseComparison['charts'] {
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
