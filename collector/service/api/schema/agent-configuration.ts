import { type Static, Type } from 'typebox'
import { RemoteConfig } from '../../../record/remote-config.ts'

/** What became of a configuration at an agent. */
export const AgentRemoteConfig = Type.Object({
  status: Type.Union([Type.Literal('applied'), Type.Literal('applying'), Type.Literal('failed')]),
  version: Type.Integer({ description: 'of the configuration it speaks of; 0: of none of ours' }),
  error: Type.String(),
  atMs: Type.Integer({ description: 'when the agent first said so' }),
})
export type AgentRemoteConfig = Static<typeof AgentRemoteConfig>

export const ConfigurationNamespace = Type.Object({
  name: Type.String(),
  selected: Type.Boolean(),
  reason: Type.String({ description: 'the rule that decides, as the agent says' }),
  labels: Type.Record(Type.String(), Type.String(), { description: 'those that decide: binnacle.dev/…' }),
  rancherProject: Type.String(),
  /** Pods are known of collected namespaces only. */
  pods: Type.Number(),
  spansPerMinute: Type.Number({ description: 'of the last five minutes' }),
  selectedWithoutUi: Type.Boolean({ description: 'by labels and Helm values alone' }),
  notSelectable: Type.String({ description: 'why the UI cannot select it; empty: it can' }),
})
export type ConfigurationNamespace = Static<typeof ConfigurationNamespace>

export const ClusterConfiguration = Type.Object({
  version: Type.Integer({ description: '0: nothing was set yet; a change names the version it is based on' }),
  config: RemoteConfig,
  changedAtMs: Type.Integer(),
  changedBy: Type.String(),
  settable: Type.Array(Type.String(), { description: 'keys that the Helm values let the UI set' }),
  allowed: Type.Array(Type.String(), {
    description: 'namespaces.allowed of the Helm values; empty: anything',
  }),
  agents: Type.Array(
    Type.Object({
      agentUid: Type.String(),
      version: Type.String(),
      lastSeenMs: Type.Integer(),
      remote: Type.Union([AgentRemoteConfig, Type.Null()]),
    }),
  ),
  namespacesAtMs: Type.Integer({ description: 'when an agent told of them; 0: none has yet' }),
  namespacesOmitted: Type.Integer({ description: 'beyond 5,000' }),
  namespaces: Type.Array(ConfigurationNamespace),
})
export type ClusterConfiguration = Static<typeof ClusterConfiguration>

export const ConfigurationChange = Type.Object(
  {
    version: Type.Integer({ minimum: 0, description: 'the version that the change is based on' }),
    config: RemoteConfig,
  },
  { additionalProperties: false },
)
export type ConfigurationChange = Static<typeof ConfigurationChange>

export const ConfigurationSaved = Type.Object({ version: Type.Integer(), changedAtMs: Type.Integer() })
export type ConfigurationSaved = Static<typeof ConfigurationSaved>

export const ConfigurationDraft = Type.Object({ config: RemoteConfig }, { additionalProperties: false })
export type ConfigurationDraft = Static<typeof ConfigurationDraft>

const Decided = Type.Array(Type.Object({ name: Type.String(), reason: Type.String() }))
export const ConfigurationPreview = Type.Object({
  starts: Decided,
  stops: Decided,
  selected: Type.Integer({ description: 'collected afterwards' }),
  unmatched: Type.Array(Type.String(), { description: 'patterns that match no namespace of the cluster' }),
})
export type ConfigurationPreview = Static<typeof ConfigurationPreview>
