import type { ApplicationList } from '@binnacle/collector/api/applications'
import { useApi } from '../api.ts'
import { formatAgo, formatCount } from '../format.ts'
import { Card } from '../parts/card.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { ErrorState } from '../parts/error-state.tsx'
import { Page } from '../parts/page.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { Spark } from '../parts/spark.tsx'
import { useComparedRange } from '../url-state.ts'
import { ApplicationLink } from './application-links.tsx'
import { healthRank, isBaseline } from './health.ts'
import { HealthBadge, HealthLegend } from './health-badge.tsx'
import { NoSpansYet } from './no-spans-yet.tsx'
import { redColumns } from './red-columns.tsx'
import './applications.css'

/** Every application that sent spans in the time range. */
export function ApplicationsPage() {
  const range = useComparedRange()
  const found = useApi<ApplicationList>('/applications', range)
  return (
    <Page title="Applications">
      {found.error ? (
        <ErrorState error={found.error} onRetry={() => found.refetch()} />
      ) : !found.data ? (
        <Skeleton height={240} />
      ) : found.data.applications.length === 0 ? (
        <NoSpansYet />
      ) : (
        <Card>
          <DataTable
            rows={found.data.applications}
            rowKey={(row) => row.application}
            columns={[
              {
                header: 'Application',
                sort: (row) => row.application,
                cell: (row) => (
                  <ApplicationLink application={row.application}>
                    {row.application || 'no name'}
                  </ApplicationLink>
                ),
              },
              {
                header: 'Health',
                width: 190,
                hint: 'p95 and errors against their baselines',
                sort: (row) => healthRank(row.red),
                cell: (row) => <HealthBadge red={row.red} />,
              },
              {
                header: 'Tiers',
                numeric: true,
                sort: (row) => row.tiers,
                cell: (row) => formatCount(row.tiers),
              },
              {
                header: 'Nodes',
                numeric: true,
                sort: (row) => row.nodes,
                cell: (row) => formatCount(row.nodes),
              },
              ...redColumns<ApplicationList['applications'][number]>((row) => ({
                application: row.application,
              })),
              { header: 'Calls over time', cell: (row) => <Spark points={row.spark} /> },
              { header: 'Last seen', cell: (row) => formatAgo(row.lastSeenMs) },
            ]}
          />
          <HealthLegend compared={isBaseline(range['compare'])} />
        </Card>
      )}
    </Page>
  )
}
