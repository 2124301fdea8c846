import type { ClusterRow } from '../query/clusters.ts'
import type { EventIssueRow } from '../query/events.ts'
import type { QuotaRow } from '../query/inventory.ts'
import type { Ask } from './ask.ts'
import { podsChart, toCapacity, usageCharts } from './capacity.ts'
import { countChart, mergeCharts } from './charts.ts'
import { type ClusterScope, markersOf, toSummary } from './clusters.ts'
import { carelessFigures, problemFigures, totalFigures } from './dashboard-figures.ts'
import { type DashboardRows, readDashboard } from './dashboard-rows.ts'
import { shareOf, toQuotaUse } from './quota.ts'
import type { ClusterDashboard } from './schema/clusters.ts'

export async function clusterDashboard(
  ask: Ask,
  cluster: ClusterRow,
  scope: ClusterScope,
): Promise<ClusterDashboard> {
  const rows = await readDashboard(ask, scope)
  const { cpu, memory } = usageCharts(rows, scope)
  const total = (key: keyof EventIssueRow) => rows.issues.reduce((sum, row) => sum + row[key], 0)
  const namespaces =
    scope.namespace.in.length || rows.objects.find((row) => row.kind === 'Namespace')?.count || 0
  return {
    cluster: toSummary(
      cluster,
      { namespaces, pods: rows.pods?.pods ?? 0, podsNotReady: rows.pods?.podsNotReady ?? 0 },
      {
        restarts: rows.restarts.reduce((sum, row) => sum + row.restarts, 0),
        errorEvents: total('errors'),
        warningEvents: total('warnings'),
      },
    ),
    problems: problemFigures(rows, scope),
    charts: issueCharts(rows, scope),
    capacity: {
      cpu: toCapacity(cpu),
      memory: toCapacity(memory),
      pods: toCapacity(podsChart(rows, scope)),
    },
    markers: await markersOf(ask, scope),
    phases: rows.phases,
    careless: carelessFigures(rows),
    quotas: sumQuotas(rows.quotas),
    totals: totalFigures(rows, namespaces, scope),
  }
}

function issueCharts({ issues, restarts }: DashboardRows, scope: ClusterScope): ClusterDashboard['charts'] {
  return {
    podIssues: mergeCharts(
      scope,
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
  }
}

/** Rows come with the fullest first, so that the first of a resource is its fullest. */
function sumQuotas(rows: readonly QuotaRow[]): ClusterDashboard['quotas'] {
  const sums = new Map<string, ClusterDashboard['quotas'][number]>()
  for (const { namespace, name, ...row } of rows) {
    const use = toQuotaUse(row.resource, row.used, row.hard)
    const sum = sums.get(row.resource)
    sums.set(row.resource, {
      ...use,
      used: use.used + (sum?.used ?? 0),
      hard: use.hard + (sum?.hard ?? 0),
      fullest: sum?.fullest ?? { namespace, name, ratio: shareOf(use) },
    })
  }
  return [...sums.values()]
}
