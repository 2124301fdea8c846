import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { defineTable, string, timeMs, uint64, word } from './table.ts'

/**
 * What the service offers the agents of a cluster, as JSON: some of the agent's own configuration keys. The agent takes it
 * whole or refuses it whole, and its Helm values keep the upper hand: `control.settable` says which keys it takes, and
 * `namespaces` of the values decides over and bounds `namespaces` here (scope/decide.ts).
 */
export const RemoteConfig = Type.Record(
  Type.String({ pattern: '^[a-zA-Z]{1,64}$' }),
  Type.Record(Type.String({ pattern: '^[a-zA-Z]{1,64}$' }), Type.Unknown()),
  { description: 'configuration keys in groups, such as {"namespaces": {"include": ["shop"]}}' },
)
export type RemoteConfig = Static<typeof RemoteConfig>

/** Bytes of the JSON text. */
export const remoteConfigBytesMax = 64 * 1024

/** Dotted keys with their values: `namespaces.include`. */
export function remoteKeys(config: RemoteConfig): readonly (readonly [key: string, value: unknown])[] {
  return Object.entries(config).flatMap(([group, values]) =>
    Object.entries(values).map(([name, value]) => [`${group}.${name}`, value] as const),
  )
}

/** An entry stands for itself and for all below it: `scrape` for `scrape.intervalMs`. */
export function isSettable(key: string, settable: readonly string[]): boolean {
  return settable.some((one) => key === one || key.startsWith(`${one}.`))
}

/** Throws when its lists are none; their patterns are looked at by scope/decide.ts. */
export function remoteScopeOf(config: RemoteConfig): RemoteScope {
  const { include, exclude } = config['namespaces'] ?? {}
  return { include: textsOf('include', include), exclude: textsOf('exclude', exclude) }
}

function textsOf(name: string, value: unknown): readonly string[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw new Error(`cannot use remote namespaces.${name}: it is no list of texts`)
}

/** What became of the configuration that an agent was last offered. */
export const RemoteConfigStatus = Type.Object({
  status: Type.Union([Type.Literal('applied'), Type.Literal('applying'), Type.Literal('failed')]),
  /** Hexadecimal; opaque to agents. */
  hash: Type.String(),
  error: Type.String(),
})
export type RemoteConfigStatus = Static<typeof RemoteConfigStatus>

/** A namespace of the cluster as an agent sees it, collected or not. */
export interface NamespaceFacts {
  readonly name: string
  readonly uid: string
  readonly labels: Readonly<Record<string, string>>
  /** Annotation field.cattle.io/projectId; '' when there is none. */
  readonly rancherProject: string
}

/** What the Helm values say about namespaces. */
export interface ScopeConfig {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  /** As `p-xxxxx` or `<cluster>:p-xxxxx`. */
  readonly rancherProjects: readonly string[]
  readonly default: 'on' | 'off'
  /** What remote configuration may select; empty: anything. */
  readonly allowed: readonly string[]
  /** With `watch.mode: namespaced`: the namespaces the agent has a Role in. Empty or absent: all can be watched. */
  readonly listed?: readonly string[]
}

/** What the service's UI adds. */
export interface RemoteScope {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
}

export interface ReportedNamespace extends NamespaceFacts {
  readonly selected: boolean
  readonly reason: string
}

/** What an agent tells of the namespaces of its cluster, so that those can be chosen that are not collected. */
export interface NamespacesReport {
  readonly namespaces: readonly ReportedNamespace[]
  /** How many are left out, beyond `namespacesReportedMax`. */
  readonly omitted: number
  readonly values: ScopeConfig
  /** `control.settable` of the values. */
  readonly settable: readonly string[]
}

export const namespacesReportedMax = 5_000

const Text = Type.String({ maxLength: 512 })
const Texts = Type.Array(Text, { maxItems: 5_000 })
const namespacesReport = Compile(
  Type.Object({
    namespaces: Type.Array(
      Type.Object({
        name: Text,
        uid: Text,
        labels: Type.Record(Text, Text),
        rancherProject: Text,
        selected: Type.Boolean(),
        reason: Type.String({ maxLength: 2_000 }),
      }),
      { maxItems: namespacesReportedMax },
    ),
    omitted: Type.Integer({ minimum: 0 }),
    values: Type.Object({
      include: Texts,
      exclude: Texts,
      rancherProjects: Texts,
      default: Type.Union([Type.Literal('off'), Type.Literal('on')]),
      allowed: Texts,
      listed: Type.Optional(Texts),
    }),
    settable: Texts,
  }),
)

/** Throws when the text is none. */
export function parseNamespacesReport(text: string): NamespacesReport {
  const report: unknown = JSON.parse(text)
  if (namespacesReport.Check(report)) return report
  throw new Error('cannot read the report of namespaces: it is not of the form this version knows')
}

/** Every configuration the UI has sent, per cluster; the newest version counts. */
export const agentConfigsTable = defineTable('agent_configs', null, {
  cluster_id: word,
  version: uint64,
  config: string,
  change_id: string,
  changed_at: timeMs,
  changed_by: string,
})

/** The newest NamespacesReport of each agent, as JSON. */
export const agentNamespacesTable = defineTable('agent_namespaces', null, {
  cluster_id: word,
  agent_uid: string,
  report: string,
  reported_at: timeMs,
})

/** Who changed what in the settings. */
export const auditTable = defineTable('audit', null, {
  time: timeMs,
  actor: string,
  action: word,
  cluster_id: word,
  subject: string,
  /** JSON {before, after}. */
  detail: string,
})
