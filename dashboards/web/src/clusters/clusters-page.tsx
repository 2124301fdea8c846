import type { ClusterList } from '@binnacle/collector/api/clusters'
import { useApi } from '../api.ts'
import { Card } from '../parts/card.tsx'
import { ErrorState } from '../parts/error-state.tsx'
import { Page } from '../parts/page.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { useTimeRange } from '../url-state.ts'
import { ClusterTable } from './cluster-table.tsx'
import { NoClusterYet } from './opt-in-hint.tsx'

export function ClustersPage() {
  const { from, to } = useTimeRange()
  const found = useApi<ClusterList>('/clusters', { from, to })
  return (
    <Page title="Clusters">
      {found.error ? (
        <ErrorState error={found.error} onRetry={found.refetch} />
      ) : !found.data ? (
        <Skeleton height={160} />
      ) : found.data.clusters.length === 0 ? (
        <NoClusterYet />
      ) : (
        <Card dimmed={found.dimmed}>
          <ClusterTable clusters={found.data.clusters} />
        </Card>
      )}
    </Page>
  )
}
