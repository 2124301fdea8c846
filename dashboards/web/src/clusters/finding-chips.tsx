import { Chip } from '../parts/filter-bar.tsx'
import { listOf, toggleInList } from '../search-params.ts'
import { useSearchParams, useSetSearch } from '../url-state.ts'

/** Findings that the list is narrowed to: they come from a number, and can only be taken away. */
export function FindingChips() {
  const { finding } = useSearchParams()
  const set = useSetSearch()
  return listOf(finding).map((one) => (
    <Chip key={one} pressed onToggle={() => set({ finding: toggleInList(finding, one) })}>
      {`finding: ${one.replaceAll('-', ' ')}`} ✕
    </Chip>
  ))
}
