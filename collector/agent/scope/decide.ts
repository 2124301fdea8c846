import type { ScopeDecision } from '../../record/pod-identity.ts'
import { type Pattern, parsePatterns } from './patterns.ts'

export const collectLabel = 'binnacle.dev/collect'
export const injectLabel = 'binnacle.dev/inject'

export interface ScopeConfig {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  /** As `p-xxxxx` or `<cluster>:p-xxxxx`. */
  readonly rancherProjects: readonly string[]
  readonly default: 'on' | 'off'
  /** What remote configuration may select; empty: anything. */
  readonly allowed: readonly string[]
  /** With `watch.mode: namespaced`: the namespaces the agent has a Role in. */
  readonly listed?: readonly string[]
}

/** What the service's UI adds. */
export interface RemoteScope {
  readonly include: readonly string[]
  readonly exclude: readonly string[]
}

export interface NamespaceFacts {
  readonly name: string
  readonly uid: string
  readonly labels: Readonly<Record<string, string>>
  /** Annotation field.cattle.io/projectId; '' when there is none. */
  readonly rancherProject: string
}

export interface ScopeRules {
  readonly include: readonly Pattern[]
  readonly exclude: readonly Pattern[]
  readonly remoteInclude: readonly Pattern[]
  readonly remoteExclude: readonly Pattern[]
  readonly allowed: readonly Pattern[]
  readonly listed: ReadonlySet<string>
  readonly rancherProjects: ReadonlySet<string>
  readonly selectedByDefault: boolean
}

export const noRemoteScope: RemoteScope = { include: [], exclude: [] }

/** Throws with the name of the key that is wrong. */
export function parseScopeRules(config: ScopeConfig, remote: RemoteScope = noRemoteScope): ScopeRules {
  return {
    include: parsePatterns('namespaces.include', config.include),
    exclude: parsePatterns('namespaces.exclude', config.exclude),
    remoteInclude: parsePatterns('remote namespaces.include', remote.include),
    remoteExclude: parsePatterns('remote namespaces.exclude', remote.exclude),
    allowed: parsePatterns('namespaces.allowed', config.allowed),
    listed: new Set(config.listed ?? []),
    rancherProjects: new Set(config.rancherProjects),
    selectedByDefault: config.default === 'on',
  }
}

/** One step of the ladder, for `binnacle why` and the UI. */
export interface ScopeRule {
  readonly rule: string
  readonly matched: boolean
  /** The first rule that matched. */
  readonly deciding: boolean
  /** What it would decide. */
  readonly selects: boolean
  /** Why it matched or not. */
  readonly detail: string
}

export interface ScopeExplanation extends ScopeDecision {
  readonly ladder: readonly ScopeRule[]
}

type Rung = Omit<ScopeRule, 'deciding'>

/** The precedence, highest first: the first rule that matches decides, and the last always matches. */
const ladder: readonly ((rules: ScopeRules, namespace: NamespaceFacts) => Rung)[] = [
  ({ exclude }, { name }) => byPattern('namespaces.exclude', { patterns: exclude, name, selects: false }),
  ({ remoteExclude }, { name }) =>
    byPattern('remote namespaces.exclude', { patterns: remoteExclude, name, selects: false }),
  (_, { labels }) => byLabel(labels, { [collectLabel]: 'disabled' }, false),
  (_, { labels }) => byLabel(labels, { [collectLabel]: 'enabled' }, true),
  (_, { labels }) => byLabel(labels, { [injectLabel]: 'enabled' }, true),
  byRemoteInclude,
  ({ include }, { name }) => byPattern('namespaces.include', { patterns: include, name, selects: true }),
  ({ listed }, { name }) => rung('watch.namespaces', true, listed.has(name) && 'watch.namespaces lists it'),
  byRancherProject,
  ({ selectedByDefault }) =>
    rung(
      'namespaces.default',
      selectedByDefault,
      `namespaces.default is ${selectedByDefault ? 'on' : 'off'}`,
    ),
]

/** exclude > label disabled > label enabled > remote include > include > Rancher project > default. */
export function decideScope(rules: ScopeRules, namespace: NamespaceFacts): ScopeDecision {
  for (const step of ladder) {
    const { matched, selects, detail } = step(rules, namespace)
    if (matched) return { selected: selects, reason: detail }
  }
  throw new Error('BUG: the last rule of the scope always matches')
}

/** The whole ladder: every rule, whether it matched, and which one decided. */
export function explainScope(rules: ScopeRules, namespace: NamespaceFacts): ScopeExplanation {
  const rungs = ladder.map((step) => step(rules, namespace))
  const deciding = rungs.findIndex((one) => one.matched)
  return {
    ...decideScope(rules, namespace),
    ladder: rungs.map((one, index) => ({ ...one, deciding: index === deciding })),
  }
}

function rung(rule: string, selects: boolean, detail: string | false): Rung {
  return { rule, selects, matched: detail !== false, detail: detail === false ? 'does not apply' : detail }
}

function byPattern(
  rule: string,
  { patterns, name, selects }: { patterns: readonly Pattern[]; name: string; selects: boolean },
): Rung {
  const match = patterns.find((pattern) => pattern.matches(name))
  return rung(rule, selects, match !== undefined && `${rule} matches ${JSON.stringify(match.text)}`)
}

function byLabel(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
  selects: boolean,
): Rung {
  const [key = '', value = ''] = Object.entries(wanted)[0] ?? []
  const rule = `label ${key}=${value}`
  return rung(rule, selects, labels[key] === value && rule)
}

function byRemoteInclude({ remoteInclude, allowed }: ScopeRules, { name }: NamespaceFacts): Rung {
  const found = byPattern('remote namespaces.include', { patterns: remoteInclude, name, selects: true })
  if (!found.matched || allowed.length === 0 || allowed.some((pattern) => pattern.matches(name))) return found
  return { ...found, matched: false, detail: `${found.detail}, but namespaces.allowed does not` }
}

function byRancherProject({ rancherProjects }: ScopeRules, { rancherProject }: NamespaceFacts): Rung {
  const project = rancherProject.slice(rancherProject.lastIndexOf(':') + 1)
  const listed = project !== '' && (rancherProjects.has(project) || rancherProjects.has(rancherProject))
  return rung('namespaces.rancherProjects', true, listed && `Rancher project ${project}`)
}
