import { applicationSizesQuery } from '@binnacle/collector/query/applications'
import { clustersQuery } from '@binnacle/collector/query/clusters'
import { eventFacetsQuery } from '@binnacle/collector/query/events'
import { tiersQuery } from '@binnacle/collector/query/operations'
import { everything } from '@binnacle/collector/query/query'
import { namespacesQuery } from '@binnacle/collector/query/workloads'
import {
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { clickHouseSource } from './clickhouse-target.ts'
import { panelSql, textVariable, timeBindings } from './panel-sql.ts'

/** Stands where a binding takes the place of a value. */
export const bound = { fromMs: 0, toMs: 0, nowMs: 0, stepMs: 0, clusterId: '', application: '' } as const

/**
 * Stands for an hour by minutes, so that the text of a query is that which reads rollups: a range in the place of the bindings is
 * not known when it is built.
 */
export const boundByMinutes = { ...bound, toMs: 3_600_000, stepMs: 60_000 } as const

export const clusterBinding = { clusterId: textVariable('cluster') } as const
export const applicationBinding = { application: textVariable('application') } as const

export function sourceVariable(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder('datasource')
    .label('Data source')
    .type('grafana-clickhouse-datasource')
}

/** The first column is the value, the second the text. */
export function clusterVariable(): QueryVariableBuilder {
  const sql = `SELECT clusterId, name FROM (\n${panelSql(clustersQuery(), {})}\n)`
  return queryVariable('cluster', 'Cluster', sql)
}

export function namespaceVariable(): QueryVariableBuilder {
  const query = namespacesQuery({ ...bound })
  const sql = `SELECT name FROM (\n${panelSql(query, { ...timeBindings, ...clusterBinding })}\n)`
  return withAll(queryVariable('namespace', 'Namespace', sql))
}

export function applicationVariable(): QueryVariableBuilder {
  const query = applicationSizesQuery({ ...bound, application: '' })
  const sql = `SELECT application FROM (\n${panelSql(query, timeBindings)}\n)`
  return queryVariable('application', 'Application', sql)
}

export function serviceVariable(): QueryVariableBuilder {
  const query = tiersQuery({ ...bound })
  const sql = `SELECT DISTINCT service FROM (\n${panelSql(query, { ...timeBindings, ...applicationBinding })}\n)`
  return withAll(queryVariable('service', 'Service', sql))
}

/** Values of one facet of the events in the range. */
export function eventFacetVariable(facet: 'severity' | 'category', label: string): QueryVariableBuilder {
  const query = eventFacetsQuery({ ...bound, ...everyEvent })
  const sql = `SELECT value FROM (\n${panelSql(query, { ...timeBindings, ...clusterBinding })}\n) WHERE facet = '${facet}'`
  return withAll(queryVariable(facet, label, sql))
}

/** An event filter that lets everything pass. */
export const everyEvent = {
  namespace: everything,
  severity: everything,
  category: everything,
  reason: everything,
  workload: everything,
  objectUid: '',
  text: '',
} as const

function queryVariable(name: string, label: string, sql: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(clickHouseSource)
    .query(sql)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
}

/** See `listVariable` for the custom value. */
function withAll(variable: QueryVariableBuilder): QueryVariableBuilder {
  return variable
    .multi(true)
    .includeAll(true)
    .allValue("''")
    .current({ text: ['All'], value: ['$__all'] })
}
