import type { CallDetail } from '@binnacle/collector/api/calls'
import type { EndpointList, EndpointRow } from '@binnacle/collector/api/endpoints'
import { useApi } from '../api.ts'
import { ApplicationFrame, useApplication } from '../applications/application-page.tsx'
import { callColumns } from '../applications/red-columns.tsx'
import { formatPlural } from '../format.ts'
import { AnswerView } from '../parts/answer-view.tsx'
import { Card } from '../parts/card.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { FacetChips, FilterBar } from '../parts/filter-bar.tsx'
import { SidePanel } from '../parts/side-panel.tsx'
import { Spark } from '../parts/spark.tsx'
import { TextFilter } from '../parts/text-filter.tsx'
import { listOf } from '../search-params.ts'
import { TraceLink } from '../traces/trace-links.tsx'
import { useSearchParams, useTimeRange } from '../url-state.ts'
import { CallDetailView } from './call-detail.tsx'
import { endpointFilters } from './call-filters.ts'
import { keyText, matchesText, useOpenRow } from './open-row.ts'
import './calls.css'

/** What the tiers of the application offer, whoever calls it. */
export function EndpointsPage() {
  const application = useApplication()
  const { from, to } = useTimeRange()
  const { open, setOpen } = useOpenRow()
  const answer = useApi<EndpointList>(`/applications/${encodeURIComponent(application)}/endpoints`, {
    from,
    to,
  })
  const [service, protocol, method, name] = open ?? []
  return (
    <ApplicationFrame>
      <AnswerView answer={answer} height={480}>
        {({ endpoints, truncated }) =>
          endpoints.length === 0 ? (
            <EmptyState title="No endpoint was called in this time range">
              Server and consumer spans show up here by route, RPC method or destination. Choose a longer time
              range.
            </EmptyState>
          ) : (
            <Endpoints application={application} endpoints={endpoints} truncated={truncated} />
          )
        }
      </AnswerView>
      {service !== undefined && protocol !== undefined && method !== undefined && name !== undefined && (
        <EndpointPanel
          application={application}
          of={{ service, protocol: protocol as EndpointRow['protocol'], method, name }}
          onClose={() => setOpen(undefined)}
        />
      )}
    </ApplicationFrame>
  )
}

interface EndpointsProps {
  readonly application: string
  readonly endpoints: readonly EndpointRow[]
  readonly truncated: boolean
}

const keyOf = ({ service, protocol, method, name }: EndpointRow) => [service, protocol, method, name]

const facetOf = (values: readonly string[]) =>
  [...Map.groupBy(values, (value) => value)].map(([value, of]) => ({ value, count: of.length }))

function Endpoints({ application, endpoints, truncated }: EndpointsProps) {
  const { q, tier, protocol } = useSearchParams()
  const { openKey, setOpen } = useOpenRow()
  const passes = (chosen: readonly string[], value: string) => chosen.length === 0 || chosen.includes(value)
  const matching = endpoints.filter((row) => matchesText(q, [row.name, row.method, row.service]))
  const shown = matching.filter(
    (row) => passes(listOf(tier), row.service) && passes(listOf(protocol), row.protocol),
  )
  return (
    <Card
      title="Service endpoints"
      hint={`${formatPlural(shown.length, 'endpoint')}, their own time and errors whoever calls them${truncated ? '; there are more' : ''}`}
    >
      <FilterBar>
        <TextFilter label="Endpoint or tier" />
        <FacetChips name="tier" label="Tier" values={facetOf(matching.map((row) => row.service))} />
        <FacetChips name="protocol" label="Protocol" values={facetOf(matching.map((row) => row.protocol))} />
      </FilterBar>
      {shown.length === 0 ? (
        <EmptyState title="No endpoint matches">Change the text, the tiers or the protocols.</EmptyState>
      ) : (
        <DataTable
          rows={shown}
          rowKey={(row) => keyText(keyOf(row))}
          selectedKey={openKey}
          onOpen={(row) => setOpen(keyOf(row))}
          columns={[
            {
              header: 'Endpoint',
              width: 'min(340px, 46vw)',
              sort: (row) => row.name,
              cell: (row) => (
                <span title={`${row.method} ${row.name}`}>
                  {row.protocol === 'http' && <b>{row.method} </b>}
                  {row.name}
                </span>
              ),
            },
            { header: 'Tier', width: 150, sort: (row) => row.service, cell: (row) => row.service },
            {
              header: 'Protocol',
              width: 110,
              sort: (row) => row.protocol,
              cell: (row) => (row.protocol === 'http' ? 'http' : row.method || row.protocol),
            },
            ...callColumns<EndpointRow>((row) => endpointFilters(application, row)),
            {
              header: 'Versions',
              width: 110,
              cell: (row) => <span className="quiet">{row.versions.join(', ') || '–'}</span>,
            },
            {
              header: 'Slowest',
              width: 80,
              cell: (row) => (
                <TraceLink traceId={row.sampleTraceId} aroundMs={row.sampleAtMs}>
                  trace
                </TraceLink>
              ),
            },
            { header: 'Calls over time', width: 110, cell: (row) => <Spark points={row.spark} /> },
          ]}
        />
      )}
    </Card>
  )
}

interface PanelProps {
  readonly application: string
  readonly of: Pick<EndpointRow, 'service' | 'protocol' | 'method' | 'name'>
  readonly onClose: () => void
}

function EndpointPanel({ application, of, onClose }: PanelProps) {
  const { from, to } = useTimeRange()
  const answer = useApi<CallDetail>(`/applications/${encodeURIComponent(application)}/endpoint`, {
    from,
    to,
    ...of,
  })
  return (
    <SidePanel title={`${of.protocol === 'http' ? `${of.method} ` : ''}${of.name}`} onClose={onClose}>
      <AnswerView answer={answer} height={480}>
        {(detail) => (
          <CallDetailView detail={detail} filters={endpointFilters(application, of)} partsTitle="Versions">
            <p className="quiet">
              An endpoint of {of.service}: what it took and how it ended there, whatever it called in turn.
              For what it waits on, open one of its traces.
            </p>
          </CallDetailView>
        )}
      </AnswerView>
    </SidePanel>
  )
}
