import type { OperationList } from '@binnacle/collector/api/applications'
import { useApi } from '../api.ts'
import { Card } from '../parts/card.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { ErrorState } from '../parts/error-state.tsx'
import { Skeleton } from '../parts/skeleton.tsx'
import { useComparedRange, useSearchParams, useSetSearch } from '../url-state.ts'
import { ApplicationFrame, useApplication } from './application-page.tsx'
import { OperationsTable } from './operations-table.tsx'

/** Every entry operation of the application, of all services or of one. */
export function OperationsPage() {
  const application = useApplication()
  const service = useSearchParams()['service'] ?? ''
  const setSearch = useSetSearch()
  const range = useComparedRange()
  const found = useApi<OperationList>(`/applications/${encodeURIComponent(application)}/operations`, range)
  const all = found.data?.operations ?? []
  const services = [...new Set([...all.map((row) => row.service), ...(service ? [service] : [])])].sort()
  const shown = all.filter((row) => !service || row.service === service)
  return (
    <ApplicationFrame>
      {found.error ? (
        <ErrorState error={found.error} onRetry={() => found.refetch()} />
      ) : !found.data ? (
        <Skeleton height={320} />
      ) : (
        <Card
          title="Operations"
          dimmed={found.dimmed}
          actions={
            <label className="service-filter">
              Service{' '}
              <select
                value={service}
                onChange={(event) => setSearch({ service: event.target.value || undefined })}
              >
                <option value="">all</option>
                {services.map((one) => (
                  <option key={one} value={one}>
                    {one}
                  </option>
                ))}
              </select>
            </label>
          }
        >
          {shown.length === 0 ? (
            <EmptyState title="No operation was called in this time range">
              Choose a longer time range or another service.
            </EmptyState>
          ) : (
            <OperationsTable application={application} operations={shown} />
          )}
        </Card>
      )}
    </ApplicationFrame>
  )
}
