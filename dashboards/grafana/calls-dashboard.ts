import { backendStepsQuery, backendsQuery } from '@binnacle/collector/query/backends'
import { databaseStepsQuery, databasesQuery } from '@binnacle/collector/query/databases'
import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { applicationDashboard } from './application-dashboard.ts'
import { tableSql, timeBindings, timeSeriesSql } from './panel-sql.ts'
import { chartPanel, tablePanel } from './panels.ts'
import { durations, perMinute, perMinuteOfRange, shareOfCalls } from './rates.ts'
import { applicationBinding, boundByMinutes } from './variables.ts'

const bindings = { ...timeBindings, ...applicationBinding }
const limited = { ...boundByMinutes, limit: 200 }
const red = {
  'Calls/min': perMinuteOfRange('calls'),
  'Error %': shareOfCalls('errors'),
  'Mean ms': 'meanMs',
  'p95 ms': 'p95Ms',
}
const units = { ...durations, 'Error %': 'percentunit' }
/** Statements are stored once, beside the minutes that name them by hash. */
const texts = `LEFT JOIN (
SELECT toString(statement_hash) AS hash, any(statement) AS stored FROM db_statements GROUP BY statement_hash
) AS texts ON texts.hash = row.statementHash`

export function callsDashboard(): DashboardBuilder {
  return applicationDashboard({
    title: 'databases and remote services',
    uid: 'binnacle-calls',
    description:
      'What an application calls and that sends no spans of its own: databases, statements, other hosts.',
  })
    .withPanel(
      chartPanel({
        title: 'Calls to databases',
        unit: 'cpm',
        draw: 'lines',
        width: 12,
        minStep: '1m',
        sql: timeSeriesSql(databaseStepsQuery(boundByMinutes), bindings, {
          database: "concat(system, ' ', peer)",
          'calls/min': perMinute('calls'),
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Calls to databases and remote services',
        unit: 'cpm',
        draw: 'lines',
        width: 12,
        minStep: '1m',
        sql: timeSeriesSql(backendStepsQuery(boundByMinutes), bindings, {
          backend: 'name',
          'calls/min': perMinute('calls'),
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Databases and remote services, those that take the most time first',
        width: 12,
        units,
        sql: tableSql(backendsQuery(limited), bindings, {
          where: "level = 'backend'",
          columns: { Type: 'type', System: 'system', Name: 'name', ...red },
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Who calls them',
        width: 12,
        units,
        sql: tableSql(backendsQuery(limited), bindings, {
          where: "level = 'caller'",
          columns: { Tier: 'service', System: 'system', Name: 'name', ...red },
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Statements, those that take the most time first',
        width: 24,
        height: 12,
        units,
        sql: tableSql(databasesQuery(limited), bindings, {
          where: "level = 'statement'",
          join: texts,
          columns: {
            Statement: "if(texts.stored != '', texts.stored, row.statement)",
            Database: "concat(system, ' ', peer)",
            ...red,
            Tiers: "arrayStringConcat(services, ', ')",
            'Slowest in trace': 'sampleTraceId',
          },
        }),
      }),
    )
}
