import type { OperationPair, SideFacts } from '../compare/comparison.ts'
import { podHours, type ReleasePod } from '../compare/pods.ts'
import { effectiveSize } from '../compare/sample-size.ts'
import type { Window } from '../compare/windows.ts'
import {
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
import {
  type PodUsageRow,
  type RestartRow,
  restartsQuery,
  usageOfPodsQuery,
  warmUpMs,
} from '../query/release-pods.ts'
import type { Ask } from './ask.ts'

/** Usage is the mean of so many pods of a side, the oldest. */
const usagePodsMax = 50

/** What is known of one side of a comparison. */
export interface Side {
  readonly operations: ReadonlyMap<string, OperationPair['a'] & { operation: string; kind: string }>
  readonly exceptions: readonly SideExceptionRow[]
  readonly steps: readonly SideStepRow[]
  readonly usage: readonly PodUsageRow[]
  readonly pods: readonly ReleasePod[]
  readonly restarts: readonly RestartRow[]
  readonly facts: SideFacts
}

export async function readSide(
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

/** What names an operation on both sides. */
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
