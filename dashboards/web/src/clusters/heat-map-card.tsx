import type { PodList } from '@binnacle/collector/api/clusters'
import { useNavigate } from '@tanstack/react-router'
import { useApi } from '../api.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { timeSearch } from '../search-params.ts'
import { useSearchParams, useTimeRange } from '../url-state.ts'
import { GroupSwitch, useGroupBy } from './group-switch.tsx'
import { HeatLegend } from './heat-legend.tsx'
import { HeatMap } from './heat-map.tsx'

/** All pods of the cluster as squares; a click goes to the pod. */
export function HeatMapCard({ clusterId }: { readonly clusterId: string }) {
  const { from, to } = useTimeRange()
  const search = useSearchParams()
  const groupBy = useGroupBy()
  const navigate = useNavigate()
  const answer = useApi<PodList>(`/clusters/${encodeURIComponent(clusterId)}/pods`, {
    from,
    to,
    namespace: search['namespace'],
  })
  const open = (pod: string) =>
    navigate({
      to: '/clusters/$clusterId/pods',
      params: { clusterId },
      search: { ...timeSearch(search), pod },
    })
  return (
    <Card title="Pods" actions={<GroupSwitch />}>
      <AnswerView answer={answer} height={160}>
        {(list) => <HeatMap pods={list.pods} groupBy={groupBy} selected={undefined} onOpen={open} />}
      </AnswerView>
      <HeatLegend />
    </Card>
  )
}
