import type { ScopeDecision } from '../../record/pod-identity.ts'
import type { NamespaceFacts, RemoteScope, ScopeConfig } from '../../record/remote-config.ts'
import {
  decideScope,
  explainScope,
  noRemoteScope,
  parseScopeRules,
  type ScopeExplanation,
} from '../../scope/decide.ts'

/**
 * Keeps which namespaces are selected and says when that changes. A namespace that is deleted and made again under the
 * same name is another one: collection stops and starts.
 * Limit: one entry per namespace of the cluster.
 */
export interface Scope {
  put(namespace: NamespaceFacts): void
  remove(namespace: { readonly name: string; readonly uid: string }): void
  /** Throws with the name of the key that is wrong; the present selection then stays. */
  setRules(config: ScopeConfig, remote: RemoteScope): void
  /** The namespace is there. */
  has(name: string): boolean
  /** Also of a namespace not seen yet: by its name alone. */
  decide(name: string): ScopeDecision
  explain(name: string): ScopeExplanation
  selected(): readonly string[]
  namespaces(): readonly (NamespaceFacts & ScopeDecision)[]
}

export interface ScopeChange {
  readonly type: 'start' | 'stop'
  readonly namespace: NamespaceFacts
  readonly reason: string
}

interface Entry {
  readonly namespace: NamespaceFacts
  readonly decision: ScopeDecision
}

export function createScope({ emit }: { emit: (change: ScopeChange) => void }, config: ScopeConfig): Scope {
  let rules = parseScopeRules(config, noRemoteScope)
  const entries = new Map<string, Entry>()

  function put(namespace: NamespaceFacts): void {
    const known = entries.get(namespace.name)
    if (known && known.namespace.uid !== namespace.uid) remove(known.namespace)
    const before = entries.get(namespace.name)?.decision.selected ?? false
    const decision = decideScope(rules, namespace)
    entries.set(namespace.name, { namespace, decision })
    if (decision.selected !== before) {
      emit({ type: decision.selected ? 'start' : 'stop', namespace, reason: decision.reason })
    }
  }

  function remove({ name, uid }: { readonly name: string; readonly uid: string }): void {
    const known = entries.get(name)
    if (!known || known.namespace.uid !== uid) return
    entries.delete(name)
    if (known.decision.selected) {
      emit({ type: 'stop', namespace: known.namespace, reason: 'the namespace was deleted' })
    }
  }

  const factsOf = (name: string): NamespaceFacts =>
    entries.get(name)?.namespace ?? { name, uid: '', labels: {}, rancherProject: '' }

  return {
    put,
    remove,
    setRules(next, remote) {
      rules = parseScopeRules(next, remote)
      for (const { namespace } of [...entries.values()]) put(namespace)
    },
    has: (name) => entries.has(name),
    decide: (name) => entries.get(name)?.decision ?? decideScope(rules, factsOf(name)),
    explain: (name) => explainScope(rules, factsOf(name)),
    namespaces: () => [...entries.values()].map(({ namespace, decision }) => ({ ...namespace, ...decision })),
    selected: () =>
      [...entries.values()].filter((one) => one.decision.selected).map((one) => one.namespace.name),
  }
}
