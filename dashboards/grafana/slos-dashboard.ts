import { sloDefinitionsQuery } from '@binnacle/collector/query/slo-definitions'
import { sloBurnQuery, sloWindowsQuery } from '@binnacle/collector/query/slo-sql'
import { defaultNaming } from '@binnacle/collector/query/transaction-naming'
import type { SloDefinition } from '@binnacle/collector/record/slo'
import { DashboardBuilder, DashboardCursorSync } from '@grafana/grafana-foundation-sdk/dashboard'
import { type Bindings, panelSql, rolledUpBindings, tableSql, timeSeriesSql } from './panel-sql.ts'
import { chartPanel, tablePanel } from './panels.ts'
import { sourceVariable } from './variables.ts'
import { violationsPanel } from './violations-panel.ts'

/** One of each kind, so that the text answers for all. */
const anyDefinition: SloDefinition = {
  name: '',
  application: '',
  service: '',
  transaction: '',
  objective: 'latency',
  thresholdMs: 1,
  target: 0.99,
  windowDays: 30,
}
const scope = {
  slos: [
    { sloId: 'a', definition: anyDefinition },
    { sloId: 'b', definition: { ...anyDefinition, service: 'bound', transaction: 'bound' } },
  ],
  nowMs: 0,
  naming: defaultNaming,
}

const hourMs = 3_600_000
const { toMs = '' } = rolledUpBindings
const beforeMs = (ms: string) => `intDiv(${toMs} - ${ms}, ${hourMs}) * ${hourMs}`
const definitions = panelSql(sloDefinitionsQuery(), {})
/** The parameter of slo-sql.ts, as the database has it. A subquery may have no row, for all that ClickHouse knows. */
const slos = `assumeNotNull((
SELECT toJSONString(groupArray(CAST(
  (sloId, application, service, transaction, thresholdMs * 1e6, ${beforeMs('windowDays * 86400000')}),
  'Tuple(id String, application String, service String, transaction String, thresholdNs Float64, fromMs Int64)')))
FROM (${definitions})))`
const windows: Bindings = {
  ...rolledUpBindings,
  slos,
  fromMs: beforeMs(`30 * ${24 * hourMs}`),
  // Steps of an hour at least: long windows are read from hours.
  stepMs: `greatest(${hourMs}, intDiv(${rolledUpBindings['stepMs']}, ${hourMs}) * ${hourMs})`,
}
const burns: Bindings = { ...rolledUpBindings, slos, fromMs: `intDiv(${toMs} - 21600000, 60000) * 60000` }
const named = `INNER JOIN (${definitions}) AS slo ON slo.sloId = row.sloId`
const burnRate = (window: 'm5' | 'h1' | 'm15' | 'h6') =>
  `if(row.${window}.1 = 0, 0, (1 - row.${window}.2 / row.${window}.1) / (1 - slo.target))`

export function slosDashboard(): DashboardBuilder {
  return new DashboardBuilder('Binnacle: objectives')
    .uid('binnacle-slos')
    .description(
      'Service-level objectives of all applications at the end of the time range, as far as minutes are rolled up: about five minutes ago.',
    )
    .tags(['binnacle', 'apm'])
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-7d', to: 'now' })
    .refresh('1m')
    .withVariable(sourceVariable())
    .withPanel(
      tablePanel({
        title: 'Objectives and their error budgets',
        width: 14,
        units: { SLI: 'percentunit', Target: 'percentunit', 'Budget left': 'percentunit' },
        sql: tableSql(sloWindowsQuery(scope), windows, {
          join: named,
          columns: {
            Application: 'slo.application',
            Objective: 'slo.name',
            Of: "multiIf(slo.transaction != '', concat(slo.service, ' ', slo.transaction), slo.service != '', slo.service, 'whole application')",
            SLI: 'if(row.total = 0, NULL, row.good / row.total)',
            Target: 'slo.target',
            'Budget left': 'if(row.total = 0, 1, 1 - (row.total - row.good) / row.total / (1 - slo.target))',
            Calls: 'row.total',
            Days: 'slo.windowDays',
          },
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Burn rates',
        description:
          'How many times faster than the target allows. Above 14.4 over 1 h and 5 min is critical, above 6 over 6 h and 15 min a warning.',
        width: 10,
        sql: tableSql(sloBurnQuery(scope), burns, {
          join: named,
          columns: {
            Application: 'slo.application',
            Objective: 'slo.name',
            '1 h': `round(${burnRate('h1')}, 2)`,
            '5 min': `round(${burnRate('m5')}, 2)`,
            '6 h': `round(${burnRate('h6')}, 2)`,
            '15 min': `round(${burnRate('m15')}, 2)`,
          },
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Share of bad calls',
        unit: 'percentunit',
        draw: 'lines',
        width: 24,
        minStep: '1h',
        sql: timeSeriesSql(sloWindowsQuery({ ...scope, stepMs: hourMs }), windows, {
          objective: `transform(sloId, (SELECT groupArray(sloId) FROM (${definitions})), (SELECT groupArray(name) FROM (${definitions})), sloId)`,
          bad: 'if(total = 0, NULL, 1 - good / total)',
        }),
      }),
    )
    .withPanel(violationsPanel({ ofApplication: false }))
}
