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
import { EventList, type Facet } from './schema/clusters.ts'
import { EventQuery } from './schema/routes.ts'
import { chartOf, parseRange, stepMsOf } from './time.ts'

export function registerEventRoutes(app: ApiInstance, { store, nowMs }: ApiDeps): void {
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

export function toFacets(rows: readonly FacetRow[], names: readonly string[]): Facet[] {
  return names.map((name) => ({
    name,
    values: rows.filter((row) => row.facet === name).map(({ value, count }) => ({ value, count })),
  }))
}
