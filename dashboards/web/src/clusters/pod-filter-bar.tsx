import type { Facet } from '@binnacle/collector/api/clusters'
import { Chip, FacetChips, FilterBar } from '../parts/filter-bar.tsx'
import { TextFilter } from '../parts/text-filter.tsx'
import { useSearchParams, useSetSearch } from '../url-state.ts'
import { FindingChips } from './finding-chips.tsx'

const facetsShown = [
  { name: 'health', label: 'Health', menu: false },
  { name: 'namespace', label: 'Namespace' },
  { name: 'status', label: 'Status', menu: true },
  { name: 'phase', label: 'Phase', menu: true },
  { name: 'workload', label: 'Workload', menu: true },
  { name: 'node', label: 'Node', menu: true },
  { name: 'version', label: 'Version', menu: true },
]

export function PodFilterBar({ facets }: { readonly facets: readonly Facet[] }) {
  const { restarted, deleted } = useSearchParams()
  const set = useSetSearch()
  return (
    <FilterBar>
      <TextFilter label="Pod name" />
      <FindingChips />
      <Chip
        pressed={restarted === 'true'}
        onToggle={() => set({ restarted: restarted === 'true' ? undefined : 'true' })}
      >
        restarted
      </Chip>
      <Chip
        pressed={deleted === 'true'}
        onToggle={() => set({ deleted: deleted === 'true' ? undefined : 'true' })}
      >
        also gone
      </Chip>
      {facetsShown.map((shown) => (
        <FacetChips
          key={shown.name}
          {...shown}
          values={facets.find((facet) => facet.name === shown.name)?.values ?? []}
        />
      ))}
    </FilterBar>
  )
}
