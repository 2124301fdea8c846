import { listOf, toggleInList } from '../search-params.ts'
import { useSearchParams, useSetSearch } from '../url-state.ts'
import type { Column } from './data-table.tsx'
import { Popover } from './popover.tsx'

/** The URL parameter with the columns that are hidden. */
const name = 'hide'

/** The columns that are not hidden; the first names the row and always stays. */
export function useShownColumns<Row>(columns: readonly Column<Row>[]): readonly Column<Row>[] {
  const hidden = listOf(useSearchParams()[name])
  return columns.filter((column, index) => index === 0 || !hidden.includes(column.header))
}

export function ColumnPicker({ headers }: { readonly headers: readonly string[] }) {
  const search = useSearchParams()
  const set = useSetSearch()
  const hidden = listOf(search[name])
  return (
    <Popover label="Columns">
      {() => (
        <fieldset className="column-picker">
          <legend className="visually-hidden">Columns shown</legend>
          {headers.slice(1).map((header) => (
            <label key={header}>
              <input
                type="checkbox"
                checked={!hidden.includes(header)}
                onChange={() => set({ [name]: toggleInList(search[name], header) }, { replace: true })}
              />{' '}
              {header}
            </label>
          ))}
        </fieldset>
      )}
    </Popover>
  )
}
