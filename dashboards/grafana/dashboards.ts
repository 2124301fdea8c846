import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { clusterDashboard } from './cluster-dashboard.ts'
import { eventsDashboard } from './events-dashboard.ts'
import { serviceDashboard } from './service-dashboard.ts'

const builders: Readonly<Record<string, () => DashboardBuilder>> = {
  'binnacle-cluster.json': clusterDashboard,
  'binnacle-events.json': eventsDashboard,
  'binnacle-service.json': serviceDashboard,
}

/** The text of each dashboard file by its name; the same code gives the same bytes. */
export function renderDashboards(): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(builders).map(([file, build]) => [file, `${JSON.stringify(build().build(), null, 2)}\n`]),
  )
}
