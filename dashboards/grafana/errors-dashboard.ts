import { errorOperationsQuery, errorStepsQuery } from '@binnacle/collector/query/error-operations'
import { exceptionStepsQuery, exceptionsQuery } from '@binnacle/collector/query/exceptions'
import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { applicationDashboard } from './application-dashboard.ts'
import { tableSql, timeBindings, timeSeriesSql } from './panel-sql.ts'
import { chartPanel, tablePanel } from './panels.ts'
import { durations, perMinute, shareOfCalls } from './rates.ts'
import { applicationBinding, boundByMinutes } from './variables.ts'

const bindings = { ...timeBindings, ...applicationBinding }

export function errorsDashboard(): DashboardBuilder {
  return applicationDashboard({
    title: 'errors',
    uid: 'binnacle-errors',
    description: 'Failed calls and exceptions of an application, by operation, kind and release.',
  })
    .withPanel(
      chartPanel({
        title: 'Failed calls by operation',
        unit: 'cpm',
        draw: 'bars',
        width: 12,
        minStep: '1m',
        sql: timeSeriesSql(errorStepsQuery(boundByMinutes), bindings, {
          operation: "concat(service, ' ', operation)",
          'errors/min': perMinute('errors'),
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Exceptions',
        description: 'Of all kinds, also those of calls that did not fail.',
        unit: 'cpm',
        draw: 'bars',
        width: 12,
        minStep: '1m',
        sql: timeSeriesSql(
          exceptionStepsQuery({ ...boundByMinutes, groupHash: '' }),
          bindings,
          { 'exceptions/min': perMinute('sum(count)') },
          true,
        ),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Operations that fail, those that fail most first',
        width: 24,
        units: { ...durations, 'Error %': 'percentunit' },
        sql: tableSql(errorOperationsQuery({ ...boundByMinutes, limit: 100 }), bindings, {
          columns: {
            Tier: 'service',
            Operation: 'operation',
            Kind: 'kind',
            Errors: 'errors',
            'Error %': shareOfCalls('errors'),
            Calls: 'calls',
            'Mean ms': 'meanMs',
            'p95 ms': 'p95Ms',
            Versions: "arrayStringConcat(versions, ', ')",
          },
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Exceptions by kind',
        description: 'Exceptions of one type whose stacks are alike.',
        width: 24,
        sql: tableSql(exceptionsQuery({ ...boundByMinutes, limit: 200 }), bindings, {
          columns: {
            Exception: 'exceptionType',
            Message: 'message',
            Count: 'count',
            Tiers: "arrayStringConcat(services, ', ')",
            Operations: "arrayStringConcat(operations, ', ')",
            Versions: "arrayStringConcat(versions, ', ')",
            'Last seen': 'fromUnixTimestamp64Milli(toInt64(lastSeenMs))',
            Trace: 'sampleTraceId',
          },
        }),
      }),
    )
}
