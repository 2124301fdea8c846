import {
  firstSeenQuery,
  latestReleasesQuery,
  tierRolloutsQuery,
  versionStepsQuery,
} from '@binnacle/collector/query/releases'
import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { applicationDashboard } from './application-dashboard.ts'
import { tableSql, timeBindings, timeSeriesSql } from './panel-sql.ts'
import { chartPanel, tablePanel } from './panels.ts'
import { perMinute, shareOfCalls } from './rates.ts'
import { applicationBinding, boundByMinutes } from './variables.ts'

const bindings = { ...timeBindings, ...applicationBinding }
const version = "concat(service, ' ', if(version = '', 'without a version', version))"

export function releasesDashboard(): DashboardBuilder {
  return applicationDashboard({
    title: 'releases',
    uid: 'binnacle-releases',
    description: 'Versions of the tiers of an application: calls, errors, since when, and rollouts.',
    from: 'now-6h',
  })
    .withPanel(
      chartPanel({
        title: 'Calls by version',
        unit: 'cpm',
        draw: 'bars',
        width: 12,
        minStep: '1m',
        sql: timeSeriesSql(versionStepsQuery(boundByMinutes), bindings, {
          version,
          'calls/min': perMinute('calls'),
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Share of calls that failed by version',
        unit: 'percentunit',
        draw: 'lines',
        width: 12,
        minStep: '1m',
        sql: timeSeriesSql(versionStepsQuery(boundByMinutes), bindings, {
          version,
          errors: shareOfCalls('errors'),
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Versions, since when',
        width: 8,
        sql: tableSql(firstSeenQuery(boundByMinutes), bindings, {
          columns: {
            Tier: 'service',
            Version: 'version',
            'First called': 'fromUnixTimestamp64Milli(toInt64(firstMs))',
          },
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Rollouts, the newest first',
        width: 16,
        sql: tableSql(tierRolloutsQuery(boundByMinutes), bindings, {
          columns: {
            Time: 'fromUnixTimestamp64Milli(toInt64(timeMs))',
            Tier: 'service',
            Namespace: 'namespace',
            Workload: 'name',
            From: 'from',
            To: 'to',
            Version: 'version',
          },
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Latest releases of all applications',
        description: 'Of the last seven days.',
        width: 24,
        sql: tableSql(latestReleasesQuery({ nowMs: 0, limit: 50 }), bindings, {
          columns: {
            Application: 'application',
            Tier: 'service',
            Version: 'version',
            Before: 'previous',
            'First called': 'fromUnixTimestamp64Milli(toInt64(firstMs))',
          },
        }),
      }),
    )
}
