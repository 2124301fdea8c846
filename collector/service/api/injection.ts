import {
  type ClusterInjectionRow,
  clusterInjectionQuery,
  type InjectionNamespaceRow,
  type InjectionWorkloadRow,
  injectionNamespacesQuery,
  injectionWorkloadsQuery,
  type RestartsNeededRow,
  restartsNeededQuery,
} from '../query/injection.ts'
import { asker } from './ask.ts'
import { requireCluster } from './clusters.ts'
import { parseList } from './list-filter.ts'
import { type ApiDeps, type ApiInstance, answers, ClusterParams } from './route-types.ts'
import { ClusterInjection, RestartsNeeded } from './schema/injection.ts'
import { NamespaceQuery } from './schema/routes.ts'

/** What injection did, and what a restart would change. */
export function registerInjectionRoutes(app: ApiInstance, { store }: ApiDeps): void {
  app.get(
    '/clusters/:clusterId/injection',
    {
      schema: {
        tags: ['clusters'],
        params: ClusterParams,
        querystring: NamespaceQuery,
        response: answers(ClusterInjection),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { clusterId } = request.params
      await requireCluster(ask, clusterId)
      const scope = { clusterId, namespace: parseList('namespace', request.query.namespace) }
      const [[cluster], namespaces, workloads] = await Promise.all([
        ask<ClusterInjectionRow>(clusterInjectionQuery(clusterId)),
        ask<InjectionNamespaceRow>(injectionNamespacesQuery(scope)),
        ask<InjectionWorkloadRow>(injectionWorkloadsQuery(scope)),
      ])
      return {
        injects: cluster?.injects ?? '',
        configMap: cluster?.configMap ?? '',
        namespaces,
        workloads: workloads.map((row) => ({
          ...row,
          languages: [...row.languages],
          reasons: [...row.reasons],
        })),
      }
    },
  )
  app.get(
    '/injection',
    { schema: { tags: ['clusters'], response: answers(RestartsNeeded) } },
    async (request, reply) => ({
      clusters: await asker(store, request, reply)<RestartsNeededRow>(restartsNeededQuery()),
    }),
  )
}
