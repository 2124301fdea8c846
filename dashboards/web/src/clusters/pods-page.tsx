import type { PodList } from '@binnacle/collector/api/clusters'
import { useApi } from '../api.ts'
import { formatCount, formatPlural } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { useSearchParams, useSetSearch, useTimeRange } from '../url-state.ts'
import { ClusterFrame, useClusterId } from './cluster-frame.tsx'
import { GroupSwitch, useGroupBy } from './group-switch.tsx'
import { HeatLegend } from './heat-legend.tsx'
import { HeatMap } from './heat-map.tsx'
import { NoNamespaceYet } from './opt-in-hint.tsx'
import { PodFilterBar } from './pod-filter-bar.tsx'
import { hasPodFilter, podParams } from './pod-filters.ts'
import { PodPanel } from './pod-panel.tsx'
import { PodTable } from './pod-table.tsx'

/** Every pod: as a square, as a row, and in detail. */
export function PodsPage() {
  const clusterId = useClusterId()
  const { from, to } = useTimeRange()
  const search = useSearchParams()
  const set = useSetSearch()
  const answer = useApi<PodList>(`/clusters/${encodeURIComponent(clusterId)}/pods`, {
    from,
    to,
    ...podParams(search),
  })
  const chosen = search['pod']
  const open = (uid: string) => set({ pod: uid }, { replace: chosen !== undefined })
  return (
    <ClusterFrame part="Pods">
      <PodFilterBar facets={answer.data?.facets ?? []} />
      <AnswerView answer={answer} height={480}>
        {(list) =>
          list.pods.length > 0 ? (
            <Pods list={list} selected={chosen} onOpen={open} />
          ) : hasPodFilter(search) ? (
            <EmptyState title="No pod matches">Take away a filter or widen the time range.</EmptyState>
          ) : (
            <NoNamespaceYet />
          )
        }
      </AnswerView>
      {chosen && (
        <PodPanel
          key={chosen}
          clusterId={clusterId}
          pod={answer.data?.pods.find((one) => one.uid === chosen || one.name === chosen)?.uid ?? chosen}
          onClose={() => set({ pod: undefined })}
        />
      )}
    </ClusterFrame>
  )
}

interface Props {
  readonly list: PodList
  readonly selected: string | undefined
  readonly onOpen: (uid: string) => void
}

function Pods({ list, selected, onOpen }: Props) {
  const cut = list.total > list.pods.length
  const title = cut
    ? `${formatCount(list.pods.length)} of ${formatCount(list.total)} pods`
    : formatPlural(list.pods.length, 'pod')
  return (
    <>
      <Card title={title} actions={<GroupSwitch />}>
        <HeatMap pods={list.pods} groupBy={useGroupBy()} selected={selected} onOpen={onOpen} />
        <HeatLegend />
        {cut && <p className="quiet">More pods match than are shown: narrow the filters to see the rest.</p>}
      </Card>
      <Card>
        <PodTable pods={list.pods} selected={selected} onOpen={onOpen} />
      </Card>
    </>
  )
}
