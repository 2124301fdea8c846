import { type AgentListRow, agentsQuery, type ViolationListRow, violationsQuery } from '../query/agents.ts'
import { asker } from './ask.ts'
import { type ApiDeps, type ApiInstance, answers } from './route-types.ts'
import { AgentList, type AgentRow, ViolationList } from './schema/clusters.ts'
import { TimeRange } from './schema/common.ts'
import { parseRange } from './time.ts'

export function registerAgentRoutes(app: ApiInstance, { store, nowMs }: ApiDeps): void {
  app.get(
    '/agents',
    { schema: { tags: ['agents'], response: answers(AgentList) } },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const agents = await ask<AgentListRow>(agentsQuery())
      return { agents: agents.map((row) => ({ ...row, health: readHealth(row.health) })) }
    },
  )
  app.get(
    '/violations',
    { schema: { tags: ['alerts'], querystring: TimeRange, response: answers(ViolationList) } },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      return { violations: await ask<ViolationListRow>(violationsQuery(parseRange(request.query, nowMs()))) }
    },
  )
}

/** The JSON that the control stage wrote; parts that are missing show as unknown rather than break the page. */
function readHealth(json: string): AgentRow['health'] {
  const value: unknown = JSON.parse(json === '' ? '[]' : json)
  if (!Array.isArray(value)) return []
  return value.map((part: Partial<AgentRow['health'][number]>) => ({
    name: part.name ?? '',
    healthy: part.healthy ?? false,
    status: part.status ?? '',
    error: part.error ?? '',
  }))
}
