import type { OtlpSignal } from '../../record/otlp.ts'
import type { LogRow, MetricRow } from '../../record/signal.ts'
import type { SpanRow } from '../../record/span.ts'
import { assert } from '../../std/assert.ts'
import { weightOf } from '../weight.ts'
import type { Rule } from './compile-rule.ts'
import { editLog, editMetric, editSpan } from './edit-rows.ts'
import type { Edit } from './edits.ts'
import type { Sampled, Sampler } from './sampler.ts'

/** The rule that took an item away; undefined: the item stays. */
export type FilteredBy = string | undefined

/** What the rules do to the items of one resource. Rows are changed in place. */
export interface ItemRules {
  /** Set when spans of this resource are only dropped or sampled, all alike: their ids and trace states decide. */
  readonly sampleOnly: SampleOnly | undefined
  applySpan(row: SpanRow): FilteredBy
  applyLog(row: LogRow): FilteredBy
  applyMetric(row: MetricRow): FilteredBy
}

export interface SampleOnly {
  /** The trace id begins at `at` of `bytes`. A text: the rule that takes the span away. */
  decide(bytes: Uint8Array, at: number, traceState: string): Sampled | string
}

/** Undefined when there is nothing to do. */
export function createItemRules(
  signal: OtlpSignal,
  rules: readonly Rule[],
  onMatch: (rule: string) => void,
): ItemRules | undefined {
  if (rules.every(({ itemAction }) => itemAction?.type === 'keep')) return undefined
  return {
    sampleOnly: signal === 'traces' ? sampleOnly(rules) : undefined,
    applySpan: (row) => apply(row, { rules, onMatch, steps: spanSteps }),
    applyLog: (row) => apply(row, { rules, onMatch, steps: logSteps }),
    applyMetric: (row) => apply(row, { rules, onMatch, steps: metricSteps }),
  }
}

interface Steps<Row> {
  meets(rule: Rule, row: Row): boolean
  /** Whether the row is kept; its weight and trace state say so. */
  sample(row: Row, sampler: Sampler): boolean
  edit(row: Row, edit: Edit): void
}

interface Applied<Row> {
  readonly rules: readonly Rule[]
  readonly steps: Steps<Row>
  readonly onMatch: (rule: string) => void
}

function apply<Row>(row: Row, { rules, steps, onMatch }: Applied<Row>): FilteredBy {
  for (const rule of rules) {
    if (!steps.meets(rule, row)) continue
    onMatch(rule.name)
    const action = rule.itemAction
    assert(action !== undefined, 'a rule without an action for items is not among those of items')
    if (action.type === 'keep') return undefined
    if (action.type === 'drop') return rule.name
    if (action.type === 'edit') steps.edit(row, action.edit)
    else if (!steps.sample(row, action.sampler)) return rule.name
  }
  return undefined
}

const spanSteps: Steps<SpanRow> = {
  meets: ({ conditions }, row) => conditions.span(row),
  sample(row, sampler) {
    const sampled = sampler.decide(row.trace_id, 0, row.trace_state)
    if (!sampled) return false
    row.trace_state = sampled.traceState
    row.weight = sampled.weight
    return true
  },
  edit: editSpan,
}

const logSteps: Steps<LogRow> = {
  meets: ({ conditions }, row) => conditions.log(row),
  /** A record of a trace shares its fate; one of no trace stays. */
  sample: (row, sampler) => row.trace_id.every((byte) => byte === 0) || sampler.keeps(row.trace_id),
  edit: editLog,
}

const metricSteps: Steps<MetricRow> = {
  meets: ({ conditions }, row) => conditions.metric(row),
  sample: () => true,
  edit: editMetric,
}

function sampleOnly(rules: readonly Rule[]): SampleOnly | undefined {
  const samples: { readonly name: string; readonly sampler: Sampler }[] = []
  let dropped: string | undefined
  for (const { name, conditions, itemAction } of rules) {
    if (conditions.ofItems) return undefined
    if (itemAction?.type === 'sample') samples.push({ name, sampler: itemAction.sampler })
    else if (itemAction?.type === 'drop') dropped = name
    else if (itemAction?.type === 'edit') return undefined
  }
  if (samples.length === 0 && dropped === undefined) return undefined
  return {
    decide(bytes, at, traceState) {
      let sampled: Sampled | undefined
      for (const { name, sampler } of samples) {
        sampled = sampler.decide(bytes, at, sampled?.traceState ?? traceState)
        if (!sampled) return name
      }
      return dropped ?? sampled ?? { traceState, weight: weightOf(traceState) }
    },
  }
}
