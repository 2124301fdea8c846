import { useSearchParams, useSetSearch } from '../url-state.ts'
import { type GroupBy, groupings } from './heat-map.ts'

export function useGroupBy(): GroupBy {
  const { group } = useSearchParams()
  return groupings.find((one) => one === group) ?? 'namespace'
}

export function GroupSwitch() {
  const groupBy = useGroupBy()
  const set = useSetSearch()
  return (
    <fieldset className="switch">
      <legend className="visually-hidden">Group by</legend>
      <span className="quiet">by</span>
      {groupings.map((one) => (
        <button
          key={one}
          type="button"
          className="chip"
          aria-pressed={one === groupBy}
          onClick={() => set({ group: one === 'namespace' ? undefined : one }, { replace: true })}
        >
          {one}
        </button>
      ))}
    </fieldset>
  )
}
