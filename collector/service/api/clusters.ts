import { type MarkerRow, markersQuery } from '../query/changes.ts'
import {
  type ClusterActivityRow,
  type ClusterPodsRow,
  type ClusterRow,
  clusterActivityQuery,
  clusterPodsQuery,
  clustersQuery,
} from '../query/clusters.ts'
import { type FindingStepsRow, findingStepsQuery } from '../query/finding-counts.ts'
import { type FindingRow, findingsQuery, type ObjectCountRow, objectCountsQuery } from '../query/inventory.ts'
import { type ObjectListRow, objectsQuery } from '../query/objects.ts'
import { everything, type ListFilter, type Range } from '../query/query.ts'
import {
  type NamespaceListRow,
  namespacesQuery,
  type WorkloadListRow,
  workloadsQuery,
} from '../query/workloads.ts'
import { type Ask, asker } from './ask.ts'
import { clusterDashboard } from './cluster-dashboard.ts'
import { ApiProblem } from './errors.ts'
import { compareFindings } from './finding-kinds.ts'
import { findingTrends } from './finding-trends.ts'
import { shownKinds, toInventory } from './inventory.ts'
import { parseList } from './list-filter.ts'
import { type ApiDeps, type ApiInstance, answers, ClusterParams } from './route-types.ts'
import {
  ClusterDashboard,
  ClusterList,
  type ClusterSummary,
  NamespaceList,
  WorkloadList,
} from './schema/clusters.ts'
import { type Marker, TimeRange } from './schema/common.ts'
import { Inventory } from './schema/objects.ts'
import { ScopeQuery } from './schema/routes.ts'
import type { ViolationRow } from './schema/violations.ts'
import { parseRange, stepMsOf } from './time.ts'
import { violationsOf } from './violations.ts'

/** Objects of the inventory's own cards; their lists have the others. */
const shownMax = 2_000

export interface ClusterScope extends Range {
  readonly clusterId: string
  readonly namespace: ListFilter
}

export function registerClusterRoutes(app: ApiInstance, { store, nowMs }: ApiDeps): void {
  const scopeOf = (request: { params: { clusterId: string }; query: ScopeQuery }): ClusterScope => ({
    ...parseRange(request.query, nowMs()),
    clusterId: request.params.clusterId,
    namespace: parseList('namespace', request.query.namespace),
  })
  app.get(
    '/clusters',
    { schema: { tags: ['clusters'], querystring: TimeRange, response: answers(ClusterList) } },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      return { clusters: await clusterSummaries(ask, parseRange(request.query, nowMs())) }
    },
  )
  app.get(
    '/clusters/:clusterId/dashboard',
    {
      schema: {
        tags: ['clusters'],
        params: ClusterParams,
        querystring: ScopeQuery,
        response: answers(ClusterDashboard),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const scope = scopeOf(request)
      const cluster = await requireCluster(ask, scope.clusterId)
      return clusterDashboard(ask, cluster, scope)
    },
  )
  app.get(
    '/clusters/:clusterId/workloads',
    {
      schema: {
        tags: ['clusters'],
        params: ClusterParams,
        querystring: ScopeQuery,
        response: answers(WorkloadList),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const scope = scopeOf(request)
      await requireCluster(ask, scope.clusterId)
      const workloads = await ask<WorkloadListRow>(workloadsQuery(scope))
      return {
        workloads: workloads.map((row) => ({
          ...row,
          versions: [...row.versions],
          findings: [...row.findings].sort(compareFindings),
        })),
      }
    },
  )
  app.get(
    '/clusters/:clusterId/namespaces',
    {
      schema: {
        tags: ['clusters'],
        params: ClusterParams,
        querystring: TimeRange,
        response: answers(NamespaceList),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { clusterId } = request.params
      await requireCluster(ask, clusterId)
      const range = parseRange(request.query, nowMs())
      return { namespaces: await ask<NamespaceListRow>(namespacesQuery({ ...range, clusterId })) }
    },
  )
  app.get(
    '/clusters/:clusterId/inventory',
    {
      schema: {
        tags: ['clusters'],
        params: ClusterParams,
        querystring: ScopeQuery,
        response: answers(Inventory),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const scope = scopeOf(request)
      await requireCluster(ask, scope.clusterId)
      const shownFilter = { ...scope, kind: { in: shownKinds, out: [] }, finding: everything, text: '' }
      const [findings, steps, objects, shown] = await Promise.all([
        ask<FindingRow>(findingsQuery(scope)),
        ask<FindingStepsRow>(findingStepsQuery({ ...scope, stepMs: stepMsOf(scope) })),
        ask<ObjectCountRow>(objectCountsQuery(scope)),
        ask<ObjectListRow>(objectsQuery(shownFilter, shownMax)),
      ])
      return toInventory({
        findings,
        trends: findingTrends(steps, findings, scope.fromMs),
        objects,
        shown,
      })
    },
  )
}

async function clusterSummaries(ask: Ask, range: Range): Promise<ClusterSummary[]> {
  const [clusters, pods] = await Promise.all([
    ask<ClusterRow>(clustersQuery()),
    ask<ClusterPodsRow>(clusterPodsQuery(range)),
  ])
  return Promise.all(
    clusters.map(async (cluster) => {
      const { clusterId } = cluster
      const [activity] = await ask<ClusterActivityRow>(
        clusterActivityQuery({ ...range, clusterId, namespace: everything }),
      )
      return toSummary(
        cluster,
        pods.find((row) => row.clusterId === clusterId),
        activity,
      )
    }),
  )
}

export function toSummary(
  cluster: ClusterRow,
  pods: Omit<ClusterPodsRow, 'clusterId'> | undefined,
  activity: Omit<ClusterActivityRow, 'clusterId'> | undefined,
): ClusterSummary {
  return {
    ...cluster,
    namespaces: pods?.namespaces ?? 0,
    pods: pods?.pods ?? 0,
    podsNotReady: pods?.podsNotReady ?? 0,
    restarts: activity?.restarts ?? 0,
    errorEvents: activity?.errorEvents ?? 0,
    warningEvents: activity?.warningEvents ?? 0,
  }
}

/** Of a cluster that no agent reported and that has no objects: 404. */
export async function requireCluster(ask: Ask, clusterId: string): Promise<ClusterRow> {
  const clusters = await ask<ClusterRow>(clustersQuery())
  const cluster = clusters.find((row) => row.clusterId === clusterId)
  if (cluster) return cluster
  throw new ApiProblem(
    'unknown-cluster',
    `cannot find the cluster ${clusterId.slice(0, 80)}: no agent has reported it; /api/v1/clusters lists those that have`,
  )
}

/** Rollouts, scale changes, and violations that opened in the range, of a cluster and its namespaces. */
export async function markersOf(
  ask: Ask,
  scope: Range & { clusterId: string; namespace: ListFilter },
): Promise<Marker[]> {
  const { clusterId, namespace } = scope
  const [changes, violations] = await Promise.all([changeMarkers(ask, scope), violationsOf(ask, scope)])
  const isMine = (row: ViolationRow) =>
    row.clusterId === clusterId &&
    (namespace.in.length === 0 || namespace.in.includes(row.namespace)) &&
    !namespace.out.includes(row.namespace)
  return [...changes, ...violationMarkers(violations.filter(isMine), scope)].sort(newestFirst)
}

export const newestFirst = (a: Marker, b: Marker): number => b.timeMs - a.timeMs

/** An empty cluster id: of all clusters. */
export async function changeMarkers(
  ask: Ask,
  scope: Range & { clusterId: string; namespace: ListFilter },
): Promise<Marker[]> {
  const changes = await ask<MarkerRow>(markersQuery(scope))
  return changes.map((row) => ({
    timeMs: row.timeMs,
    kind: row.kind,
    title: titleOf(row),
    entity: `${row.objectKind}/${row.namespace}/${row.name}`,
  }))
}

export function violationMarkers(violations: readonly ViolationRow[], { fromMs }: Range): Marker[] {
  return violations
    .filter((row) => row.openedMs >= fromMs)
    .map((row) => ({
      timeMs: row.openedMs,
      kind: 'violation',
      title: row.message,
      entity: `${row.entityKind}/${row.namespace}/${row.entity}`,
    }))
}

function titleOf({ kind, name, from, to, version }: MarkerRow): string {
  if (kind === 'scale') return `${name}: ${from} → ${to} replicas`
  return `${name}: ${from === '' ? '' : `${from} → `}${to || version}`
}
