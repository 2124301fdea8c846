import {
  type ConditionDraft,
  isKeyed,
  matchFields,
  matchTypes,
  newCondition,
  type RuleDraft,
} from './rule-draft.ts'

interface Props {
  readonly rule: RuleDraft
  readonly onChange: (rule: RuleDraft) => void
}

/** Everything about one rule. */
export function RuleForm({ rule, onChange }: Props) {
  const setCondition = (changed: ConditionDraft) =>
    onChange({ ...rule, when: rule.when.map((one) => (one.id === changed.id ? changed : one)) })
  return (
    <div className="rule-form">
      <div className="rule-line">
        <label>
          Label
          <input
            value={rule.label}
            placeholder="for people"
            onChange={(event) => onChange({ ...rule, label: event.target.value })}
          />
        </label>
        <label className="rule-short">
          Priority
          <input
            inputMode="numeric"
            value={rule.priority}
            title="The highest is asked first; the first that fits decides"
            onChange={(event) => onChange({ ...rule, priority: event.target.value.replace(/[^-\d]/g, '') })}
          />
        </label>
        <label>
          Entry tiers
          <input
            value={rule.services}
            placeholder="all"
            onChange={(event) => onChange({ ...rule, services: event.target.value })}
          />
        </label>
      </div>
      <fieldset className="rule-conditions">
        <legend>When all of these hold</legend>
        {rule.when.map((condition) => (
          <Condition
            key={condition.id}
            condition={condition}
            onChange={setCondition}
            onRemove={() => onChange({ ...rule, when: rule.when.filter((one) => one.id !== condition.id) })}
          />
        ))}
        {rule.when.length === 0 && <p className="quiet">No condition: every call of these tiers.</p>}
        <button
          type="button"
          className="button"
          onClick={() => onChange({ ...rule, when: [...rule.when, newCondition()] })}
        >
          Add a condition
        </button>
      </fieldset>
      <div className="rule-line">
        <label className="rule-short">
          Then
          <select
            value={rule.action}
            onChange={(event) =>
              onChange({ ...rule, action: event.target.value === 'exclude' ? 'exclude' : 'name' })
            }
          >
            <option value="name">name it</option>
            <option value="exclude">leave it out</option>
          </select>
        </label>
        {rule.action === 'name' && (
          <label className="rule-name">
            Name
            <input
              value={rule.name}
              placeholder="Cart {segment:2}"
              title="{segment:1} of the path, {group:1} of the first expression, {attribute:KEY}, {method}, {route}, {operation}, {service}, {transaction}"
              onChange={(event) => onChange({ ...rule, name: event.target.value })}
            />
          </label>
        )}
      </div>
      {rule.action === 'name' && (
        <p className="quiet rule-hint">
          Calls of one name are one transaction. A name may hold <code>{'{segment:1}'}</code> of the path,{' '}
          <code>{'{group:1}'}</code> of the first expression, <code>{'{attribute:KEY}'}</code>,{' '}
          <code>{'{method}'}</code>, <code>{'{route}'}</code>, <code>{'{operation}'}</code>,{' '}
          <code>{'{service}'}</code> and <code>{'{transaction}'}</code>, the name without rules.
        </p>
      )}
    </div>
  )
}

interface ConditionProps {
  readonly condition: ConditionDraft
  readonly onChange: (condition: ConditionDraft) => void
  readonly onRemove: () => void
}

function Condition({ condition, onChange, onRemove }: ConditionProps) {
  const { field, key, match, value, not } = condition
  return (
    <div className="rule-condition">
      <select
        aria-label="What"
        value={field}
        onChange={(event) => onChange({ ...condition, field: keyIn(matchFields, event.target.value, field) })}
      >
        <Options of={matchFields} />
      </select>
      {isKeyed(field) && (
        <input
          aria-label={`Name of the ${field}`}
          placeholder={field === 'header' ? 'x-tenant' : 'app.tenant'}
          value={key}
          onChange={(event) => onChange({ ...condition, key: event.target.value })}
        />
      )}
      <label className="rule-not">
        <input
          type="checkbox"
          checked={not}
          onChange={(event) => onChange({ ...condition, not: event.target.checked })}
        />{' '}
        not
      </label>
      <select
        aria-label="Test"
        value={match}
        onChange={(event) => onChange({ ...condition, match: keyIn(matchTypes, event.target.value, match) })}
      >
        <Options of={matchTypes} />
      </select>
      {match !== 'IS_NOT_EMPTY' && (
        <input
          aria-label="Value"
          className="rule-value"
          placeholder={
            match === 'IS_IN_LIST' ? 'a, b, c' : match === 'MATCHES_REGEX' ? '^/orders/([^/]+)' : '/cart'
          }
          value={value}
          onChange={(event) => onChange({ ...condition, value: event.target.value })}
        />
      )}
      <button
        type="button"
        className="icon-button"
        aria-label="Remove the condition"
        title="Remove the condition"
        onClick={onRemove}
      >
        ✕
      </button>
    </div>
  )
}

function Options({ of }: { readonly of: Readonly<Record<string, string>> }) {
  return Object.entries(of).map(([value, label]) => (
    <option key={value} value={value}>
      {label}
    </option>
  ))
}

/** The key of that name; another one than those leaves things as they are. */
function keyIn<Key extends string>(of: Readonly<Record<Key, string>>, text: string, otherwise: Key): Key {
  return (Object.keys(of) as Key[]).find((key) => key === text) ?? otherwise
}
