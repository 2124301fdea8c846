import { applicationStepsQuery, applicationsRedQuery } from '@binnacle/collector/query/applications'
import { flowTableQuery } from '@binnacle/collector/query/flow-map'
import { operationStepsQuery, operationsQuery, tiersQuery } from '@binnacle/collector/query/operations'
import { everything } from '@binnacle/collector/query/query'
import { traceStepsQuery, tracesQuery } from '@binnacle/collector/query/traces'
import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { applicationDashboard } from './application-dashboard.ts'
import {
  type Bindings,
  listVariable,
  tableSql,
  textVariable,
  timeBindings,
  timeSeriesSql,
} from './panel-sql.ts'
import { chartPanel, figuresPanel, tablePanel } from './panels.ts'
import { durations, perMinute, perMinuteOfRange } from './rates.ts'
import { applicationBinding, bound, serviceVariable } from './variables.ts'

const ofApplication = { ...timeBindings, ...applicationBinding }
const ofServices = { ...ofApplication, ...listVariable('service', 'service') }
const scope = { ...bound, service: everything }

/** In trace queries the application is a list filter. */
const ofTraces: Bindings = {
  ...timeBindings,
  ...listVariable('service', 'service'),
  applicationIn: `[${textVariable('application')}]`,
}
/** Asked for, so that the variables take its place. */
const chosen = { in: ['chosen'], out: [] }
const everyTrace = {
  ...bound,
  application: chosen,
  service: chosen,
  operation: everything,
  version: everything,
  pod: everything,
  namespace: everything,
  status: '',
  minMs: 0,
  maxMs: 0,
  attributes: [],
} as const

export function serviceDashboard(): DashboardBuilder {
  return applicationDashboard({
    title: 'application and services',
    uid: 'binnacle-service',
    description:
      'Load, response time and errors of an application, its services by version, operations and calls.',
    from: 'now-1h',
    refresh: '30s',
  })
    .withVariable(serviceVariable())
    .withPanel(
      figuresPanel({
        title: 'Application',
        description: 'Calls that enter the application from outside.',
        unit: 'short',
        width: 24,
        sql: tableSql(applicationsRedQuery({ ...bound }), ofApplication, {
          columns: {
            'Calls per minute': perMinuteOfRange('calls'),
            Errors: 'errors',
            'Error %': 'if(calls = 0, NULL, round(100 * errors / calls, 2))',
            'p50 ms': 'p50Ms',
            'p95 ms': 'p95Ms',
            'p99 ms': 'p99Ms',
          },
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Load',
        unit: 'cpm',
        draw: 'bars',
        width: 8,
        sql: timeSeriesSql(applicationStepsQuery({ ...bound }), ofApplication, {
          'calls/min': perMinute('calls'),
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Response time',
        unit: 'ms',
        draw: 'lines',
        width: 8,
        sql: timeSeriesSql(applicationStepsQuery({ ...bound }), ofApplication, {
          p50: 'p50Ms',
          p95: 'p95Ms',
          p99: 'p99Ms',
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Errors',
        unit: 'cpm',
        draw: 'bars',
        width: 8,
        sql: timeSeriesSql(applicationStepsQuery({ ...bound }), ofApplication, {
          'errors/min': perMinute('errors'),
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Services by version',
        width: 12,
        units: durations,
        sql: tableSql(tiersQuery({ ...bound }), ofApplication, {
          columns: {
            Service: 'service',
            Version: "if(whole, 'all', version)",
            Nodes: 'nodes',
            'Calls/min': perMinuteOfRange('calls'),
            Errors: 'errors',
            'Mean ms': 'meanMs',
            'p95 ms': 'p95Ms',
          },
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Calls between services and to backends',
        width: 12,
        units: durations,
        sql: tableSql(flowTableQuery({ ...bound }), ofApplication, {
          columns: {
            From: 'caller',
            To: 'callee',
            Kind: "if(async, 'asynchronous', 'synchronous')",
            'Calls/min': perMinuteOfRange('calls'),
            Errors: 'errors',
            'Mean ms': 'meanMs',
            'p95 ms': 'p95Ms',
          },
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Operations',
        width: 12,
        units: durations,
        sql: tableSql(operationsQuery({ ...scope, limit: 100 }), ofServices, {
          columns: {
            Service: 'service',
            Operation: 'operation',
            'Calls/min': perMinuteOfRange('calls'),
            Errors: 'errors',
            'Mean ms': 'meanMs',
            'p95 ms': 'p95Ms',
            Versions: "arrayStringConcat(versions, ', ')",
          },
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Calls of the busiest operations',
        unit: 'cpm',
        draw: 'lines',
        width: 12,
        height: 9,
        sql: timeSeriesSql(operationStepsQuery({ ...scope, limit: 8 }), ofServices, {
          operation: "concat(service, ' ', operation)",
          'calls/min': perMinute('calls'),
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Slowest traces',
        width: 16,
        units: { ms: 'ms' },
        sql: tableSql(tracesQuery(everyTrace, { sort: 'slowest', limit: 50 }), ofTraces, {
          columns: {
            Start: 'fromUnixTimestamp64Milli(toInt64(startMs))',
            Service: 'rootService',
            Operation: 'rootOperation',
            ms: 'round(durationMs, 3)',
            Spans: 'spans',
            Errors: 'errors',
            Trace: 'traceId',
          },
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Traces',
        unit: 'short',
        draw: 'bars',
        width: 8,
        height: 9,
        sql: timeSeriesSql(traceStepsQuery(everyTrace, 0), ofTraces, { ok: 'ok', 'with errors': 'error' }),
      }),
    )
}
