import { type RestartStepRow, restartStepsQuery } from '../query/changes.ts'
import {
  type PhaseRow,
  type PodFiguresRow,
  type PodStepRow,
  podFiguresQuery,
  podPhasesQuery,
  podStepsQuery,
} from '../query/clusters.ts'
import { type EventIssueRow, eventIssuesQuery } from '../query/events.ts'
import { type FindingStepsRow, findingStepsQuery } from '../query/finding-counts.ts'
import {
  type FindingRow,
  findingsQuery,
  type ObjectCountRow,
  objectCountsQuery,
  type QuotaRow,
  quotasQuery,
} from '../query/inventory.ts'
import { type NodeListRow, nodesQuery } from '../query/nodes.ts'
import {
  type CapacityStepRow,
  capacityStepsQuery,
  nodeUsageStepsQuery,
  type ReservedStepRow,
  reservedStepsQuery,
  type UsageStepRow,
  usageStepsQuery,
} from '../query/usage.ts'
import type { Ask } from './ask.ts'
import type { ClusterScope } from './clusters.ts'
import { type FindingTrend, findingTrends } from './finding-trends.ts'
import { rangeBefore, stepMsOf } from './time.ts'

/** What the cluster dashboard is made of. */
export interface DashboardRows {
  readonly issues: readonly EventIssueRow[]
  readonly issuesBefore: readonly EventIssueRow[]
  readonly restarts: readonly RestartStepRow[]
  readonly restartsBefore: readonly RestartStepRow[]
  readonly usage: readonly UsageStepRow[]
  readonly reserved: readonly ReservedStepRow[]
  readonly nodeUsage: readonly UsageStepRow[]
  readonly capacity: readonly CapacityStepRow[]
  readonly pods: PodFiguresRow | undefined
  readonly podSteps: readonly PodStepRow[]
  readonly phases: PhaseRow[]
  readonly objects: readonly ObjectCountRow[]
  readonly findings: readonly FindingRow[]
  readonly findingTrends: ReadonlyMap<string, FindingTrend>
  readonly quotas: readonly QuotaRow[]
  readonly nodes: readonly NodeListRow[]
}

export async function readDashboard(ask: Ask, scope: ClusterScope): Promise<DashboardRows> {
  const steps = { ...scope, stepMs: stepMsOf(scope) }
  const stepsBefore = { ...steps, ...rangeBefore(scope) }
  const { namespace: _, ...wholeCluster } = scope
  const [issues, issuesBefore, restarts, restartsBefore, usage, reserved, nodeUsage, capacity] =
    await Promise.all([
      ask<EventIssueRow>(eventIssuesQuery(steps)),
      ask<EventIssueRow>(eventIssuesQuery(stepsBefore)),
      ask<RestartStepRow>(restartStepsQuery(steps)),
      ask<RestartStepRow>(restartStepsQuery(stepsBefore)),
      ask<UsageStepRow>(usageStepsQuery({ ...steps, pod: '' })),
      ask<ReservedStepRow>(reservedStepsQuery(steps)),
      ask<UsageStepRow>(nodeUsageStepsQuery({ ...wholeCluster, stepMs: steps.stepMs })),
      ask<CapacityStepRow>(capacityStepsQuery({ ...wholeCluster, stepMs: steps.stepMs })),
    ])
  const [pods, podSteps, phases, objects, findings, findingSteps, quotas, nodes] = await Promise.all([
    ask<PodFiguresRow>(podFiguresQuery(scope)),
    ask<PodStepRow>(podStepsQuery(steps)),
    ask<PhaseRow>(podPhasesQuery(scope)),
    ask<ObjectCountRow>(objectCountsQuery(scope)),
    ask<FindingRow>(findingsQuery(scope)),
    ask<FindingStepsRow>(findingStepsQuery(steps)),
    ask<QuotaRow>(quotasQuery(scope)),
    ask<NodeListRow>(nodesQuery(wholeCluster)),
  ])
  return {
    ...{ issues, issuesBefore, restarts, restartsBefore, usage, reserved, nodeUsage, capacity },
    ...{ pods: pods[0], podSteps, phases, objects, findings, quotas, nodes },
    findingTrends: findingTrends(findingSteps, findings, scope.fromMs),
  }
}
