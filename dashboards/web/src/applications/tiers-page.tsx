import type { TierList } from '@binnacle/collector/api/tiers'
import { useApi } from '../api.ts'
import { formatCount, formatPlural } from '../format.ts'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { ErrorState } from '../parts/error-state.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { useComparedRange, useSearchParams, useSetSearch } from '../url-state.ts'
import { ApplicationFrame, useApplication } from './application-page.tsx'
import { FlowMapCard } from './flow-map-card.tsx'
import { NodeTable } from './node-table.tsx'
import { TierTable } from './tier-table.tsx'

/** Tiers on top, and below them the nodes of all, or of the one that is chosen, with its neighbours. */
export function TiersPage() {
  const application = useApplication()
  const range = useComparedRange()
  const tier = useSearchParams()['tier']
  const setSearch = useSetSearch()
  const found = useApi<TierList>(`/applications/${encodeURIComponent(application)}/tiers`, range)
  return (
    <ApplicationFrame>
      {found.error ? (
        <ErrorState error={found.error} onRetry={() => found.refetch()} />
      ) : !found.data ? (
        <Skeleton height={480} />
      ) : found.data.tiers.length === 0 ? (
        <EmptyState title="No tier was called in this time range">Choose a longer time range.</EmptyState>
      ) : (
        <>
          <Card title="Tiers" hint="a row shows its map and nodes below" dimmed={found.dimmed}>
            <TierTable
              application={application}
              tiers={found.data.tiers}
              chosen={tier}
              onChoose={(service) => setSearch({ tier: service === tier ? undefined : service })}
            />
          </Card>
          {tier !== undefined && <FlowMapCard of={{ application, tier }} height={340} />}
          <Nodes application={application} list={found.data} tier={tier} dimmed={found.dimmed} />
        </>
      )}
    </ApplicationFrame>
  )
}

interface NodesProps {
  readonly application: string
  readonly list: TierList
  readonly tier: string | undefined
  readonly dimmed: boolean
}

function Nodes({ application, list, tier, dimmed }: NodesProps) {
  const setSearch = useSetSearch()
  const rows = list.tiers
    .filter((one) => tier === undefined || one.service === tier)
    .flatMap((one) => one.nodes.map((node) => ({ ...node, service: one.service })))
  return (
    <Card
      title={tier === undefined ? 'Nodes' : `Nodes of ${tier}`}
      hint={formatPlural(rows.length, 'node')}
      dimmed={dimmed}
      actions={
        tier !== undefined && (
          <button type="button" className="button" onClick={() => setSearch({ tier: undefined })}>
            All tiers
          </button>
        )
      }
    >
      {rows.length === 0 ? (
        <EmptyState title="This tier served no call in this time range">
          Choose a longer time range, or look at all tiers.
        </EmptyState>
      ) : (
        <NodeTable application={application} nodes={rows} />
      )}
      {list.truncated && (
        <p className="quiet">The {formatCount(rows.length)} busiest are listed; there are more.</p>
      )}
    </Card>
  )
}
