import { eventFacetsQuery, eventGroupsQuery, eventTimelineQuery } from '@binnacle/collector/query/events'
import { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { listVariable, tableSql, timeBindings, timeSeriesSql } from './panel-sql.ts'
import { chartPanel, tablePanel } from './panels.ts'
import {
  bound,
  clusterBinding,
  clusterVariable,
  eventFacetVariable,
  everyEvent,
  namespaceVariable,
  sourceVariable,
} from './variables.ts'

const bindings = {
  ...timeBindings,
  ...clusterBinding,
  ...listVariable('namespace', 'namespace'),
  ...listVariable('severity', 'severity'),
  ...listVariable('category', 'category'),
}
const filter = { ...bound, ...everyEvent }

export function eventsDashboard(): DashboardBuilder {
  return new DashboardBuilder('Binnacle: events')
    .uid('binnacle-events')
    .description(
      'Kubernetes events of a cluster: repeats are grouped and counted as the API server counts them.',
    )
    .tags(['binnacle', 'kubernetes'])
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .withVariable(sourceVariable())
    .withVariable(clusterVariable())
    .withVariable(namespaceVariable())
    .withVariable(eventFacetVariable('severity', 'Severity'))
    .withVariable(eventFacetVariable('category', 'Category'))
    .withPanel(
      chartPanel({
        title: 'Occurrences by severity',
        unit: 'short',
        draw: 'bars',
        width: 16,
        sql: timeSeriesSql(eventTimelineQuery(filter, 0), bindings, {
          severity: 'severity',
          occurrences: 'times',
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'By reason',
        width: 8,
        height: 8,
        sql: tableSql(eventFacetsQuery(filter), bindings, {
          where: "facet = 'reason'",
          columns: { Reason: 'value', Occurrences: 'count' },
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Events, the newest first',
        width: 24,
        height: 14,
        sql: tableSql(eventGroupsQuery(filter, 500), bindings, {
          columns: {
            Last: 'fromUnixTimestamp64Milli(toInt64(lastMs))',
            Severity: 'severity',
            Category: 'category',
            Reason: 'reason',
            Namespace: 'namespace',
            Object: "concat(objectKind, '/', objectName)",
            Count: 'count',
            Message: 'message',
          },
        }),
      }),
    )
}
