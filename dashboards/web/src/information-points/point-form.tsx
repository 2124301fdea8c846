import type { AttributeKeys } from '@binnacle/collector/api/information-points'
import type { AttributeCondition, InformationPoint } from '@binnacle/collector/record/information-point'

interface Props {
  readonly draft: InformationPoint
  readonly keys: AttributeKeys['keys']
  readonly onChange: (draft: InformationPoint) => void
}

const aggregations: Readonly<Record<InformationPoint['aggregation'], string>> = {
  count: 'Number of spans',
  sum: 'Sum',
  mean: 'Mean',
  p95: '95th percentile',
  min: 'Least',
  max: 'Most',
}
const comparisons: readonly AttributeCondition['is'][] = [
  'equal',
  'not equal',
  'contains',
  'starts with',
  'ends with',
  'matches',
  'exists',
]
const conditionsMax = 8

/** The definition as fields; attributes that spans have had lately are suggested. */
export function PointForm({ draft, keys, onChange }: Props) {
  const set = (change: Partial<InformationPoint>) => onChange({ ...draft, ...change })
  const setCondition = (at: number, change: Partial<AttributeCondition>) =>
    set({ conditions: draft.conditions.map((one, index) => (index === at ? { ...one, ...change } : one)) })
  const text = (
    name: 'name' | 'unit' | 'service' | 'operation' | 'attribute' | 'groupBy' | 'description',
  ) => ({
    value: draft[name],
    onChange: (event: { target: { value: string } }) => set({ [name]: event.target.value }),
    autoComplete: 'off',
    spellCheck: false,
  })
  const counts = draft.aggregation === 'count'
  return (
    <form className="point-form" aria-label="Definition" onSubmit={(event) => event.preventDefault()}>
      <label>
        Name
        <input {...text('name')} maxLength={80} placeholder="Revenue" />
      </label>
      <label>
        What
        <select
          value={draft.aggregation}
          onChange={(event) => set({ aggregation: event.target.value as InformationPoint['aggregation'] })}
        >
          {Object.entries(aggregations).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {!counts && (
        <>
          <label>
            Of the attribute
            <input {...text('attribute')} list="numeric-attributes" placeholder="order.total" />
          </label>
          <label>
            Unit
            <input {...text('unit')} maxLength={20} placeholder="EUR" />
          </label>
        </>
      )}
      <label>
        Tier
        <input {...text('service')} placeholder="any" />
      </label>
      <label>
        Operation (name of the span)
        <input {...text('operation')} placeholder="any" />
      </label>
      <label>
        By
        <input {...text('groupBy')} list="span-attributes" placeholder="no groups" />
      </label>
      {draft.groupBy !== '' && (
        <label>
          Groups shown apart
          <input
            type="number"
            min={1}
            max={20}
            value={draft.groupsMax}
            onChange={(event) =>
              set({ groupsMax: Math.min(20, Math.max(1, Number(event.target.value) || 1)) })
            }
          />
        </label>
      )}
      <fieldset>
        <legend>Where an attribute</legend>
        {draft.conditions.map((condition, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: conditions have no name but their place
          <div key={at} className="point-condition">
            <input
              aria-label={`Attribute of condition ${at + 1}`}
              value={condition.key}
              list="span-attributes"
              placeholder="user.tier"
              onChange={(event) => setCondition(at, { key: event.target.value })}
            />
            <select
              aria-label={`Comparison of condition ${at + 1}`}
              value={condition.is}
              onChange={(event) => setCondition(at, { is: event.target.value as AttributeCondition['is'] })}
            >
              {comparisons.map((is) => (
                <option key={is}>{is}</option>
              ))}
            </select>
            {condition.is !== 'exists' && (
              <input
                aria-label={`Value of condition ${at + 1}`}
                value={condition.value}
                onChange={(event) => setCondition(at, { value: event.target.value })}
              />
            )}
            <button
              type="button"
              className="icon-button"
              aria-label={`Take condition ${at + 1} away`}
              onClick={() => set({ conditions: draft.conditions.filter((_, index) => index !== at) })}
            >
              ✕
            </button>
          </div>
        ))}
        {draft.conditions.length < conditionsMax && (
          <button
            type="button"
            className="button"
            onClick={() => set({ conditions: [...draft.conditions, { key: '', is: 'equal', value: '' }] })}
          >
            Add a condition
          </button>
        )}
      </fieldset>
      <label className="point-description">
        Description
        <input {...text('description')} maxLength={500} />
      </label>
      <datalist id="span-attributes">
        {keys.map(({ key, samples }) => (
          <option key={key} value={key} label={samples.join(', ')} />
        ))}
      </datalist>
      <datalist id="numeric-attributes">
        {keys
          .filter(({ numeric }) => numeric)
          .map(({ key, samples }) => (
            <option key={key} value={key} label={samples.join(', ')} />
          ))}
      </datalist>
    </form>
  )
}
