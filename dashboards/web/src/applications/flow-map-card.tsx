import type { FlowMap, FlowSample } from '@binnacle/collector/api/applications'
import { lazy, Suspense } from 'react'
import { useApi } from '../api.ts'
import { formatCount, formatDateTime } from '../format.ts'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { ErrorState } from '../parts/error-state.tsx'
import { SidePanel } from '../parts/side-panel.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { useComparedRange, useSearchParams, useSetSearch } from '../url-state.ts'
import { FlowDetails, titleOfFlow } from './flow-details.tsx'
import type { FlowScope } from './flow-filters.ts'
import { FlowLegend } from './flow-legend.tsx'
import { FlowTable } from './flow-table.tsx'
import { isBaseline } from './health.ts'
import { NoSpansYet } from './no-spans-yet.tsx'

/** The layout library is only loaded where a map is drawn. */
const FlowMapView = lazy(async () => ({ default: (await import('./flow-map-view.tsx')).FlowMapView }))

/**
 * The flow map of an application, of one of its tiers or of a transaction, or the same as a table; what is chosen is in the URL
 * and explained in the side panel.
 */
export function FlowMapCard({ of, height }: { readonly of: FlowScope; readonly height: number }) {
  const { application, tier, transaction } = of
  const range = useComparedRange()
  const search = useSearchParams()
  const setSearch = useSetSearch()
  const found = useApi<FlowMap>(`/applications/${encodeURIComponent(application)}/flow-map`, {
    ...range,
    tier,
    transaction,
  })
  const asTable = search['map'] === 'table'
  const selected = search['flow']
  const select = (id: string | undefined) =>
    setSearch({ flow: id === selected ? undefined : id }, { replace: true })

  return (
    <Card
      title={titleOf(of)}
      {...(found.data?.sample ? { hint: sampleText(found.data.sample) } : {})}
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
        tier === undefined ? (
          <NoSpansYet />
        ) : (
          <EmptyState title="Nothing was called here">{emptyText(of)}</EmptyState>
        )
      ) : asTable ? (
        <FlowTable map={found.data} of={of} onSelect={select} />
      ) : (
        <Suspense fallback={<Skeleton height={height} />}>
          <FlowMapView map={found.data} height={height} selected={selected} onSelect={select} />
          <FlowLegend compared={transaction === undefined && isBaseline(range['compare'])} />
        </Suspense>
      )}
      {found.data && selected !== undefined && titleOfFlow(found.data, selected) !== undefined && (
        <div className="flow-side">
          <SidePanel title={titleOfFlow(found.data, selected) ?? ''} onClose={() => select(undefined)}>
            <FlowDetails map={found.data} of={of} id={selected} onSelect={select} />
          </SidePanel>
        </div>
      )}
    </Card>
  )
}

function titleOf({ tier, transaction }: FlowScope): string {
  if (transaction !== undefined) return 'Flow map of the transaction'
  return tier === undefined ? 'Flow map' : `Flow map of ${tier}`
}

const emptyText = ({ transaction }: FlowScope) =>
  transaction === undefined
    ? 'Choose a longer time range.'
    : 'The transaction was not called in this time range, or its spans are no longer stored. Choose a longer one.'

/** Which calls the map is made of: rates are those of their time. */
function sampleText({ calls, fromMs, toMs, truncated }: FlowSample): string {
  return truncated
    ? `of its newest ${formatCount(calls)} calls, ${formatDateTime(fromMs)} – ${formatDateTime(toMs)}`
    : `of all its ${formatCount(calls)} calls`
}
