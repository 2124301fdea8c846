import type { ReactNode } from 'react'
import { formatCount } from '../format.ts'
import { listOf, toggleInList } from '../search-params.ts'
import { useSearchParams, useSetSearch } from '../url-state.ts'
import { Popover } from './popover.tsx'

interface ChipProps {
  readonly pressed: boolean
  readonly count?: number
  readonly onToggle: () => void
  readonly children: ReactNode
}

export function Chip({ pressed, count, onToggle, children }: ChipProps) {
  return (
    <button type="button" className="chip" aria-pressed={pressed} onClick={onToggle}>
      {children}
      {count !== undefined && <span className="chip-count">{formatCount(count)}</span>}
    </button>
  )
}

interface FacetProps {
  /** The URL parameter, which is the API's too. */
  readonly name: string
  readonly label: string
  readonly values: readonly { readonly value: string; readonly count: number }[]
  /** Values behind a button: for facets with many, or seldom used ones. */
  readonly menu?: boolean
}

/** More values than this take too much room beside each other. */
const chipsMax = 8

/** The values of a facet with their counts; several of one facet mean any of them. */
export function FacetChips({ name, label, values, menu = values.length > chipsMax }: FacetProps) {
  const search = useSearchParams()
  const set = useSetSearch()
  const chosen = listOf(search[name])
  const gone = chosen.filter((one) => !values.some(({ value }) => value === one))
  const all = [...values, ...gone.map((value) => ({ value, count: 0 }))].filter(({ value }) => value !== '')
  if (all.length < 2 && chosen.length === 0) return null
  const chips = all.map(({ value, count }) => (
    <Chip
      key={value}
      pressed={chosen.includes(value)}
      count={count}
      onToggle={() => set({ [name]: toggleInList(search[name], value) })}
    >
      {value}
    </Chip>
  ))
  if (!menu) {
    return (
      <div className="filter-facet">
        <span className="filter-name">{label}</span>
        {chips}
      </div>
    )
  }
  return (
    <div className="filter-facet">
      <Popover label={label} kind="chip">
        {() => <div className="filter-menu">{chips}</div>}
      </Popover>
      {chips.filter((_, index) => chosen.includes(all[index]?.value ?? ''))}
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
