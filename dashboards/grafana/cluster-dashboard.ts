import { restartStepsQuery } from '@binnacle/collector/query/changes'
import { podFiguresQuery, podPhasesQuery, podStepsQuery } from '@binnacle/collector/query/clusters'
import { eventIssuesQuery } from '@binnacle/collector/query/events'
import { findingsQuery, objectCountsQuery, quotasQuery } from '@binnacle/collector/query/inventory'
import { nodesQuery } from '@binnacle/collector/query/nodes'
import { everything } from '@binnacle/collector/query/query'
import {
  capacityStepsQuery,
  nodeUsageStepsQuery,
  reservedStepsQuery,
  usageStepsQuery,
} from '@binnacle/collector/query/usage'
import { workloadsQuery } from '@binnacle/collector/query/workloads'
import { DashboardBuilder, DashboardCursorSync } from '@grafana/grafana-foundation-sdk/dashboard'
import { listVariable, panelSql, tableSql, timeBindings, timeSeriesSql } from './panel-sql.ts'
import { chartPanel, figuresPanel, tablePanel } from './panels.ts'
import { bound, clusterBinding, clusterVariable, namespaceVariable, sourceVariable } from './variables.ts'

const bindings = { ...timeBindings, ...clusterBinding, ...listVariable('namespace', 'namespace') }
const scope = { ...bound, namespace: everything }

/** Problems first, use against what was asked for next, totals last. */
export function clusterDashboard(): DashboardBuilder {
  return new DashboardBuilder('Binnacle: cluster')
    .uid('binnacle-cluster')
    .description('Pods, events and use of the namespaces that Binnacle collects from a cluster.')
    .tags(['binnacle', 'kubernetes'])
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .withVariable(sourceVariable())
    .withVariable(clusterVariable())
    .withVariable(namespaceVariable())
    .withPanel(
      figuresPanel({
        title: 'Pods now',
        unit: 'short',
        width: 24,
        sql: tableSql(podFiguresQuery(scope), bindings, {
          columns: {
            Pods: 'pods',
            'Not ready': 'podsNotReady',
            Pending: 'pendingPods',
            'Crash loops': 'crashLooping',
            'Without image': 'imageProblems',
            'Missing Secret, ConfigMap, claim': 'missingDependencies',
            Privileged: 'privileged',
            'Without memory limit': 'noMemoryLimit',
            'Without readiness probe': 'noReadinessProbe',
          },
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Restarts',
        unit: 'short',
        draw: 'bars',
        width: 8,
        sql: timeSeriesSql(restartStepsQuery(scope), bindings, { restarts: 'restarts' }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Error and warning events',
        unit: 'short',
        draw: 'bars',
        width: 8,
        sql: timeSeriesSql(eventIssuesQuery(scope), bindings, {
          errors: 'errors',
          warnings: 'warnings',
          evictions: 'evictions',
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Image, storage and quota issues',
        unit: 'short',
        draw: 'bars',
        width: 8,
        sql: timeSeriesSql(eventIssuesQuery(scope), bindings, {
          'image errors': 'imageErrors',
          storage: 'storageErrors',
          quota: 'quotaErrors',
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'CPU: used',
        description: 'Summed over the containers of the namespaces that are collected.',
        unit: 'none',
        draw: 'lines',
        width: 6,
        sql: timeSeriesSql(usageStepsQuery({ ...scope, pod: '' }), bindings, {
          cores: 'cpuMillicores / 1000',
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'CPU: requested and limit',
        unit: 'none',
        draw: 'lines',
        width: 6,
        sql: timeSeriesSql(reservedStepsQuery(scope), bindings, {
          'requested cores': 'cpuRequestMillicores / 1000',
          'limit cores': 'cpuLimitMillicores / 1000',
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'CPU: allocatable',
        description: 'What the nodes can give to pods.',
        unit: 'none',
        draw: 'lines',
        width: 6,
        sql: timeSeriesSql(capacityStepsQuery(bound), bindings, { cores: 'cpuMillicores / 1000' }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'CPU: used on nodes',
        description: 'With what runs beside the namespaces that are collected.',
        unit: 'none',
        draw: 'lines',
        width: 6,
        sql: timeSeriesSql(nodeUsageStepsQuery(bound), bindings, { cores: 'cpuMillicores / 1000' }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Memory: used',
        description: 'Working set, summed over containers.',
        unit: 'bytes',
        draw: 'lines',
        width: 6,
        sql: timeSeriesSql(usageStepsQuery({ ...scope, pod: '' }), bindings, { used: 'memoryBytes' }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Memory: requested and limit',
        unit: 'bytes',
        draw: 'lines',
        width: 6,
        sql: timeSeriesSql(reservedStepsQuery(scope), bindings, {
          requested: 'memoryRequestBytes',
          limit: 'memoryLimitBytes',
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Memory: allocatable',
        description: 'What the nodes can give to pods.',
        unit: 'bytes',
        draw: 'lines',
        width: 6,
        sql: timeSeriesSql(capacityStepsQuery(bound), bindings, { memory: 'memoryBytes' }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Memory: used on nodes',
        description: 'With what runs beside the namespaces that are collected.',
        unit: 'bytes',
        draw: 'lines',
        width: 6,
        sql: timeSeriesSql(nodeUsageStepsQuery(bound), bindings, { memory: 'memoryBytes' }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Workloads, those not ready first',
        width: 14,
        sql: tableSql(workloadsQuery(scope), bindings, {
          columns: {
            Namespace: 'namespace',
            Kind: 'kind',
            Name: 'name',
            Status: 'status',
            Ready: 'ready',
            Desired: 'desired',
            Restarts: 'restarts',
            Versions: "arrayStringConcat(versions, ', ')",
          },
        }),
      }),
    )
    .withPanel(
      chartPanel({
        title: 'Pods',
        unit: 'short',
        draw: 'lines',
        width: 10,
        height: 9,
        sql: timeSeriesSql(podStepsQuery(scope), bindings, { pods: 'pods' }),
      }),
    )
    .withPanel(
      tablePanel({ title: 'Pods by phase', width: 6, sql: panelSql(podPhasesQuery(scope), bindings) }),
    )
    .withPanel(
      tablePanel({
        title: 'Findings',
        width: 9,
        sql: tableSql(findingsQuery(scope), bindings, {
          columns: { Finding: 'id', Kinds: "arrayStringConcat(kinds, ', ')", Objects: 'count' },
          where: 'count > 0',
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Objects',
        width: 9,
        sql: tableSql(objectCountsQuery(scope), bindings, {
          columns: {
            Kind: 'kind',
            Objects: 'count',
            'Not ready': 'notReady',
            'With findings': 'withFindings',
          },
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Nodes, those in trouble first',
        description: 'Pods, requests and limits are those of the namespaces that are collected.',
        width: 14,
        units: { 'Memory requested': 'percentunit', 'CPU requested': 'percentunit' },
        sql: tableSql(nodesQuery(bound), bindings, {
          columns: {
            Node: 'name',
            Status: 'status',
            Roles: "facts['roles']",
            Version: "facts['kubeletVersion']",
            Pods: 'pods',
            'CPU requested': "cpuRequestMillicores / nullIf(amounts['cpuAllocatableMillicores'], 0)",
            'Memory requested': "memoryRequestBytes / nullIf(amounts['memoryAllocatableBytes'], 0)",
            Findings: "arrayStringConcat(arrayMap(f -> f.1, findings), ', ')",
          },
        }),
      }),
    )
    .withPanel(
      tablePanel({
        title: 'Quotas, the fullest first',
        width: 10,
        units: { Used: 'percentunit' },
        sql: tableSql(quotasQuery(scope), bindings, {
          columns: {
            Namespace: 'namespace',
            Quota: 'name',
            Resource: 'resource',
            Used: 'used / nullIf(hard, 0)',
            'Used amount': 'used',
            'Hard limit': 'hard',
          },
        }),
      }),
    )
}
