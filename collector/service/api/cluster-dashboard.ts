import { type RestartStepRow, restartStepsQuery } from '../query/changes.ts'
import {
  type ClusterRow,
  type PhaseRow,
  type PodFiguresRow,
  type PodStepRow,
  podFiguresQuery,
  podPhasesQuery,
  podStepsQuery,
} from '../query/clusters.ts'
import { type EventIssueRow, eventIssuesQuery } from '../query/events.ts'
import { type ObjectCountRow, objectCountsQuery } from '../query/inventory.ts'
import {
  type ReservedStepRow,
  reservedStepsQuery,
  type UsageStepRow,
  usageStepsQuery,
} from '../query/usage.ts'
import type { Ask } from './ask.ts'
import { type ClusterScope, markersOf, toSummary } from './clusters.ts'
import type { ClusterDashboard, Figure } from './schema/clusters.ts'
import type { Chart } from './schema/common.ts'
import { type ChartRow, chartOf, rangeBefore, stepMsOf } from './time.ts'

export async function clusterDashboard(
  ask: Ask,
  cluster: ClusterRow,
  scope: ClusterScope,
): Promise<ClusterDashboard> {
  const data = await readDashboard(ask, scope)
  const { issues, issuesBefore, restarts, restartsBefore, pods, objects } = data
  const totals = (rows: readonly EventIssueRow[]) => (key: keyof EventIssueRow) =>
    sum(rows, (row) => row[key])
  const now = totals(issues)
  const before = totals(issuesBefore)
  const charts = chartsOf(data, scope)
  const sumRestarts = (rows: readonly RestartStepRow[]) => sum(rows, (row) => row.restarts)
  const ofKind = (kind: string) => objects.find((row) => row.kind === kind)
  const namespaces = scope.namespace.in.length || ofKind('Namespace')?.count || 0
  const podsNow = pods?.pods ?? 0
  const deployments = ofKind('Deployment')
  return {
    cluster: toSummary(
      cluster,
      { namespaces, pods: podsNow, podsNotReady: pods?.podsNotReady ?? 0 },
      { restarts: sumRestarts(restarts), errorEvents: now('errors'), warningEvents: now('warnings') },
    ),
    problems: {
      errorEvents: figure(now('errors'), 'events?severity=error', {
        before: before('errors'),
        spark: pointsOf(charts.podIssues, 'error events'),
      }),
      evictions: figure(now('evictions'), 'events?category=eviction', {
        before: before('evictions'),
        spark: countChart(issues, scope, { evictions: (row) => row.evictions }).series[0]?.points ?? [],
      }),
      pendingPods: figure(pods?.pendingPods ?? 0, 'pods?health=pending'),
      pendingTimeMs: figure(pods?.pendingTimeMs ?? null, 'pods?health=pending', { unit: 'ms' }),
      restarts: figure(sumRestarts(restarts), 'pods?restarted=true', {
        before: sumRestarts(restartsBefore),
        spark: pointsOf(charts.podIssues, 'restarts'),
      }),
      crashLooping: figure(pods?.crashLooping ?? 0, 'pods?finding=crash-looping'),
    },
    charts,
    markers: await markersOf(ask, scope),
    phases: data.phases,
    totals: {
      namespaces: figure(namespaces, 'namespaces'),
      pods: figure(podsNow, 'pods', {
        before: pods?.podsBefore ?? 0,
        spark: countChart(data.podSteps, scope, { pods: (row) => row.pods }).series[0]?.points ?? [],
      }),
      containers: figure(pods?.containers ?? 0, 'pods'),
      deployments: figure(deployments?.count ?? 0, 'workloads'),
      deploymentsReady: figure((deployments?.count ?? 0) - (deployments?.notReady ?? 0), 'workloads'),
      replicaSets: figure(ofKind('ReplicaSet')?.count ?? 0, 'workloads'),
      privileged: figure(pods?.privileged ?? 0, 'pods?finding=privileged'),
      noLimits: figure(pods?.noLimits ?? 0, 'pods?finding=no-limits'),
      noReadinessProbe: figure(pods?.noReadinessProbe ?? 0, 'pods?finding=no-readiness-probe'),
      noLivenessProbe: figure(pods?.noLivenessProbe ?? 0, 'pods?finding=no-liveness-probe'),
    },
  }
}

interface DashboardRows {
  readonly issues: readonly EventIssueRow[]
  readonly issuesBefore: readonly EventIssueRow[]
  readonly restarts: readonly RestartStepRow[]
  readonly restartsBefore: readonly RestartStepRow[]
  readonly usage: readonly UsageStepRow[]
  readonly reserved: readonly ReservedStepRow[]
  readonly pods: PodFiguresRow | undefined
  readonly podSteps: readonly PodStepRow[]
  readonly phases: PhaseRow[]
  readonly objects: readonly ObjectCountRow[]
}

async function readDashboard(ask: Ask, scope: ClusterScope): Promise<DashboardRows> {
  const stepMs = stepMsOf(scope)
  const steps = { ...scope, stepMs }
  const stepsBefore = { ...steps, ...rangeBefore(scope) }
  const [issues, issuesBefore, restarts, restartsBefore, usage, reserved, pods, podSteps, phases, objects] =
    await Promise.all([
      ask<EventIssueRow>(eventIssuesQuery(steps)),
      ask<EventIssueRow>(eventIssuesQuery(stepsBefore)),
      ask<RestartStepRow>(restartStepsQuery(steps)),
      ask<RestartStepRow>(restartStepsQuery(stepsBefore)),
      ask<UsageStepRow>(usageStepsQuery({ ...steps, pod: '' })),
      ask<ReservedStepRow>(reservedStepsQuery(steps)),
      ask<PodFiguresRow>(podFiguresQuery(scope)),
      ask<PodStepRow>(podStepsQuery(steps)),
      ask<PhaseRow>(podPhasesQuery(scope)),
      ask<ObjectCountRow>(objectCountsQuery(scope)),
    ])
  return {
    issues,
    issuesBefore,
    restarts,
    restartsBefore,
    usage,
    reserved,
    pods: pods[0],
    podSteps,
    phases,
    objects,
  }
}

function chartsOf(
  { issues, restarts, usage, reserved }: DashboardRows,
  scope: ClusterScope,
): ClusterDashboard['charts'] {
  const merge = (...charts: Chart[]): Chart => ({
    stepMs: stepMsOf(scope),
    timesMs: charts[0]?.timesMs ?? [],
    series: charts.flatMap((chart) => chart.series),
  })
  const level = <Row extends ChartRow>(
    rows: readonly Row[],
    series: Record<string, (row: Row) => number | null>,
    unit: string,
  ) => chartOf(rows, scope, seriesOf(series, unit, null))
  return {
    podIssues: merge(
      countChart(issues, scope, { 'error events': (row) => row.errors }),
      countChart(restarts, scope, { restarts: (row) => row.restarts }),
    ),
    imageIssues: countChart(issues, scope, {
      'image errors': (row) => row.imageErrors,
      pulls: (row) => row.imagePulls,
    }),
    storageIssues: countChart(issues, scope, {
      'storage errors': (row) => row.storageErrors,
      'quota violations': (row) => row.quotaErrors,
    }),
    cpu: merge(
      level(usage, { used: (row) => row.cpuMillicores }, 'mCPU'),
      level(
        reserved,
        { requested: (row) => row.cpuRequestMillicores, limit: (row) => row.cpuLimitMillicores },
        'mCPU',
      ),
    ),
    memory: merge(
      level(usage, { used: (row) => row.memoryBytes }, 'By'),
      level(
        reserved,
        { requested: (row) => row.memoryRequestBytes, limit: (row) => row.memoryLimitBytes },
        'By',
      ),
    ),
  }
}

function countChart<Row extends ChartRow>(
  rows: readonly Row[],
  scope: ClusterScope,
  series: Record<string, (row: Row) => number>,
): Chart {
  return chartOf(rows, scope, seriesOf(series, '1', 0))
}

function seriesOf<Row>(
  series: Record<string, (row: Row) => number | null>,
  unit: string,
  missing: 0 | null,
): { name: string; unit: string; missing: 0 | null; value: (row: Row) => number | null }[] {
  return Object.entries(series).map(([name, value]) => ({ name, unit, missing, value }))
}

const pointsOf = (chart: Chart, name: string) =>
  chart.series.find((series) => series.name === name)?.points ?? []

function figure(
  value: number | null,
  rows: string,
  { unit = '1', before = null, spark = [] }: Partial<Pick<Figure, 'unit' | 'before' | 'spark'>> = {},
): Figure {
  return { value, unit, before, spark, rows }
}

const sum = <T>(rows: readonly T[], value: (row: T) => number) =>
  rows.reduce((total, row) => total + value(row), 0)
