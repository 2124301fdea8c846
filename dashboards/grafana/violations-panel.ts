import { violationsQuery } from '@binnacle/collector/query/violations'
import type { PanelBuilder } from '@grafana/grafana-foundation-sdk/table'
import { tableSql, timeBindings } from './panel-sql.ts'
import { tablePanel } from './panels.ts'
import { applicationBinding, bound } from './variables.ts'

/** The violations of an application, or of all, that were open at some time of the range. */
export function violationsPanel({ ofApplication }: { readonly ofApplication: boolean }): PanelBuilder {
  const query = violationsQuery(bound, ofApplication ? { application: 'bound' } : {})
  return tablePanel({
    title: 'Violations',
    description: 'Open ones first.',
    width: 24,
    sql: tableSql(
      query,
      { ...timeBindings, ...applicationBinding },
      {
        columns: {
          Severity: 'severity',
          Rule: 'rule',
          What: "concat(entityKind, ' ', entity)",
          Message: 'message',
          Since: 'fromUnixTimestamp64Milli(toInt64(openedMs))',
          Ended: 'if(closedMs = 0, NULL, fromUnixTimestamp64Milli(toInt64(closedMs)))',
        },
      },
    ),
  })
}
