import { type NodeListRow, nodesQuery } from '../query/nodes.ts'
import { asker } from './ask.ts'
import { requireCluster } from './clusters.ts'
import { readConditions, toFindings } from './object-row.ts'
import { type ApiDeps, type ApiInstance, answers, ClusterParams } from './route-types.ts'
import { TimeRange } from './schema/common.ts'
import { NodeList, type NodeRow } from './schema/objects.ts'
import { parseRange } from './time.ts'

export function registerNodeRoutes(app: ApiInstance, { store, nowMs }: ApiDeps): void {
  app.get(
    '/clusters/:clusterId/nodes',
    {
      schema: {
        tags: ['clusters'],
        params: ClusterParams,
        querystring: TimeRange,
        response: answers(NodeList),
      },
    },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const { clusterId } = request.params
      await requireCluster(ask, clusterId)
      const rows = await ask<NodeListRow>(nodesQuery({ ...parseRange(request.query, nowMs()), clusterId }))
      return { nodes: rows.map(toNodeRow) }
    },
  )
}

function toNodeRow({ facts, amounts, conditions, findings, ...row }: NodeListRow): NodeRow {
  const listOf = (text: string | undefined) => (text ?? '').split(/, ?/).filter((one) => one !== '')
  return {
    ...row,
    cordoned: row.status.endsWith('SchedulingDisabled'),
    roles: listOf(facts['roles']),
    version: facts['kubeletVersion'] ?? '',
    taints: listOf(facts['taints']),
    zone: facts['zone'] ?? '',
    instanceType: facts['instanceType'] ?? '',
    podsAllocatable: amounts['podsAllocatable'] ?? 0,
    cpuAllocatableMillicores: amounts['cpuAllocatableMillicores'] ?? 0,
    memoryAllocatableBytes: amounts['memoryAllocatableBytes'] ?? 0,
    conditions: readConditions(conditions),
    findings: toFindings(findings),
  }
}
