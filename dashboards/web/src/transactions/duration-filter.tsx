import { useSearchParams, useSetSearch } from '../url-state.ts'

/** How long a call took at least and at most, in the URL as `minMs` and `maxMs`. */
export function DurationFilter() {
  const search = useSearchParams()
  const set = useSetSearch()
  const field = (name: 'minMs' | 'maxMs', label: string, hint: string) => (
    <input
      key={`${name}${search[name] ?? ''}`}
      type="number"
      min={0}
      step="any"
      aria-label={label}
      placeholder={hint}
      defaultValue={search[name] ?? ''}
      onBlur={(event) => change(name, event.target.value)}
      onKeyDown={(event) => {
        if (event.key === 'Enter') change(name, event.currentTarget.value)
      }}
    />
  )
  const change = (name: 'minMs' | 'maxMs', value: string) => {
    if (value !== (search[name] ?? '')) set({ [name]: value || undefined, before: undefined })
  }
  return (
    <div className="filter-facet snapshot-duration">
      <span className="filter-name">Duration</span>
      {field('minMs', 'At least, in ms', 'from ms')}
      {field('maxMs', 'At most, in ms', 'to ms')}
    </div>
  )
}
