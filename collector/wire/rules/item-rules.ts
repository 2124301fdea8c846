import type { OtlpSignal } from '../../record/otlp.ts'
import type { LogRow, MetricRow } from '../../record/signal.ts'
import type { SpanRow } from '../../record/span.ts'
import { assert } from '../../std/assert.ts'
import type { Rule } from './compile-rule.ts'
import type { SpanFacts } from './conditions.ts'
import { editLog, editMetric, editSpan } from './edit-rows.ts'
import type { Edit } from './edits.ts'
import type { Sampled, Sampler } from './sampler.ts'

/** The rule that took an item away; undefined: the item stays. */
export type FilteredBy = string | undefined

/** What the rules do to the items of one resource. Rows are changed in place. */
export interface ItemRules {
  /** Set when no rule changes what a span says: they only drop, keep or sample, which needs no row. */
  readonly spanFilter: SpanFilter | undefined
  applySpan(row: SpanRow): FilteredBy
  applyLog(row: LogRow): FilteredBy
  applyMetric(row: MetricRow): FilteredBy
}

export interface SpanFilter {
  /**
   * A text: the rule that takes the span away. Undefined: it is stored as it came. The trace id begins at `at` of `bytes`.
   */
  decide(span: FilteredSpan, bytes: Uint8Array, at: number): Sampled | string | undefined
}

export interface FilteredSpan extends SpanFacts {
  readonly trace_state: string
}

/** Undefined when there is nothing to do. */
export function createItemRules(
  signal: OtlpSignal,
  rules: readonly Rule[],
  onMatch: (rule: string) => void,
): ItemRules | undefined {
  if (rules.every(({ itemAction }) => itemAction?.type === 'keep')) return undefined
  return {
    spanFilter: signal === 'traces' ? spanFilter(rules) : undefined,
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

function spanFilter(rules: readonly Rule[]): SpanFilter | undefined {
  if (rules.some(({ itemAction }) => itemAction?.type === 'edit')) return undefined
  return {
    decide(span, bytes, at) {
      let sampled: Sampled | undefined
      for (const { name, conditions, itemAction } of rules) {
        if (!conditions.span(span)) continue
        if (itemAction?.type === 'keep') break
        if (itemAction?.type === 'drop') return name
        if (itemAction?.type !== 'sample') continue
        sampled = itemAction.sampler.decide(bytes, at, sampled?.traceState ?? span.trace_state)
        if (!sampled) return name
      }
      return sampled
    },
  }
}
