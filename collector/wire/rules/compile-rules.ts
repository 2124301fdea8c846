import { type IngestRule, rulesMax } from '../../record/ingest-rule.ts'
import type { OtlpSignal } from '../../record/otlp.ts'
import type { ResourceRow } from '../../record/span.ts'
import { compileRule, type Rule } from './compile-rule.ts'
import { editResource } from './edit-rows.ts'
import { createItemRules, type ItemRules } from './item-rules.ts'

/**
 * The rules of the configuration as functions. They are applied in their order: first to each resource of a request, once,
 * which leaves the few rules (often none) that can concern the items of that resource; then these to each item.
 */
export interface CompiledRules {
  /** What becomes of a resource as it was decoded, and of the items that come with it. */
  forResource(signal: OtlpSignal, decoded: ResourceRow): ResourceRules
}

export interface ResourceRules {
  /** With the changes of the rules; the id is that of the changed attributes. Rows of items are made from this one. */
  readonly resource: ResourceRow
  /** Undefined: no rule can concern an item of this resource. */
  readonly items: ItemRules | undefined
}

export interface RulesConfig {
  readonly rules: readonly IngestRule[]
  /** Key of the hashes that stand for redacted values; needed when a rule redacts with `hash`. */
  readonly hashKey: string
}

export interface RulesOptions {
  /** Told of every rule that a resource or an item meets. */
  readonly onMatch?: (rule: string) => void
}

/** Undefined when there are no rules. Throws one sentence that names the rule and the key. */
export function compileRules(config: RulesConfig, options: RulesOptions = {}): CompiledRules | undefined {
  if (config.rules.length === 0) return undefined
  if (config.rules.length > rulesMax) throw new Error(`ingest.rules: more than ${rulesMax} rules`)
  const rules = config.rules.map((rule, index) => {
    if (config.rules.findIndex(({ name }) => name === rule.name) !== index)
      throw new Error(`ingest.rules.${index}.name: two rules are called ${rule.name}`)
    return compileRule(rule, { key: `ingest.rules.${index}`, hashKey: config.hashKey })
  })
  if (options.onMatch) return { forResource: forResourceOf(rules, options.onMatch) }
  return { forResource: remembering(forResourceOf(rules, () => {})) }
}

function forResourceOf(
  rules: readonly Rule[],
  onMatch: (rule: string) => void,
): CompiledRules['forResource'] {
  return (signal, decoded) => {
    let resource = decoded
    const ofItems: Rule[] = []
    for (const rule of rules) {
      if (!rule.signals.has(signal) || !rule.conditions.resource(resource)) continue
      if (rule.resourceEdit) {
        onMatch(rule.name)
        resource = editResource(resource, rule.resourceEdit)
      }
      if (rule.itemAction) ofItems.push(rule)
      const ends = rule.itemAction?.type === 'keep' || rule.itemAction?.type === 'drop'
      if (ends && !rule.conditions.ofItems) break
    }
    return { resource, items: createItemRules(signal, ofItems, onMatch) }
  }
}

/** Oldest first out; a forgotten resource only meets the rules once more. */
const rememberedMax = 5_000

/** Senders name the same resources with every request: each meets the rules once. */
function remembering(forResource: CompiledRules['forResource']): CompiledRules['forResource'] {
  const known: Readonly<Record<OtlpSignal, Map<bigint, ResourceRules>>> = {
    traces: new Map(),
    logs: new Map(),
    metrics: new Map(),
  }
  return (signal, decoded) => {
    const ofSignal = known[signal]
    const found = ofSignal.get(decoded.resource_id)
    if (found) {
      const unchanged = found.resource.resource_id === decoded.resource_id
      const resource = unchanged ? decoded : { ...found.resource, last_seen: decoded.last_seen }
      return { resource, items: found.items }
    }
    const made = forResource(signal, decoded)
    if (ofSignal.size >= rememberedMax) ofSignal.delete(ofSignal.keys().next().value ?? 0n)
    ofSignal.set(decoded.resource_id, made)
    return made
  }
}
