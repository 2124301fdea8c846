import { fixMark } from '../../record/agent.ts'
import type { RemoteConfigStatus } from '../../record/remote-config.ts'
import { type AgentListRow, agentsQuery } from '../query/agents.ts'
import { versionInHash } from '../store/agent-configs.ts'
import { asker } from './ask.ts'
import { type ApiDeps, type ApiInstance, answers } from './route-types.ts'
import type { AgentRemoteConfig } from './schema/agent-configuration.ts'
import { AgentList, type AgentRow } from './schema/clusters.ts'

export function registerAgentRoutes(app: ApiInstance, { store }: ApiDeps): void {
  app.get(
    '/agents',
    { schema: { tags: ['agents'], response: answers(AgentList) } },
    async (request, reply) => {
      const ask = asker(store, request, reply)
      const agents = await ask<AgentListRow>(agentsQuery())
      return {
        agents: agents.map((row) => ({
          ...row,
          health: readHealth(row.health),
          remoteConfig: readRemoteConfig(row.remoteConfig),
        })),
      }
    },
  )
}

/** The JSON that the control stage wrote; parts that are missing show as unknown rather than break the page. */
function readHealth(json: string): AgentRow['health'] {
  const value: unknown = JSON.parse(json === '' ? '[]' : json)
  if (!Array.isArray(value)) return []
  return value.map((part: Partial<AgentRow['health'][number]>) => {
    const [error = '', ...hints] = (part.error ?? '').split(fixMark)
    return {
      name: part.name ?? '',
      healthy: part.healthy ?? false,
      status: part.status ?? '',
      error,
      fix: hints.join(' '),
    }
  })
}

export function readRemoteConfig(json: string): AgentRemoteConfig | null {
  if (json === '') return null
  const { status, hash, error, atMs } = JSON.parse(json) as RemoteConfigStatus & { atMs: number } // Ours alone.
  return { status, version: versionInHash(hash), error, atMs }
}
