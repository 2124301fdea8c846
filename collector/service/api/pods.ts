import type { ContainerState } from '../../record/kube.ts'
import { type ChangeListRow, changesOfObjectQuery } from '../query/changes.ts'
import { type CrashListRow, crashesQuery } from '../query/crashes.ts'
import { type EventGroupRow, eventGroupsQuery, type FacetRow } from '../query/events.ts'
import { type PodInjectionRow, podInjectionQuery } from '../query/injection.ts'
import {
  type PodFilter,
  type PodListRow,
  type PodObjectRow,
  type PodServiceRow,
  podFacetsQuery,
  podObjectQuery,
  podServicesQuery,
  podsQuery,
} from '../query/pods.ts'
import { everything, type Range } from '../query/query.ts'
import { type UsageStepRow, usageStepsQuery } from '../query/usage.ts'
import { type Ask, asker } from './ask.ts'
import { requireCluster } from './clusters.ts'
import { ApiProblem } from './errors.ts'
import { toFacets } from './events.ts'
import { parseList } from './list-filter.ts'
import { type ApiDeps, type ApiInstance, answers, ClusterParams, PodParams } from './route-types.ts'
import { type ContainerRow, PodDetail, PodList, type PodRow } from './schema/clusters.ts'
import type { Chart } from './schema/common.ts'
import { TimeRange } from './schema/common.ts'
import { PodQuery } from './schema/routes.ts'
import { chartOf, parseRange, stepMsOf } from './time.ts'

/** Pods of one name within a range that are looked at. */
const sameNameMax = 100
const facetNames = ['namespace', 'status', 'phase', 'health', 'workload', 'node', 'version']

export function registerPodRoutes(app: ApiInstance, { store, nowMs }: ApiDeps): void {
  app.get(
    '/clusters/:clusterId/pods',
    {
      schema: {
        tags: ['clusters'],
        params: ClusterParams,
        querystring: PodQuery,
        response: answers(PodList),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const filter = podFilter(request.params.clusterId, request.query, nowMs())
      await requireCluster(ask, filter.clusterId)
      const [pods, facets] = await Promise.all([
        ask<PodListRow>(podsQuery(filter, request.query.limit ?? 2_000)),
        ask<FacetRow>(podFacetsQuery(filter)),
      ])
      return {
        pods: pods.map(toPodRow),
        total: facets.find((row) => row.facet === 'total')?.count ?? 0,
        facets: toFacets(facets, facetNames),
      }
    },
  )
  app.get(
    '/clusters/:clusterId/pods/:uid',
    {
      schema: { tags: ['clusters'], params: PodParams, querystring: TimeRange, response: answers(PodDetail) },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { clusterId, uid } = request.params
      await requireCluster(ask, clusterId)
      return podDetail(ask, { ...parseRange(request.query, nowMs()), clusterId, uid })
    },
  )
}

function podFilter(clusterId: string, query: PodQuery, nowMs: number): PodFilter {
  return {
    ...parseRange(query, nowMs),
    clusterId,
    namespace: parseList('namespace', query.namespace),
    status: parseList('status', query.status),
    phase: parseList('phase', query.phase),
    health: parseList('health', query.health),
    workload: parseList('workload', query.workload),
    node: parseList('node', query.node),
    version: parseList('version', query.version),
    text: query.q ?? '',
    finding: parseList('finding', query.finding),
    uid: '',
    restarted: query.restarted ?? false,
    deleted: query.deleted ?? false,
  }
}

type PodKey = Range & { readonly clusterId: string; readonly uid: string }

/** `uid`: or `namespace/name`; of several pods of one name the newest. None: 404. */
export async function findPod(ask: Ask, asked: PodKey): Promise<PodListRow> {
  const filter = { ...podFilter(asked.clusterId, {}, asked.toMs), ...asked, deleted: true }
  const pods = await ask<PodListRow>(podsQuery(filter, sameNameMax))
  const [pod] = pods.sort((a, b) => b.createdMs - a.createdMs)
  if (!pod) throw unknownPod(asked.uid)
  return pod
}

const unknownPod = (uid: string) =>
  new ApiProblem(
    'unknown-pod',
    `cannot find the pod ${uid}: it was not there in this time range; choose an earlier one, or look for its name in the list of pods`,
  )

async function podDetail(ask: Ask, asked: PodKey): Promise<PodDetail> {
  const pod = await findPod(ask, asked)
  const key = { ...asked, uid: pod.uid }
  const [object] = await ask<PodObjectRow>(podObjectQuery({ clusterId: key.clusterId, uid: key.uid }))
  if (!object) throw unknownPod(asked.uid)
  const stepMs = stepMsOf(key)
  const namespace = { in: [pod.namespace], out: [] }
  const [events, changes, crashes, usage, services, injection] = await Promise.all([
    ask<EventGroupRow>(
      eventGroupsQuery(
        { ...key, ...noEventFilter, namespace: everything, workload: everything, objectUid: key.uid },
        200,
      ),
    ),
    ask<ChangeListRow>(changesOfObjectQuery({ ...key, limit: 500 })),
    ask<CrashListRow>(
      crashesQuery({ ...key, namespace, workload: everything, podUid: key.uid, linesMax: 1_000 }, 10),
    ),
    ask<UsageStepRow>(usageStepsQuery({ ...key, namespace, pod: pod.name, stepMs })),
    ask<PodServiceRow>(podServicesQuery({ ...key, namespace: pod.namespace, pod: pod.name })),
    ask<PodInjectionRow>(podInjectionQuery({ clusterId: key.clusterId, uid: key.uid })),
  ])
  return {
    pod: toPodRow(pod),
    labels: object.labels,
    podIp: object.podIp,
    qosClass: object.qosClass,
    injection: injection[0] ?? null,
    containers: readContainers(object.containers).map(toContainerRow),
    events,
    changes,
    crashes,
    cpu: usageChart(usage, key, {
      unit: 'mCPU',
      used: (row) => row.cpuMillicores,
      request: pod.cpuRequestMillicores,
      limit: pod.cpuLimitMillicores,
    }),
    memory: usageChart(usage, key, {
      unit: 'By',
      used: (row) => row.memoryBytes,
      request: pod.memoryRequestBytes,
      limit: pod.memoryLimitBytes,
    }),
    services,
  }
}

const noEventFilter = { severity: everything, category: everything, reason: everything, text: '' }

interface UsageChartOf {
  readonly unit: string
  readonly used: (row: UsageStepRow) => number | null
  readonly request: number
  readonly limit: number
}

/** Request and limit as level lines; a limit of 0 is none. */
function usageChart(rows: readonly UsageStepRow[], range: Range, of: UsageChartOf): Chart {
  const chart = chartOf(rows, range, [{ name: 'used', unit: of.unit, missing: null, value: of.used }])
  const level = (name: string, value: number) => ({
    name,
    unit: of.unit,
    points: chart.timesMs.map(() => (value === 0 ? null : value)),
  })
  return { ...chart, series: [...chart.series, level('request', of.request), level('limit', of.limit)] }
}

export function toPodRow({ eventMs, eventReason, eventSeverity, ...pod }: PodListRow): PodRow {
  return {
    ...pod,
    lastEvent: eventMs === 0 ? null : { timeMs: eventMs, reason: eventReason, severity: eventSeverity },
  }
}

/** Written by our ingest from a checked record; anything else shows as no containers. */
function readContainers(json: string): ContainerState[] {
  const value: unknown = JSON.parse(json === '' ? '[]' : json)
  return Array.isArray(value) ? (value as ContainerState[]) : []
}

function toContainerRow(container: ContainerState): ContainerRow {
  const { exitCode, lastExitCode, lastReason, lastFinishedAtMs, startedAtMs: _, ...rest } = container
  return {
    ...rest,
    exitCode: exitCode ?? null,
    lastReason: lastReason ?? '',
    lastExitCode: lastExitCode ?? null,
    lastFinishedMs: lastFinishedAtMs ?? 0,
  }
}
