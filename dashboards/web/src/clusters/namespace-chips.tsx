import { Chip } from '../parts/filter-bar.tsx'
import { listOf, toggleInList } from '../search-params.ts'
import { useSearchParams, useSetSearch } from '../url-state.ts'

/** Says that a page shows some namespaces only, and takes them away again. */
export function NamespaceChips() {
  const { namespace } = useSearchParams()
  const set = useSetSearch()
  const chosen = listOf(namespace)
  if (chosen.length === 0) return null
  return (
    <div className="chips">
      <span className="filter-name">Only namespace</span>
      {chosen.map((one) => (
        <Chip key={one} pressed onToggle={() => set({ namespace: toggleInList(namespace, one) })}>
          {one} ✕
        </Chip>
      ))}
    </div>
  )
}
