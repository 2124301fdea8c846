import { useSearchParams, useSetSearch } from '../url-state.ts'
import { Popover } from './popover.tsx'

const choices = [
  { value: 'daily', label: 'Daily baseline', hint: 'the same hour of the day, last 30 days' },
  { value: 'weekly', label: 'Weekly baseline', hint: 'the same hour of the weekday, last 90 days' },
  {
    value: 'monthly',
    label: 'Monthly baseline',
    hint: 'the same hour of the day of the month, last 365 days',
  },
  { value: 'all', label: 'All-data baseline', hint: 'every hour of the last 15 days' },
  { value: 'previous', label: 'Previous period', hint: 'as long as this one, right before it' },
  { value: 'none', label: 'Nothing', hint: 'charts and tables without comparison' },
] as const

const usual = 'daily'

/** What the page compares with; it lives in the URL beside the time range. */
export function ComparePicker() {
  const { compare, spread } = useSearchParams()
  const set = useSetSearch()
  const chosen = choices.find(({ value }) => value === compare) ?? choices[0]
  const robust = spread === 'robust'
  const [first, ...rest] = chosen.label.toLowerCase().split(' ')
  const label = (
    <>
      vs {first} <span className="compare-rest">{rest.join(' ')}</span>
    </>
  )
  return (
    <Popover label={label} title={`Compare with: ${chosen.hint}`}>
      {(close) => (
        <div className="compare-choices">
          {choices.map(({ value, label: name, hint }) => (
            <button
              key={value}
              type="button"
              className="button"
              aria-pressed={chosen.value === value}
              onClick={() => {
                set({ compare: value === usual ? undefined : value })
                close()
              }}
            >
              {name} <span className="quiet">{hint}</span>
            </button>
          ))}
          <label className="compare-spread">
            <input
              type="checkbox"
              checked={robust}
              onChange={() => set({ spread: robust ? undefined : 'robust' })}
            />
            Robust: median ± MAD, which a few bad hours do not widen, instead of mean ± σ
          </label>
        </div>
      )}
    </Popover>
  )
}
