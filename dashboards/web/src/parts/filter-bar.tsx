import type { ReactNode } from 'react'
import { listOf, toggleInList, useSearchParams, useSetSearch } from '../url-state.ts'

interface ChipProps {
  readonly pressed: boolean
  readonly count?: string
  readonly onToggle: () => void
  readonly children: ReactNode
}

export function Chip({ pressed, count, onToggle, children }: ChipProps) {
  return (
    <button type="button" className="chip" aria-pressed={pressed} onClick={onToggle}>
      {children}
      {count !== undefined && <span className="chip-count">{count}</span>}
    </button>
  )
}

interface FacetProps {
  /** The URL parameter, which is the API's too. */
  readonly name: string
  readonly label: string
  readonly values: readonly { readonly value: string; readonly count: number }[]
}

/** Values shown before "more": the rest opens on demand. */
const chipsMax = 8

export function FacetChips({ name, label, values }: FacetProps) {
  const search = useSearchParams()
  const set = useSetSearch()
  const chosen = listOf(search[name])
  const gone = chosen
    .filter((one) => !values.some(({ value }) => value === one))
    .map((value) => ({ value, count: 0 }))
  const all = [...values, ...gone]
  if (all.length < 2 && chosen.length === 0) return null
  const chip = ({ value, count }: { value: string; count: number }) => (
    <Chip
      key={value}
      pressed={chosen.includes(value)}
      count={String(count)}
      onToggle={() => set({ [name]: toggleInList(search[name], value) })}
    >
      {value || 'none'}
    </Chip>
  )
  const rest = all.slice(chipsMax).filter(({ value }) => !chosen.includes(value))
  const shown = all.filter((one) => !rest.includes(one))
  return (
    <div className="filter-facet">
      <span className="filter-name">{label}</span>
      {shown.map(chip)}
      {rest.length > 0 && (
        <details className="filter-rest">
          <summary className="chip">{rest.length} more</summary>
          <div className="filter-rest-list">{rest.map(chip)}</div>
        </details>
      )}
    </div>
  )
}

/** Filters of a list, all in the URL. */
export function FilterBar({ children }: { readonly children: ReactNode }) {
  return (
    <search className="filter-bar" aria-label="Filters">
      {children}
    </search>
  )
}
