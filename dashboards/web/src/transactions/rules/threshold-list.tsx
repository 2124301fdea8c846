import { type LimitDraft, type LimitKind, newThreshold, type ThresholdDraft } from './rule-draft.ts'

interface Props {
  readonly thresholds: readonly ThresholdDraft[]
  readonly onChange: (thresholds: readonly ThresholdDraft[]) => void
}

const kinds: Readonly<Record<LimitKind, string>> = {
  '': 'default',
  deviations: 'mean + … σ',
  ms: 'ms, fixed',
  percentile: 'percentile',
}
const limits = [
  { name: 'slow', label: 'Slow' },
  { name: 'verySlow', label: 'Very slow' },
  { name: 'stall', label: 'Stalled' },
] as const

/** From when on calls are slow: the first row that fits a call counts. */
export function ThresholdList({ thresholds, onChange }: Props) {
  const change = (changed: ThresholdDraft) =>
    onChange(thresholds.map((one) => (one.id === changed.id ? changed : one)))
  return (
    <>
      <p className="quiet rule-hint">
        By default a call is slow above the mean + 3 σ of the 120 minutes before, very slow above + 4 σ,
        stalled above + 300 σ or from 45 s on. Of what varies by more than half of its mean, multiples of the
        mean count.
      </p>
      <ol className="rule-list">
        {thresholds.map((one) => (
          <li key={one.id}>
            <div className="rule-line">
              <label>
                Entry tier
                <input
                  value={one.service}
                  placeholder="all"
                  onChange={(event) => change({ ...one, service: event.target.value })}
                />
              </label>
              <label>
                Transaction
                <input
                  value={one.transaction}
                  placeholder="all"
                  onChange={(event) => change({ ...one, transaction: event.target.value })}
                />
              </label>
              {limits.map(({ name, label }) => (
                <LimitField
                  key={name}
                  label={label}
                  limit={one[name]}
                  onChange={(limit) => change({ ...one, [name]: limit })}
                />
              ))}
              <button
                type="button"
                className="button"
                onClick={() => onChange(thresholds.filter((other) => other.id !== one.id))}
              >
                Remove
              </button>
            </div>
          </li>
        ))}
      </ol>
      <button type="button" className="button" onClick={() => onChange([...thresholds, newThreshold()])}>
        Add thresholds
      </button>
    </>
  )
}

interface LimitProps {
  readonly label: string
  readonly limit: LimitDraft
  readonly onChange: (limit: LimitDraft) => void
}

function LimitField({ label, limit, onChange }: LimitProps) {
  return (
    <fieldset className="rule-limit">
      <legend>{label}</legend>
      <select
        aria-label={`${label}: by`}
        value={limit.kind}
        onChange={(event) => {
          const kind = (Object.keys(kinds) as LimitKind[]).find((one) => one === event.target.value) ?? ''
          onChange({ ...limit, kind })
        }}
      >
        {Object.entries(kinds).map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      {limit.kind !== '' && (
        <input
          aria-label={`${label}: value`}
          inputMode="decimal"
          value={limit.value}
          onChange={(event) => onChange({ ...limit, value: event.target.value.replace(/[^\d.]/g, '') })}
        />
      )}
    </fieldset>
  )
}
