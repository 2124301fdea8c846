import { Type } from 'typebox'
import { type CrashListRow, crashesQuery } from '../query/crashes.ts'
import { type EventOriginRow, eventChainQuery, eventOriginQuery } from '../query/event-chain.ts'
import {
  type EventFilter,
  type EventGroupRow,
  type EventTimelineRow,
  eventFacetsQuery,
  eventGroupsQuery,
  eventTimelineQuery,
  type FacetRow,
} from '../query/events.ts'
import { asker } from './ask.ts'
import { requireCluster } from './clusters.ts'
import { parseList } from './list-filter.ts'
import { type ApiDeps, type ApiInstance, answers, ClusterParams } from './route-types.ts'
import { CrashList, EventChain, EventList, type Facet } from './schema/clusters.ts'
import { TimeRange } from './schema/common.ts'
import { CrashQuery, EventQuery } from './schema/routes.ts'
import { chartOf, parseRange, stepMsOf } from './time.ts'

const EventParams = Type.Object({ ...ClusterParams.properties, uid: Type.String({ maxLength: 200 }) })

export function registerEventRoutes(app: ApiInstance, deps: ApiDeps): void {
  registerList(app, deps)
  registerChain(app, deps)
  registerCrashes(app, deps)
}

function registerList(app: ApiInstance, { store, nowMs }: ApiDeps): void {
  app.get(
    '/clusters/:clusterId/events',
    {
      schema: {
        tags: ['clusters'],
        params: ClusterParams,
        querystring: EventQuery,
        response: answers(EventList),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { query } = request
      const range = parseRange(query, nowMs())
      const filter: EventFilter = {
        ...range,
        clusterId: request.params.clusterId,
        namespace: parseList('namespace', query.namespace),
        severity: parseList('severity', query.severity),
        category: parseList('category', query.category),
        reason: parseList('reason', query.reason),
        workload: parseList('workload', query.workload),
        objectUid: query.object ?? '',
        text: query.q ?? '',
      }
      await requireCluster(ask, filter.clusterId)
      const [events, facets, timeline] = await Promise.all([
        ask<EventGroupRow>(eventGroupsQuery(filter, query.limit ?? 500)),
        ask<FacetRow>(eventFacetsQuery(filter)),
        ask<EventTimelineRow>(eventTimelineQuery(filter, stepMsOf(range))),
      ])
      return {
        events,
        total: timeline.reduce((total, row) => total + row.times, 0),
        facets: toFacets(facets, ['namespace', 'severity', 'category', 'reason', 'workload']),
        timeline: {
          ...chartOf([], range, []),
          series: ['error', 'warning', 'info'].flatMap(
            (severity) =>
              chartOf(
                timeline.filter((row) => row.severity === severity),
                range,
                [{ name: severity, unit: '1', missing: 0, value: (row) => row.times }],
              ).series,
          ),
        },
      }
    },
  )
}

/** Far from the range there is no cause. */
const chainMax = 100
/** Of each crash in the list; the pod has them all. */
const listedLinesMax = 3

function registerChain(app: ApiInstance, { store, nowMs }: ApiDeps): void {
  app.get(
    '/clusters/:clusterId/events/:uid/chain',
    {
      schema: {
        tags: ['clusters'],
        params: EventParams,
        querystring: TimeRange,
        response: answers(EventChain),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { clusterId, uid: eventUid } = request.params
      await requireCluster(ask, clusterId)
      const [origin] = await ask<EventOriginRow>(eventOriginQuery({ clusterId, eventUid }))
      if (!origin) return { events: [] }
      const scope = { ...parseRange(request.query, nowMs()), clusterId, origin }
      return { events: await ask<EventGroupRow>(eventChainQuery(scope, chainMax)) }
    },
  )
}

function registerCrashes(app: ApiInstance, { store, nowMs }: ApiDeps): void {
  app.get(
    '/clusters/:clusterId/crashes',
    {
      schema: {
        tags: ['clusters'],
        params: ClusterParams,
        querystring: CrashQuery,
        response: answers(CrashList),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { query } = request
      const { clusterId } = request.params
      await requireCluster(ask, clusterId)
      const filter = {
        ...parseRange(query, nowMs()),
        clusterId,
        namespace: parseList('namespace', query.namespace),
        workload: parseList('workload', query.workload),
        podUid: '',
        linesMax: listedLinesMax,
      }
      return { crashes: await ask<CrashListRow>(crashesQuery(filter, query.limit ?? 200)) }
    },
  )
}

export function toFacets(rows: readonly FacetRow[], names: readonly string[]): Facet[] {
  return names.map((name) => ({
    name,
    values: rows.filter((row) => row.facet === name).map(({ value, count }) => ({ value, count })),
  }))
}
