import { type TierVersionRow, tiersQuery } from '../query/operations.ts'
import type { Range } from '../query/query.ts'
import {
  type PodStateRow,
  podStatesQuery,
  type TierNodeRow,
  type TierNodeStepRow,
  tierNodeStepsQuery,
  tierNodesMax,
  tierNodesQuery,
} from '../query/tier-nodes.ts'
import { requireApplication, sparkOf, sumByTime } from './applications.ts'
import { type Ask, asker } from './ask.ts'
import { type Comparison, parseComparison, usualOfEntities } from './baselines.ts'
import { toTiers } from './flow-map.ts'
import { toRed } from './red.ts'
import { type ApiDeps, type ApiInstance, ApplicationParams, answers } from './route-types.ts'
import { ComparedRange } from './schema/common.ts'
import { type NodeState, TierList, type TierNode } from './schema/tiers.ts'
import { parseRange, redStepMsOf } from './time.ts'

export function registerTierRoutes(app: ApiInstance, { store, nowMs }: ApiDeps): void {
  app.get(
    '/applications/:application/tiers',
    {
      schema: {
        tags: ['applications'],
        params: ApplicationParams,
        querystring: ComparedRange,
        response: answers(TierList),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const scope = { ...parseRange(request.query, nowMs()), application: request.params.application }
      const list = await tierList(ask, scope, parseComparison(request.query))
      if (list.tiers.length === 0) await requireApplication(ask, scope.application)
      return list
    },
  )
}

type ApplicationScope = Range & { readonly application: string }

async function tierList(ask: Ask, scope: ApplicationScope, comparison: Comparison): Promise<TierList> {
  const minutes = (scope.toMs - scope.fromMs) / 60_000
  const [tiers, nodes, steps, usual] = await Promise.all([
    ask<TierVersionRow>(tiersQuery(scope)),
    ask<TierNodeRow>(tierNodesQuery(scope)),
    ask<TierNodeStepRow>(tierNodeStepsQuery({ ...scope, stepMs: redStepMsOf(scope) })),
    usualOfEntities(ask, { ...scope, level: 'tier' }, comparison),
  ])
  const states = await podStates(ask, scope, nodes)
  const nodesOf = Map.groupBy(nodes, (node) => node.service)
  const stepsOfTier = Map.groupBy(steps, (step) => step.service)
  const stepsOfNode = Map.groupBy(steps, nodeKey)
  const toNode = (row: TierNodeRow): TierNode => ({
    clusterId: row.clusterId,
    namespace: row.namespace,
    pod: row.pod,
    versions: [...row.versions],
    lastSeenMs: row.lastSeenMs,
    red: toRed(row, minutes),
    spark: sparkOf(stepsOfNode.get(nodeKey(row)) ?? [], scope),
    state: states.get(podKey(row)) ?? null,
  })
  return {
    tiers: toTiers(tiers, minutes).map(({ service, red, versions }) => ({
      service,
      red: usual({ application: scope.application, service }, red),
      versions,
      spark: sparkOf(sumByTime(stepsOfTier.get(service) ?? []), scope),
      nodes: (nodesOf.get(service) ?? []).map(toNode),
    })),
    truncated: nodes.length >= tierNodesMax,
  }
}

const nodeKey = ({ service, clusterId, namespace, pod }: Omit<TierNodeStepRow, 'timeMs' | 'calls'>) =>
  JSON.stringify([service, clusterId, namespace, pod])
const podKey = (of: { clusterId: string; namespace: string; pod: string }) =>
  JSON.stringify([of.clusterId, of.namespace, of.pod])

/** One look-up a cluster. */
async function podStates(
  ask: Ask,
  { fromMs, toMs }: Range,
  nodes: readonly TierNodeRow[],
): Promise<Map<string, NodeState>> {
  const inClusters = Map.groupBy(
    nodes.filter((node) => node.clusterId !== '' && node.pod !== ''),
    (node) => node.clusterId,
  )
  const found = await Promise.all(
    [...inClusters].map(async ([clusterId, rows]) => {
      const pods = [...new Set(rows.map((row) => `${row.namespace}/${row.pod}`))]
      const states = await ask<PodStateRow>(podStatesQuery({ fromMs, toMs, clusterId, pods }))
      return states.map(
        ({ namespace, pod, ...state }) => [podKey({ clusterId, namespace, pod }), state] as const,
      )
    }),
  )
  return new Map(found.flat())
}
