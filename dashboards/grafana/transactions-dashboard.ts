import { everything } from '@binnacle/collector/query/query'
import { snapshotsQuery } from '@binnacle/collector/query/snapshots'
import { defaultNaming } from '@binnacle/collector/query/transaction-naming'
import {
  scorecardQuery,
  transactionStepsQuery,
  transactionsQuery,
} from '@binnacle/collector/query/transactions'
import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { applicationDashboard } from './application-dashboard.ts'
import { listVariable, rolledUpBindings, tableSql, timeSeriesSql } from './panel-sql.ts'
import { chartPanel, figuresPanel, tablePanel } from './panels.ts'
import { durations, perMinuteOfRange, shareOfCalls } from './rates.ts'
import { applicationBinding, boundByMinutes, serviceVariable } from './variables.ts'
import { violationsPanel } from './violations-panel.ts'

const bindings = { ...rolledUpBindings, ...applicationBinding, ...listVariable('service', 'service') }
const scope = { ...boundByMinutes, naming: defaultNaming, service: everything }
const entering = { ...boundByMinutes, naming: defaultNaming, service: '', transaction: '' }
const snapshots = {
  ...scope,
  application: 'bound',
  // A filter that could let something pass has its conditions in the text.
  service: { in: ['bound'], out: [] },
  transaction: everything,
  reason: everything,
  version: everything,
  pod: everything,
  namespace: everything,
  exceptionType: everything,
  minMs: 0,
  maxMs: 0,
  text: '',
}
const normal = 'calls - errors - slow - verySlow - stalled'

export function transactionsDashboard(): DashboardBuilder {
  return applicationDashboard({
    title: 'transactions',
    uid: 'binnacle-transactions',
    description:
      'Business transactions of an application by class, the calls that are kept of them, and violations. As far as minutes are rolled up: about five minutes ago.',
  })
    .withVariable(serviceVariable())
    .withPanel(
      figuresPanel({
        title: 'Scorecard',
        description: 'Calls that enter the application, each in one class.',
        unit: 'percentunit',
        width: 24,
        sql: tableSql(scorecardQuery({ ...scope, by: 'application' }), bindings, {
          columns: {
            Normal: shareOfCalls(`(${normal})`),
            Slow: shareOfCalls('slow'),
            'Very slow': shareOfCalls('verySlow'),
            Stalled: shareOfCalls('stalled'),
            Errors: shareOfCalls('errors'),
          },
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Calls by class',
        unit: 'short',
        draw: 'bars',
        width: 12,
        minStep: '1m',
        sql: timeSeriesSql(transactionStepsQuery(entering), bindings, {
          normal,
          slow: 'slow',
          'very slow': 'verySlow',
          stalled: 'stalled',
          errors: 'errors',
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Response time',
        unit: 'ms',
        draw: 'lines',
        width: 12,
        minStep: '1m',
        sql: timeSeriesSql(transactionStepsQuery(entering), bindings, {
          mean: 'meanMs',
          p50: 'p50Ms',
          p95: 'p95Ms',
          p99: 'p99Ms',
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Transactions, the busiest first',
        width: 24,
        height: 10,
        units: { ...durations, 'Error %': 'percentunit', 'Slow or worse': 'percentunit' },
        sql: tableSql(transactionsQuery(scope), bindings, {
          columns: {
            Tier: 'service',
            Transaction: 'transaction',
            'Calls/min': perMinuteOfRange('calls', 'rolled'),
            'Error %': shareOfCalls('errors'),
            'Slow or worse': shareOfCalls('(slow + verySlow + stalled)'),
            'Mean ms': 'meanMs',
            'p95 ms': 'p95Ms',
            Versions: "arrayStringConcat(versions, ', ')",
          },
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Snapshots, the newest first',
        width: 24,
        height: 10,
        units: { ms: 'ms', 'Threshold ms': 'ms' },
        sql: tableSql(snapshotsQuery(snapshots, { sort: 'newest', limit: 100 }), bindings, {
          columns: {
            Start: 'fromUnixTimestamp64Milli(toInt64(startMs))',
            Why: 'reason',
            Tier: 'service',
            Transaction: "if(transaction = '', operation, transaction)",
            ms: 'durationMs',
            'Threshold ms': 'thresholdMs',
            Exception: 'exceptionType',
            Pod: 'pod',
            Trace: 'traceId',
          },
        }),
      }),
    )
    .withPanel(violationsPanel({ ofApplication: true }))
}
