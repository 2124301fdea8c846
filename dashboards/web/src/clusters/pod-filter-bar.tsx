import type { Facet } from '@binnacle/collector/api/clusters'
import { Chip, FacetChips, FilterBar } from '../parts/filter-bar.tsx'
import { TextFilter } from '../parts/text-filter.tsx'
import { useSearchParams, useSetSearch } from '../url-state.ts'

const labels: Readonly<Record<string, string>> = {
  health: 'Health',
  status: 'Status',
  namespace: 'Namespace',
  workload: 'Workload',
  node: 'Node',
  version: 'Version',
}

export function PodFilterBar({ facets }: { readonly facets: readonly Facet[] }) {
  const { finding, restarted, deleted } = useSearchParams()
  const set = useSetSearch()
  return (
    <FilterBar>
      <TextFilter label="Pod name" />
      {finding && (
        <Chip pressed onToggle={() => set({ finding: undefined })}>
          {`finding: ${finding}`} ✕
        </Chip>
      )}
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
      {Object.entries(labels).map(([name, label]) => (
        <FacetChips
          key={name}
          name={name}
          label={label}
          values={facets.find((facet) => facet.name === name)?.values ?? []}
        />
      ))}
    </FilterBar>
  )
}
