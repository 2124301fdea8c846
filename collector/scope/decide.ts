import { injectLabel } from '../record/injection.ts'
import type { ScopeDecision } from '../record/pod-identity.ts'
import type { NamespaceFacts, RemoteScope, ScopeConfig } from '../record/remote-config.ts'
import { type Pattern, parsePatterns } from './patterns.ts'

export const collectLabel = 'binnacle.dev/collect'

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
  /** Who can change it: the labels of the namespace, the configuration from the UI, or the Helm values. */
  readonly source: 'labels' | 'remote' | 'values'
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

/**
 * The precedence, highest first: the first rule that matches decides, and the last always matches. In mode namespaced
 * the agent has no rights beyond its list, so what is not listed is out before anything else is asked.
 */
const ladder: readonly ((rules: ScopeRules, namespace: NamespaceFacts) => Rung)[] = [
  ({ listed }, { name }) =>
    rung('watch.mode', false, listed.size > 0 && !listed.has(name) && 'watch.namespaces does not list it'),
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

/** Why remote configuration cannot select the namespace, whatever it says; '' when it can. (It can always leave one out.) */
export function whyNotSelectable(rules: ScopeRules, namespace: NamespaceFacts): string {
  const named: Pattern = { text: namespace.name, matches: (name) => name === namespace.name }
  const { selected, reason } = decideScope({ ...rules, remoteInclude: [named], remoteExclude: [] }, namespace)
  if (selected) return ''
  const { allowed } = rules
  const bounded = allowed.length > 0 && !allowed.some((pattern) => pattern.matches(namespace.name))
  return bounded ? 'namespaces.allowed does not match it' : reason
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
  const source = rule.startsWith('label ') ? 'labels' : rule.startsWith('remote ') ? 'remote' : 'values'
  const matched = detail !== false
  return { rule, source, selects, matched, detail: matched ? detail : 'does not apply' }
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
