import { DashboardBuilder, DashboardCursorSync } from '@grafana/grafana-foundation-sdk/dashboard'
import { applicationVariable, sourceVariable } from './variables.ts'

export interface ApplicationDashboardOf {
  /** After `Binnacle: `. */
  readonly title: string
  readonly uid: string
  readonly description: string
  /** Default: the last three hours, read again each minute. */
  readonly from?: string
  readonly refresh?: string
}

/** A dashboard of one application, which is chosen in it, without panels yet. */
export function applicationDashboard({
  title,
  uid,
  description,
  from = 'now-3h',
  refresh = '1m',
}: ApplicationDashboardOf): DashboardBuilder {
  return new DashboardBuilder(`Binnacle: ${title}`)
    .uid(uid)
    .description(description)
    .tags(['binnacle', 'apm'])
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from, to: 'now' })
    .refresh(refresh)
    .withVariable(sourceVariable())
    .withVariable(applicationVariable())
}
