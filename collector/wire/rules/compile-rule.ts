import type { IngestRule } from '../../record/ingest-rule.ts'
import type { OtlpSignal } from '../../record/otlp.ts'
import { type Conditions, compileConditions } from './conditions.ts'
import { type Edit, redactEdit, removeEdit, renameEdit, setEdit } from './edits.ts'
import { createSampler, type Sampler } from './sampler.ts'

export interface Rule {
  readonly name: string
  readonly signals: ReadonlySet<OtlpSignal>
  readonly conditions: Conditions
  /** Undefined: nothing is done to items. */
  readonly itemAction: ItemAction | undefined
  /** Undefined: nothing is done to resources. */
  readonly resourceEdit: Edit | undefined
}

export type ItemAction =
  | { readonly type: 'drop' }
  | { readonly type: 'keep' }
  | { readonly type: 'sample'; readonly sampler: Sampler }
  | { readonly type: 'edit'; readonly edit: Edit }

export interface RulePlace {
  /** Of the rule in the configuration, for messages. */
  readonly key: string
  readonly hashKey: string
}

/** Throws one sentence that names the rule and the key. */
export function compileRule(rule: IngestRule, { key, hashKey }: RulePlace): Rule {
  try {
    const conditions = compileConditions(`${key}.match`, rule.match ?? {})
    const action = compileAction(rule, { key, hashKey })
    const signals = signalsOf(rule, conditions, key)
    const target = rule.target ?? (editOf(rule)?.set ? 'items' : 'all')
    if (action.type !== 'edit') {
      if (rule.target !== undefined)
        throw new Error(`${key}.target: only remove, redact, set and rename have a target`)
      return { name: rule.name, signals, conditions, itemAction: action, resourceEdit: undefined }
    }
    if (target === 'resources' && conditions.ofItems)
      throw new Error(`${key}.target: a resource cannot meet conditions of its items (${key}.match)`)
    return {
      name: rule.name,
      signals,
      conditions,
      itemAction: target === 'resources' ? undefined : action,
      // A resource is shared: what only some of its items meet is not done to it.
      resourceEdit: target === 'items' || conditions.ofItems ? undefined : action.edit,
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`rule ${rule.name}: ${why}`, { cause })
  }
}

const editOf = ({ action }: IngestRule) => (typeof action === 'string' ? undefined : action)

function compileAction({ action }: IngestRule, { key, hashKey }: RulePlace): ItemAction {
  if (typeof action === 'string') return { type: action }
  const { sample, remove, redact, set, rename } = action
  if (sample) return { type: 'sample', sampler: createSampler(sample.ratio) }
  if (remove) return { type: 'edit', edit: removeEdit(`${key}.action.remove`, remove) }
  if (set) return { type: 'edit', edit: setEdit(set) }
  if (rename) return { type: 'edit', edit: renameEdit(rename) }
  if (redact?.with === 'hash' && hashKey === '')
    throw new Error(`${key}.action.redact.with: hash needs a key: set ingest.hashKey or ingest.hashKeyFile`)
  if (redact && !redact.keys && !redact.values)
    throw new Error(`${key}.action.redact: neither keys nor values are given`)
  if (redact) return { type: 'edit', edit: redactEdit(`${key}.action.redact`, redact, hashKey) }
  throw new Error(`${key}.action: it does nothing`)
}

function signalsOf(rule: IngestRule, conditions: Conditions, key: string): ReadonlySet<OtlpSignal> {
  const possible = conditions.signals
  const [other] = rule.signals?.filter((signal) => !possible.includes(signal)) ?? []
  if (other) throw new Error(`${key}.signals: items of ${other} cannot meet ${key}.match`)
  if (possible.length === 0)
    throw new Error(`${key}.match: its conditions are of different signals, nothing meets them all`)
  const signals = (rule.signals ?? possible).filter(
    // There is no such thing as a tenth of a series.
    (signal) => signal !== 'metrics' || !editOf(rule)?.sample,
  )
  if (signals.length === 0) throw new Error(`${key}.action.sample: metrics are not sampled`)
  return new Set(signals)
}
