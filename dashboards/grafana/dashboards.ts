import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { callsDashboard } from './calls-dashboard.ts'
import { clusterDashboard } from './cluster-dashboard.ts'
import { errorsDashboard } from './errors-dashboard.ts'
import { eventsDashboard } from './events-dashboard.ts'
import { releasesDashboard } from './releases-dashboard.ts'
import { serviceDashboard } from './service-dashboard.ts'
import { slosDashboard } from './slos-dashboard.ts'
import { transactionsDashboard } from './transactions-dashboard.ts'

const builders: Readonly<Record<string, () => DashboardBuilder>> = {
  'binnacle-cluster.json': clusterDashboard,
  'binnacle-events.json': eventsDashboard,
  'binnacle-service.json': serviceDashboard,
  'binnacle-transactions.json': transactionsDashboard,
  'binnacle-errors.json': errorsDashboard,
  'binnacle-calls.json': callsDashboard,
  'binnacle-releases.json': releasesDashboard,
  'binnacle-slos.json': slosDashboard,
}

/** The text of each dashboard file by its name; the same code gives the same bytes. */
export function renderDashboards(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(builders).map(([file, build]) => [file, `${JSON.stringify(build().build(), null, 2)}\n`]),
  )
}
