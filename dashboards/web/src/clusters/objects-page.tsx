import type { ObjectList } from '@binnacle/collector/api/objects'
import { useApi } from '../api.ts'
import { formatCount, formatPlural } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { FacetChips, FilterBar } from '../parts/filter-bar.tsx'
import { TextFilter } from '../parts/text-filter.tsx'
import { listOf } from '../search-params.ts'
import { useSearchParams, useTimeRange } from '../url-state.ts'
import { ClusterFrame, useClusterId } from './cluster-frame.tsx'
import { FindingChips } from './finding-chips.tsx'
import { kindTitle } from './kind-title.ts'
import { NamespaceChips } from './namespace-chips.tsx'
import { OpenObject } from './object-panel.tsx'
import { ObjectTable } from './object-table.tsx'

/** Objects of any kind: the rows behind the numbers of the inventory. */
export function ObjectsPage() {
  const clusterId = useClusterId()
  const { from, to } = useTimeRange()
  const { kind, namespace, finding, q } = useSearchParams()
  const path = `/clusters/${encodeURIComponent(clusterId)}/objects`
  const answer = useApi<ObjectList>(path, { from, to, kind, namespace, finding, q })
  const kinds = listOf(kind)
  return (
    <ClusterFrame part={kinds.length === 1 ? kindTitle(kinds[0] ?? '') : 'Objects'}>
      <FilterBar>
        <TextFilter label="Object name" />
        <FindingChips />
        <NamespaceChips />
        <FacetChips name="kind" label="Kind" values={answer.data?.kinds ?? []} menu />
      </FilterBar>
      <AnswerView answer={answer} height={480}>
        {({ objects, total }) =>
          objects.length === 0 ? (
            <EmptyState title="No object matches">
              Take away a filter. A kind that is missing altogether is one that the agent may not list: see
              its health under Settings ▸ Agents.
            </EmptyState>
          ) : (
            <Card
              title={
                total > objects.length
                  ? `${formatCount(objects.length)} of ${formatCount(total)} objects`
                  : formatPlural(total, 'object')
              }
            >
              <ObjectTable clusterId={clusterId} objects={objects} />
            </Card>
          )
        }
      </AnswerView>
      <OpenObject clusterId={clusterId} />
    </ClusterFrame>
  )
}
