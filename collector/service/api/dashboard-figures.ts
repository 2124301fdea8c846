import type { EventIssueRow } from '../query/events.ts'
import { countChart } from './charts.ts'
import type { ClusterScope } from './clusters.ts'
import type { DashboardRows } from './dashboard-rows.ts'
import { findingKind, rowsOfFindings, templateFindings } from './finding-kinds.ts'
import { rowsOfKind } from './inventory.ts'
import type { Figure } from './schema/clusters.ts'

type Rest = Partial<Pick<Figure, 'unit' | 'outOf' | 'before' | 'spark' | 'tone'>>

function figure(id: string, label: string, value: number | null, rows: string, rest: Rest = {}): Figure {
  return { id, label, value, unit: '1', outOf: null, before: null, spark: [], tone: 'plain', rows, ...rest }
}

/** Errors and evictions first, then pods, nodes, and the rest; zero is good. */
export function problemFigures(data: DashboardRows, scope: ClusterScope): Figure[] {
  const { issues, issuesBefore, restarts, restartsBefore, pods } = data
  const ofEvents = (
    id: string,
    label: string,
    key: keyof EventIssueRow,
    rows: string,
    tone: Figure['tone'],
  ) =>
    figure(id, label, sum(issues, key), rows, {
      before: sum(issuesBefore, key),
      spark: pointsOf(countChart(issues, scope, { it: (row) => row[key] })),
      tone,
    })
  const ofPods = (
    id: string,
    label: string,
    key: 'failedPods' | 'crashLooping' | 'imageProblems' | 'missingDependencies',
    rows: string,
  ) => figure(id, label, pods?.[key] ?? 0, rows, { outOf: pods?.pods ?? 0, tone: 'bad' })
  const found = (finding: string, label: string, kind: string, tone: Figure['tone']) =>
    figure(finding, label, countFinding(data, kind, finding), rowsOfFindings([kind], [finding]), {
      outOf: countOf(data, kind),
      ...data.findingTrends.get(finding),
      tone,
    })
  // Nodes are in no namespace: they are all counted, whichever are chosen.
  const ofNodes = (finding: string, label: string) => {
    const troubled = data.nodes.filter((node) => node.findings.some(([id]) => id === finding))
    return figure(finding, label, troubled.length, rowsOfFindings(['Node'], [finding]), {
      outOf: data.nodes.length,
      ...data.findingTrends.get(finding),
      tone: 'bad',
    })
  }
  return [
    ofEvents('error-events', 'Error events', 'errors', 'events?severity=error', 'bad'),
    ofEvents('evictions', 'Evictions', 'evictions', 'events?category=eviction', 'bad'),
    figure('restarts', 'Restarts', sum(restarts, 'restarts'), 'pods?restarted=true', {
      before: sum(restartsBefore, 'restarts'),
      spark: pointsOf(countChart(restarts, scope, { it: (row) => row.restarts })),
      tone: 'bad',
    }),
    ofPods('failed-pods', 'Failing pods', 'failedPods', 'pods?health=failed'),
    ofPods('crash-looping', 'Crash looping pods', 'crashLooping', 'pods?finding=crash-looping'),
    ofPods('image-problems', 'Pods without their image', 'imageProblems', 'pods?finding=image-pull'),
    ofPods(
      'missing-dependencies',
      'Missing Secret, ConfigMap, claim',
      'missingDependencies',
      rowsOfFindings(['Pod'], ['missing-secret', 'missing-config-map', 'missing-claim']),
    ),
    figure('pending-pods', 'Pending pods', pods?.pendingPods ?? 0, 'pods?health=pending', {
      outOf: pods?.pods ?? 0,
      tone: 'warn',
    }),
    figure('pending-time', 'Pending for, mean', pods?.pendingTimeMs ?? null, 'pods?health=pending', {
      unit: 'ms',
      tone: 'warn',
    }),
    ofNodes('node-not-ready', 'Nodes not ready'),
    ofNodes('node-pressure', 'Nodes under pressure'),
    found('service-without-endpoints', 'Services without endpoints', 'Service', 'bad'),
    found('job-failed', 'Failed jobs', 'Job', 'bad'),
    found('claim-not-bound', 'Claims not bound', 'PersistentVolumeClaim', 'warn'),
    found('quota-exhausted', 'Quotas exhausted', 'ResourceQuota', 'bad'),
    found('quota-nearly-used', 'Quotas at 80 %', 'ResourceQuota', 'warn'),
    found('autoscaler-at-maximum', 'Autoscalers at maximum', 'HorizontalPodAutoscaler', 'warn'),
    found('autoscaler-cannot-scale', 'Autoscalers that cannot scale', 'HorizontalPodAutoscaler', 'bad'),
    ofEvents(
      'storage-errors',
      'Storage problems',
      'storageErrors',
      'events?category=storage&severity=error,warning',
      'bad',
    ),
    ofEvents('quota-violations', 'Quota violations', 'quotaErrors', 'events?category=quota', 'bad'),
  ]
}

/** Findings about how pods are set up, each out of all pods. */
export function carelessFigures(data: DashboardRows): Figure[] {
  return [...templateFindings].map((id) => {
    const row = data.findings.find((one) => one.id === id)
    const { title, severity } = findingKind(id)
    return figure(id, title, row?.count ?? 0, rowsOfFindings(['Pod'], [id]), {
      outOf: countOf(data, 'Pod'),
      ...data.findingTrends.get(id),
      tone: severity === 'error' ? 'bad' : severity === 'warning' ? 'warn' : 'plain',
    })
  })
}

export function totalFigures(data: DashboardRows, namespaces: number, scope: ClusterScope): Figure[] {
  const { pods, nodes, podSteps, issues, issuesBefore } = data
  const count = (kind: string, label: string) =>
    figure(kind, label, countOf(data, kind), rowsOfKind(kind), {
      before: data.objects.find((row) => row.kind === kind)?.before ?? 0,
    })
  /** Ready ones out of all; the rows are the workloads of the kind. */
  const ready = (kind: string, label: string) => {
    const row = data.objects.find((one) => one.kind === kind)
    return figure(kind, label, (row?.count ?? 0) - (row?.notReady ?? 0), `workloads?kind=${kind}`, {
      outOf: row?.count ?? 0,
    })
  }
  const amount = (kind: string, name: string) =>
    data.objects.find((row) => row.kind === kind)?.amounts[name] ?? 0
  const masters = nodes.filter((node) => /control-plane|master/.test(node.facts['roles'] ?? '')).length
  const endpoints = amount('Service', 'readyEndpoints') + amount('Service', 'notReadyEndpoints')
  return [
    figure('Namespace', 'Namespaces', namespaces, 'namespaces'),
    figure(
      'no-quota',
      'Namespaces without quota',
      countFinding(data, 'Namespace', 'namespace-without-quota'),
      rowsOfFindings(['Namespace'], ['namespace-without-quota']),
      { outOf: namespaces },
    ),
    figure('control-plane', 'Control plane nodes', masters, 'nodes?role=control-plane', {
      outOf: nodes.length,
    }),
    figure('workers', 'Worker nodes', nodes.length - masters, 'nodes?role=worker', { outOf: nodes.length }),
    figure('Pod', 'Pods', pods?.pods ?? 0, 'pods', {
      before: pods?.podsBefore ?? 0,
      spark: pointsOf(countChart(podSteps, scope, { it: (row) => row.pods })),
    }),
    figure('containers', 'Containers', pods?.containers ?? 0, 'pods'),
    figure('up-time', 'Up time of pods, mean', pods?.upTimeMs ?? null, 'pods?status=Running', { unit: 'ms' }),
    figure('ready-time', 'Created to ready, mean', pods?.readyTimeMs ?? null, 'pods', { unit: 'ms' }),
    ready('Deployment', 'Deployments ready'),
    ready('StatefulSet', 'Stateful sets ready'),
    ready('DaemonSet', 'Daemon sets ready'),
    count('ReplicaSet', 'Replica sets'),
    figure(
      'scale-downs',
      'Scale-downs',
      sum(issues, 'scaleDowns'),
      'events?reason=ScalingReplicaSet&q=Scaled+down',
      {
        before: sum(issuesBefore, 'scaleDowns'),
      },
    ),
    count('CronJob', 'Cron jobs'),
    count('Job', 'Jobs'),
    figure('active-jobs', 'Job pods active', amount('Job', 'active'), rowsOfKind('Job')),
    count('Service', 'Services'),
    figure('endpoints', 'Endpoints ready', amount('Service', 'readyEndpoints'), rowsOfKind('Service'), {
      outOf: endpoints,
    }),
    figure(
      'orphans',
      'Orphan endpoints',
      countFinding(data, 'EndpointSlice', 'orphan-endpoints'),
      rowsOfFindings(['EndpointSlice'], ['orphan-endpoints']),
      { outOf: countOf(data, 'EndpointSlice') },
    ),
    count('PersistentVolumeClaim', 'Claims'),
    figure(
      'claimed',
      'Storage claimed',
      amount('PersistentVolumeClaim', 'requestBytes'),
      rowsOfKind('PersistentVolumeClaim'),
      {
        unit: 'By',
      },
    ),
    figure(
      'provided',
      'Storage provided',
      amount('PersistentVolumeClaim', 'capacityBytes'),
      rowsOfKind('PersistentVolumeClaim'),
      {
        unit: 'By',
      },
    ),
    count('HorizontalPodAutoscaler', 'Autoscalers'),
    count('LimitRange', 'Limit ranges'),
  ]
}

function countOf({ objects }: DashboardRows, kind: string): number {
  return objects.find((row) => row.kind === kind)?.count ?? 0
}

function countFinding({ objects }: DashboardRows, kind: string, finding: string): number {
  return objects.find((row) => row.kind === kind)?.findings[finding] ?? 0
}

function sum<Row>(rows: readonly Row[], key: keyof Row): number {
  return rows.reduce((total, row) => total + Number(row[key]), 0)
}

function pointsOf(chart: { readonly series: readonly { readonly points: (number | null)[] }[] }) {
  return chart.series[0]?.points ?? []
}
