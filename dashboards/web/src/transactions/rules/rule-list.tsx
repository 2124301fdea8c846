import { useState } from 'react'
import { EmptyState } from '../../parts/empty-state.tsx'
import { describeRule, newRule, type RuleDraft } from './rule-draft.ts'
import { RuleForm } from './rule-form.tsx'

interface Props {
  readonly rules: readonly RuleDraft[]
  readonly onChange: (rules: readonly RuleDraft[]) => void
}

/** The rules in the order they are asked; one at a time is open. */
export function RuleList({ rules, onChange }: Props) {
  const [open, setOpen] = useState<number>()
  const change = (changed: RuleDraft) =>
    onChange(rules.map((rule) => (rule.id === changed.id ? changed : rule)))
  const add = () => {
    const rule = newRule()
    onChange([...rules, rule])
    setOpen(rule.id)
  }
  const ordered = rules.toSorted((a, b) => Number(b.priority) - Number(a.priority))
  return (
    <>
      {rules.length === 0 && (
        <EmptyState title="No rules: names are found by themselves">
          HTTP calls are named by method and route, or the first two segments of the path with ids as{' '}
          <code>{'{id}'}</code>; RPC by service and method; messages by their destination. A rule renames,
          groups or leaves out what fits.
        </EmptyState>
      )}
      <ol className="rule-list">
        {ordered.map((rule) => (
          <li key={rule.id}>
            <div className="rule-summary">
              <b>{rule.label || 'no label yet'}</b>
              <span className="quiet" title={describeRule(rule)}>
                {describeRule(rule)}
              </span>
              <span>{rule.action === 'exclude' ? 'left out' : `→ ${rule.name || '…'}`}</span>
              <span className="quiet">priority {rule.priority || '0'}</span>
              <button
                type="button"
                className="button"
                aria-expanded={open === rule.id}
                onClick={() => setOpen(open === rule.id ? undefined : rule.id)}
              >
                {open === rule.id ? 'Close' : 'Edit'}
              </button>
              <button
                type="button"
                className="button"
                onClick={() => onChange(rules.filter((one) => one.id !== rule.id))}
              >
                Remove
              </button>
            </div>
            {open === rule.id && <RuleForm rule={rule} onChange={change} />}
          </li>
        ))}
      </ol>
      <button type="button" className="button" onClick={add}>
        Add a rule
      </button>
    </>
  )
}
