import type { FlowMap } from '@binnacle/collector/api/applications'
import { lazy, Suspense } from 'react'
import { useApi } from '../api.ts'
import { Card } from '../parts/card.tsx'
import { ErrorState } from '../parts/error-state.tsx'
import { SidePanel } from '../parts/side-panel.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { useComparedRange, useSearchParams, useSetSearch } from '../url-state.ts'
import { FlowDetails, titleOfFlow } from './flow-details.tsx'
import { FlowTable } from './flow-table.tsx'
import { NoSpansYet } from './no-spans-yet.tsx'

/** The layout library is only loaded where a map is drawn. */
const FlowMapView = lazy(async () => ({ default: (await import('./flow-map-view.tsx')).FlowMapView }))

/** The flow map, or the same as a table; what is chosen is in the URL and explained in the side panel. */
export function FlowMapCard({
  application,
  height,
}: {
  readonly application: string
  readonly height: number
}) {
  const range = useComparedRange()
  const search = useSearchParams()
  const setSearch = useSetSearch()
  const found = useApi<FlowMap>(`/applications/${encodeURIComponent(application)}/flow-map`, range)
  const asTable = search['map'] === 'table'
  const selected = search['flow']
  const select = (id: string | undefined) =>
    setSearch({ flow: id === selected ? undefined : id }, { replace: true })

  return (
    <Card
      title="Flow map"
      dimmed={found.dimmed}
      actions={
        <button
          type="button"
          className="button"
          onClick={() => setSearch({ map: asTable ? undefined : 'table' })}
        >
          {asTable ? 'As map' : 'As table'}
        </button>
      }
    >
      {found.error ? (
        <ErrorState error={found.error} onRetry={() => found.refetch()} />
      ) : !found.data ? (
        <Skeleton height={height} />
      ) : found.data.nodes.length === 0 ? (
        <NoSpansYet />
      ) : asTable ? (
        <FlowTable map={found.data} application={application} onSelect={select} />
      ) : (
        <Suspense fallback={<Skeleton height={height} />}>
          <FlowMapView map={found.data} height={height} selected={selected} onSelect={select} />
        </Suspense>
      )}
      {found.data && selected !== undefined && titleOfFlow(found.data, selected) !== undefined && (
        <div className="flow-side">
          <SidePanel title={titleOfFlow(found.data, selected) ?? ''} onClose={() => select(undefined)}>
            <FlowDetails map={found.data} application={application} id={selected} onSelect={select} />
          </SidePanel>
        </div>
      )}
    </Card>
  )
}
