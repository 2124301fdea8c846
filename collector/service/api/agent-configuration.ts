import { Type } from 'typebox'
import type { ScopeDecision } from '../../record/pod-identity.ts'
import {
  isSettable,
  type NamespacesReport,
  parseNamespacesReport,
  type RemoteConfig,
  remoteConfigBytesMax,
  remoteKeys,
  remoteScopeOf,
} from '../../record/remote-config.ts'
import { decideScope, parseScopeRules, type ScopeRules, whyNotSelectable } from '../../scope/decide.ts'
import { parsePatterns } from '../../scope/patterns.ts'
import { errorText } from '../../std/assert.ts'
import {
  type NamespaceLoadRow,
  type NamespacesReportRow,
  namespaceLoadQuery,
  namespacesReportQuery,
} from '../query/agent-configuration.ts'
import { type AgentListRow, agentsQuery } from '../query/agents.ts'
import { readRemoteConfig } from './agents.ts'
import { type Ask, asker } from './ask.ts'
import { ApiProblem, problemOfQuery } from './errors.ts'
import { type ApiDeps, type ApiInstance, answers, ClusterParams } from './route-types.ts'
import {
  ClusterConfiguration,
  ConfigurationChange,
  ConfigurationDraft,
  ConfigurationPreview,
  ConfigurationSaved,
} from './schema/agent-configuration.ts'

/**
 * What the UI sets for the agents of a cluster. There are no users yet: whoever reaches the service may set it, and the
 * audit log names the address a change came from.
 */
export function registerAgentConfigurationRoutes(app: ApiInstance, { store, configs, nowMs }: ApiDeps): void {
  const path = '/clusters/:clusterId/configuration'
  const tags = ['agents']
  app.get(
    path,
    { schema: { tags, params: ClusterParams, response: answers(ClusterConfiguration) } },
    async (request, reply): Promise<ClusterConfiguration> => {
      const ask = asker(store, request, reply)
      const { clusterId } = request.params
      const [newest, agents, reported, load] = await Promise.all([
        configs.current(clusterId).catch((error: unknown) => {
          throw problemOfQuery(error, false)
        }),
        agentsOf(ask, clusterId),
        newestReport(ask, clusterId),
        ask<NamespaceLoadRow>(namespaceLoadQuery({ clusterId, nowMs: nowMs() })),
      ])
      if (agents.length === 0 && !reported) throw unknownCluster(clusterId)
      const { version, config, changedAtMs, changedBy } = newest
      const loads = new Map(load.map((one) => [one.namespace, one]))
      const rules = reported && rulesOf(reported.report, config)
      const withoutUi = reported && rulesOf(reported.report, {})
      return {
        version,
        config,
        changedAtMs,
        changedBy,
        settable: [...(reported?.report.settable ?? [])],
        allowed: [...(reported?.report.values.allowed ?? [])],
        agents: agents.map((agent) => ({
          agentUid: agent.agentUid,
          version: agent.version,
          lastSeenMs: agent.lastSeenMs,
          remote: readRemoteConfig(agent.remoteConfig),
        })),
        namespacesAtMs: reported?.atMs ?? 0,
        namespacesOmitted: reported?.report.omitted ?? 0,
        namespaces: (reported?.report.namespaces ?? []).map(({ uid, ...one }) => ({
          ...one,
          pods: loads.get(one.name)?.pods ?? 0,
          spansPerMinute: loads.get(one.name)?.spansPerMinute ?? 0,
          selectedWithoutUi: withoutUi ? decideScope(withoutUi, { ...one, uid }).selected : false,
          notSelectable: rules ? whyNotSelectable(rules, { ...one, uid }) : '',
        })),
      }
    },
  )

  app.put(
    path,
    {
      schema: {
        tags,
        params: ClusterParams,
        body: Type.Unsafe<ConfigurationChange>(ConfigurationChange),
        response: answers(ConfigurationSaved),
      },
    },
    async (request, reply) => {
      const { clusterId } = request.params
      const { version, config } = request.body
      const report = await requireReport(asker(store, request, reply), clusterId)
      requireUsable(report, config)
      const outcome = await configs.save({ clusterId, version, config, changedBy: request.ip })
      switch (outcome.type) {
        case 'saved':
          return { version: outcome.saved.version, changedAtMs: outcome.saved.changedAtMs }
        case 'conflict':
          throw new ApiProblem(
            'version-conflict',
            `cannot save: version ${outcome.newest.version} was saved by ${outcome.newest.changedBy || 'somebody'} meanwhile, and this change is based on version ${version}; load it and change it again`,
          )
        case 'unavailable':
          throw new ApiProblem('database-unavailable', `cannot save: ${outcome.message}`)
      }
    },
  )

  app.post(
    `${path}/preview`,
    {
      schema: {
        tags,
        params: ClusterParams,
        body: Type.Unsafe<ConfigurationDraft>(ConfigurationDraft),
        response: answers(ConfigurationPreview),
      },
    },
    async (request, reply) => {
      const { config } = request.body
      const report = await requireReport(asker(store, request, reply), request.params.clusterId)
      return preview(report, config, requireUsable(report, config))
    },
  )
}

/** Which namespaces would start and stop, by the agent's own decision. */
export function preview(
  report: NamespacesReport,
  config: RemoteConfig,
  rules: ScopeRules,
): ConfigurationPreview {
  const after = report.namespaces.map((one) => ({ before: one, now: decideScope(rules, one) }))
  const changed = (selected: boolean) =>
    after
      .filter(({ before, now }) => now.selected === selected && before.selected !== selected)
      .map(({ before, now }: { before: { name: string }; now: ScopeDecision }) => ({
        name: before.name,
        reason: now.reason,
      }))
  const { include, exclude } = remoteScopeOf(config)
  const unmatched = parsePatterns('namespaces', [...include, ...exclude]).filter(
    (pattern) => !report.namespaces.some(({ name }) => pattern.matches(name)),
  )
  return {
    starts: changed(true),
    stops: changed(false),
    selected: after.filter(({ now }) => now.selected).length,
    unmatched: unmatched.map(({ text }) => text),
  }
}

function rulesOf({ values }: NamespacesReport, config: RemoteConfig): ScopeRules {
  return parseScopeRules(values, remoteScopeOf(config))
}

/** What the agent is known to refuse is refused here, so that it is said at once; the agent has the last word. */
function requireUsable(report: NamespacesReport, config: RemoteConfig): ScopeRules {
  const bytes = Buffer.byteLength(JSON.stringify(config))
  if (bytes > remoteConfigBytesMax)
    throw new ApiProblem(
      'bad-configuration',
      `cannot use the configuration: ${bytes} bytes, at most ${remoteConfigBytesMax}`,
    )
  for (const [key] of remoteKeys(config))
    if (!isSettable(key, report.settable))
      throw new ApiProblem(
        'bad-configuration',
        `cannot set ${key}: control.settable of the agent's Helm values lists ${report.settable.join(', ') || 'nothing'}`,
      )
  try {
    return rulesOf(report, config)
  } catch (error) {
    throw new ApiProblem('bad-configuration', errorText(error), { cause: error })
  }
}

async function requireReport(ask: Ask, clusterId: string): Promise<NamespacesReport> {
  const reported = await newestReport(ask, clusterId)
  if (!reported) throw unknownCluster(clusterId)
  return reported.report
}

async function newestReport(
  ask: Ask,
  clusterId: string,
): Promise<{ readonly report: NamespacesReport; readonly atMs: number } | undefined> {
  const [row] = await ask<NamespacesReportRow>(namespacesReportQuery(clusterId))
  return row && { report: parseNamespacesReport(row.report), atMs: row.reportedAtMs }
}

async function agentsOf(ask: Ask, clusterId: string): Promise<AgentListRow[]> {
  return (await ask<AgentListRow>(agentsQuery())).filter((agent) => agent.clusterId === clusterId)
}

function unknownCluster(clusterId: string): ApiProblem {
  return new ApiProblem(
    'unknown-cluster',
    `cannot configure cluster ${clusterId}: none of its agents has told of its namespaces yet; see /agents`,
  )
}
